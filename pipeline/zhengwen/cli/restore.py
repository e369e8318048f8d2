"""``zhengwen restore``: the originals, or one passage, from a cleaned folder and its ledger."""

from pathlib import Path

import click

from zhengwen.errors import OutputError
from zhengwen.keeplist import KEEP_LIST, add
from zhengwen.ledger.store import Ledger, opened
from zhengwen.reports.findings import excerpt
from zhengwen.reports.terminal import harmless, harmless_line
from zhengwen.restoring import put_back, restore


@click.command("restore")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder to write the originals to.")
@click.option("--passage", metavar="ID", help="Put one removed passage back into its cleaned article, and keep it.")
@click.option(
    "--keep-list",
    type=click.Path(path_type=Path),
    help=f"With --passage: also add it to this list of kept passages, e.g. the {KEEP_LIST} beside the inputs.",
)
@click.option("--list", "listing", is_flag=True, help="Print the removed passages with their ids.")
@click.option("--overwrite", is_flag=True, help="Replace files in the output that are not the originals.")
def command(
    folder: Path, output: Path | None, passage: str | None, keep_list: Path | None, listing: bool, overwrite: bool
) -> int:
    """Give back what `clean` took from the articles in DIR.

    With -o, writes every input byte for byte, also those left out. `restore DIR -o DIR --overwrite` undoes
    `clean DIR --in-place`.
    """
    if sum((output is not None, passage is not None, listing)) != 1:
        raise click.UsageError("say what to give back: -o FOLDER for all originals, --passage ID, or --list")
    if keep_list and not passage:
        raise click.UsageError("--keep-list takes what --passage puts back; name a passage, or leave --keep-list out")
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
            _list(ledger)
    return 0


def _restore(ledger: Ledger, folder: Path, output: Path, *, overwrite: bool) -> int:
    given = faults = 0
    for fault in restore(ledger, folder, output, overwrite=overwrite):
        given += fault is None
        if fault:
            faults += 1
            click.echo(f"zhengwen: error: {harmless(str(fault))}", err=True)
    _say(f"{given:,} originals in {output}" + (f", {faults:,} could not be given back, see above" if faults else ""))
    return 2 if faults else 0


def _list(ledger: Ledger) -> None:
    for recorded in ledger.articles():
        for p in recorded.entry.passages:
            text = "".join(c.text for c in recorded.entry.cuts if c.passage == p.id)
            path = harmless(recorded.entry.key[0])
            click.echo(f"{p.id} {path}:{p.start} {p.kind or 'blank'} {p.score:.2f} {excerpt(text.strip())}")


def _say(message: str) -> None:
    if not click.get_current_context().obj["quiet"]:
        click.echo(harmless_line(message), err=True)
