"""``zhengwen restore``: the originals, or one passage, from a cleaned folder and its ledger."""

from pathlib import Path

import click

from zhengwen.cli.engines import Engines, engine_options
from zhengwen.cli.shared import Place
from zhengwen.errors import OutputError
from zhengwen.keeplist import KEEP_LIST, add
from zhengwen.ledger.store import LISTED, Ledger, opened
from zhengwen.reports.findings import excerpt, graded
from zhengwen.reports.summary import counted
from zhengwen.reports.terminal import harmless, harmless_line
from zhengwen.restoring import lines_of, put_back, restore


@click.command("restore")
@click.argument("folder", metavar="DIR", type=Place())
@click.option("-o", "--output", type=Place(), help="Folder, or URL, to write the originals to.")
@click.option("--passage", metavar="ID", help="Put one removed passage back into its cleaned article, and keep it.")
@click.option(
    "--keep-list",
    type=click.Path(path_type=Path),
    help=f"With --passage: also add it to this list of kept passages, e.g. the {KEEP_LIST} beside the inputs.",
)
@click.option("--list", "listing", is_flag=True, help="Print the removed passages with their ids.")
@click.option("--overwrite", is_flag=True, help="Replace files in the output that are not the originals.")
@engine_options
def command(
    folder: Path | str,
    output: Path | str | None,
    passage: str | None,
    keep_list: Path | None,
    listing: bool,
    overwrite: bool,
    jobs: int | None,
    engine: str,
    ray_address: str | None,
) -> int:
    """Give back what `clean` took from the articles in DIR.

    DIR may be a URL. With -o, writes every input byte for byte, also those left out.
    `restore DIR -o DIR --overwrite` undoes `clean DIR --in-place`.
    """
    if sum((output is not None, passage is not None, listing)) != 1:
        raise click.UsageError("say what to give back: -o FOLDER for all originals, --passage ID, or --list")
    if keep_list and not passage:
        raise click.UsageError("--keep-list takes what --passage puts back; name a passage, or leave --keep-list out")
    if isinstance(folder, str) or isinstance(output, str) or (folder / LISTED).is_file():
        if output is None:
            raise click.UsageError("of a cleaned store only all originals can be given back; add -o")
        from zhengwen.cli import remote

        return remote.restore(folder, output, Engines(jobs, engine, ray_address), overwrite=overwrite)
    if output and output.resolve() != folder.resolve() and folder.resolve() in output.resolve().parents:
        raise OutputError(f"{output}: lies inside of {folder}; choose a folder outside of it")
    with opened(folder) as ledger:
        if passage:
            back = put_back(ledger, folder, passage)
            _say(f"{back.path}: passage {passage} is back, and stays when it is cleaned again")
            if keep_list:
                add(keep_list, {back.mark: excerpt(back.text.strip())})
        elif output:
            return _restore(ledger, folder, output, overwrite=overwrite)
        else:
            _list(ledger, folder)
    return 0


def _restore(ledger: Ledger, folder: Path, output: Path, *, overwrite: bool) -> int:
    given = faults = 0
    for fault in restore(ledger, folder, output, overwrite=overwrite):
        given += fault is None
        if fault:
            faults += 1
            click.echo(f"zhengwen: error: {harmless(str(fault))}", err=True)
    told = counted(given, "original")
    _say(f"{told} in {output}" + (f", {faults:,} could not be given back, see above" if faults else ""))
    return 2 if faults else 0


def _list(ledger: Ledger, folder: Path) -> None:
    for recorded in ledger.articles():
        entry = recorded.entry
        lines = lines_of(entry, folder) if entry.passages else ()
        for p, line in zip(entry.passages, lines, strict=True):
            text = "".join(c.text for c in entry.cuts if c.passage == p.id)
            place = harmless(f"{entry.key[0]}:{line or '?'}")
            click.echo(f"{p.id} {place} {p.kind or 'blank'} {graded(p.score)} {excerpt(text.strip())}")


def _say(message: str) -> None:
    if not click.get_current_context().obj["quiet"]:
        click.echo(harmless_line(message), err=True)
