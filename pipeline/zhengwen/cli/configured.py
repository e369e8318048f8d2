"""Commands whose options may be set elsewhere: in the environment as ``ZHENGWEN_…``, or in a file of settings."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from zhengwen import configuration
from zhengwen.configuration import KEYS, Configuration
from zhengwen.excludes import Excludes
from zhengwen.readers import Source
from zhengwen.repository import common_parent

_META = "zhengwen.configuration"
PARAMETERS = {"format": "form", "dedup": "copies"}
"""Names of the parameters that do not bear the name of their key."""
_YES = ("1", "true", "t", "yes", "y", "on")
_SET_HERE = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)


def parameter(key: str) -> str:
    """The name of the parameter that a key sets."""
    return PARAMETERS.get(key, key.replace("-", "_"))


def variable(key: str) -> str:
    """The name of the environment variable that sets a key."""
    return f"ZHENGWEN_{key.replace('-', '_').upper()}"


class Configured(click.Command):
    """A command with an argument ``paths``: the settings are those of the folder that holds all of them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += [_hidden(option) for option in _OWN]
        for key in (*KEYS, "no-exclude"):
            for param in self.params:
                if param.name == parameter(key):
                    param.envvar = variable(key)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads the file of settings before anything is decided. Raises `ConfigurationError`."""
        said, _, _ = self.make_parser(ctx).parse_args(list(args))
        asked = self.get_help_option(ctx)
        if not (asked and asked.name in said):
            found = _read(said)
            ctx.meta[_META] = found
            ctx.default_map = {parameter(key): value for key, value in found.values.items()}
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as e:
            name = e.param.envvar if e.param else None
            if e.param and isinstance(name, str) and name in os.environ and not isinstance(said.get(e.param.name), str):
                said_so = f"{e.message} (set by the environment variable {name})"
                raise click.BadParameter(said_so, ctx, e.param, e.param_hint) from None
            raise


_OWN: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (
        ("--exclude",),
        {"multiple": True, "metavar": "PATTERN", "help": "Leave out paths, as in .gitignore; repeatable."},
    ),
    (
        ("--respect-gitignore/--no-respect-gitignore",),
        {"default": True, "help": "Whether to leave out what git ignores.", "show_default": True},
    ),
    (("--no-exclude",), {"is_flag": True, "help": "Read everything named, whatever is excluded or ignored."}),
    (("--config",), {"type": click.Path(path_type=Path), "help": "File of settings in place of the nearest one."}),
    (("--no-config",), {"is_flag": True, "help": "Read no file of settings."}),
)
"""Options of every such command; their values are found in the context's ``meta``."""


def _hidden(option: tuple[tuple[str, ...], dict[str, Any]]) -> click.Option:
    """An option whose value is kept in the context and not handed to the command's function."""

    def keep(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        ctx.meta[f"{_META}.{param.name}"] = value
        return value

    names, settings = option
    return click.Option(list(names), expose_value=False, callback=keep, **settings)


def _read(said: dict[str, Any]) -> Configuration:
    """The configuration for arguments as the parser leaves them: strings, or anything else where nothing was said."""
    if said.get("no_config") is True or os.environ.get(variable("no-config"), "").lower() in _YES:
        return Configuration()
    given = said.get("config")
    named = given if isinstance(given, str) else os.environ.get(variable("config"))
    paths = said.get("paths")
    file = Path(named) if named else configuration.find(common_parent(paths if isinstance(paths, tuple) else ()))
    return configuration.read(file) if file else Configuration()


def current() -> Configuration:
    """The configuration of the command that runs."""
    found: Configuration = click.get_current_context().meta[_META]
    return found


def value(key: str) -> Any:
    """The value of an option that every such command has."""
    return click.get_current_context().meta[f"{_META}.{parameter(key)}"]


def excludes() -> Excludes | None:
    """What the settings leave out; None if everything is read. Patterns of a file count from its folder."""
    if value("no-exclude"):
        return None
    from_file = click.get_current_context().get_parameter_source(parameter("exclude")) == ParameterSource.DEFAULT_MAP
    folder = current().folder if from_file else Path.cwd()
    return Excludes(value("exclude"), folder, gitignore=value("respect-gitignore"))


def source(key: str) -> str:
    """Where the value of a key comes from, in words."""
    where = click.get_current_context().get_parameter_source(parameter(key))
    if where == ParameterSource.COMMANDLINE:
        return "command line"
    if where == ParameterSource.ENVIRONMENT:
        return variable(key)
    return str(current().file) if where == ParameterSource.DEFAULT_MAP else "default"


def rules(keys: Sequence[str]) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    """Patterns and what they set of these keys, as far as neither command line nor environment does."""
    context = click.get_current_context()
    free = [key for key in keys if context.get_parameter_source(parameter(key)) not in _SET_HERE]
    return [
        (entry.paths, changed)
        for entry in current().per_path
        if (changed := {key: value for key, value in entry.values.items() if key in free})
    ]


def tailored(values: dict[str, Any]) -> Callable[[Source], dict[str, Any]]:
    """The values for each path: those given, unless the file sets others for it; of several entries the last decides.

    What the command line or the environment says holds for every path.
    """
    entries = rules(tuple(values))
    if not entries:
        return lambda _: values
    from zhengwen.patterns import Patterns

    matchers = [(Patterns(current().folder, paths), changed) for paths, changed in entries]

    def of(source: Source) -> dict[str, Any]:
        merged = dict(values)
        for patterns, changed in matchers:
            if source.path and patterns.match(source.path):
                merged |= changed
        return merged

    return of
