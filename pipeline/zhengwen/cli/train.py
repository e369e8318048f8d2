"""``zhengwen train``: a model from labelled articles."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhengwen.cli.local import LocalPath
from zhengwen.cli.shared import offsets_option, progress
from zhengwen.errors import OutputError
from zhengwen.model import CARD, save

if TYPE_CHECKING:
    from zhengwen.training.labels import Labelled


@click.command("train")
@click.argument("labels", nargs=-1, required=True, type=LocalPath())
@click.option("-o", "--output", type=LocalPath(), help="Folder to write the model to.")
@click.option("--base", metavar="MODEL", help="Adapt this model to LABELS: a folder, or `default` for the shipped one.")
@click.option(
    "--on", multiple=True, metavar="PATH", help="With --base: show what flips in a cleaned folder, or articles."
)
@click.option("--min-f1", type=click.FloatRange(0, 1), help="With --base: least f1 on articles held out of LABELS.")
@click.option(
    "--max-loss",
    type=click.FloatRange(0, 100),
    default=0.5,
    show_default=True,
    metavar="POINTS",
    help="With --base: most that a figure on the reference articles may fall by.",
)
@click.option("--check-only", is_flag=True, help="With --base: list labels to look at; exit code 1 if there are any.")
@click.option("--report", type=LocalPath(), help="With --base: write all that is shown as JSON.")
@offsets_option
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes; all cores by default.")
@click.option("--overwrite", is_flag=True, help="Replace a model that stands there already.")
def command(
    labels: tuple[Path, ...],
    output: Path | None,
    base: str | None,
    on: tuple[str, ...],
    min_f1: float | None,
    max_loss: float,
    check_only: bool,
    report: Path | None,
    offsets: str,
    jobs: int,
    overwrite: bool,
) -> int:
    """Train a model from labelled articles, or adapt one to corrections with --base.

    LABELS are .jsonl or .json files, or folders of them: doccano's span format, {"id", "source", "text", "label":
    [[start, end, kind], ...]}, or exports of doccano or Label Studio. Without --base, prints figures of a four-fold
    cross-validation grouped by source, then fits on everything. With --base, learns from a few corrected articles in
    seconds, shows figures before and after and what flips, and writes no model that is worse on the reference articles.
    """
    _check_usage(output, base, check_only, {"--on": bool(on), "--min-f1": min_f1 is not None, "--report": bool(report)})
    if output:
        _check_output(output, overwrite)
    from zhengwen.training.labels import read_labels

    samples = read_labels(labels, offsets)
    if base is not None:
        from zhengwen.cli.adapting import DEFAULT, Asked, run

        folder = None if base == DEFAULT else Path(base)
        return run(samples, Asked(folder, output, on, min_f1, max_loss, check_only, report))
    if output:
        _train(samples, output, jobs)
    return 0


def _train(samples: "Sequence[Labelled]", output: Path, jobs: int) -> None:
    from zhengwen.reports.figures import table
    from zhengwen.training.validation import STEPS_OF_TRAINING, train

    with progress(STEPS_OF_TRAINING, "model", slow=True) as bar:
        trained, validation = train(samples, jobs=jobs, tick=bar.update)
    save(trained, output)
    tallies = [(samples[n].source, t) for n, t in sorted(validation.tallies.items())]
    click.echo(f"Cross-validation in {trained.card['cross_validation']['folds']} folds by source")
    for line in table(tallies, by_source=False):
        click.echo(line)
    click.echo(f"Model written to {output}")


def _check_usage(output: Path | None, base: str | None, check_only: bool, of_base: Mapping[str, bool]) -> None:
    """of_base: options that need ``--base``, and whether they were given."""
    if base is None:
        for name in (*(n for n, given in of_base.items() if given), *(["--check-only"] if check_only else [])):
            raise click.UsageError(f"{name} says what --base may do; add --base default, or leave {name} out")
    if not output and not check_only:
        raise click.UsageError("say where to write the model with -o FOLDER")


def _check_output(output: Path, overwrite: bool) -> None:
    if output.is_dir() and any(output.iterdir()):
        if not (output / CARD).exists():
            raise OutputError(f"{output}: the folder holds other things than a model; choose another one")
        if not overwrite:
            raise OutputError(f"{output}: holds a model already; choose another folder or add --overwrite")
    elif output.exists() and not output.is_dir():
        raise OutputError(f"{output}: is a file; name a folder for the model")
    if output.resolve() == Path.cwd():
        raise OutputError(f"{output}: is the folder that you stand in; name another one for the model")
    nearest = next(p for p in output.resolve().parents if p.exists())
    if not os.access(nearest, os.W_OK):
        raise OutputError(f"{output}: cannot be made, {nearest} may not be written to")
