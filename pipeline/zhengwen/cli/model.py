"""``zhengwen model``: what a model is, and whether it is whole."""

import json
from pathlib import Path

import click

from zhengwen.model import default_path, load


@click.group("model")
def command() -> None:
    """Show or verify a model."""


@command.command("info")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the card as it is stored.")
def info(folder: Path | None, as_json: bool) -> int:
    """Show where a model comes from: data, figures, date, size, hash."""
    card = load(folder).card
    if as_json:
        click.echo(json.dumps(card, ensure_ascii=False, indent=2))
        return 0
    where = folder or default_path()
    size = sum(f.stat().st_size for f in where.iterdir() if f.is_file())
    data, figures = card["data"], card["cross_validation"]
    click.echo(f"model        {where}")
    click.echo(f"hash         {card['fingerprint']}")
    click.echo(f"trained      {card['trained']}, format {card['format']}")
    if adapted := card.get("adapted"):
        click.echo(
            f"adapted      to {adapted['articles']:,} corrected articles; data and figures are those of its base"
        )
    click.echo(f"size         {size / 1e6:.1f} MB in {len(card['files']) + 1} files")
    articles = f"{data['articles']:,} articles and {data['windows']:,} windows"
    click.echo(f"data         {articles} of {data['sources']:,} sources")
    click.echo("labels       " + ", ".join(f"{n:,} {kind}" for kind, n in data["spans"].items()))
    decoder = ", ".join(f"{name} {value:g}" for name, value in card["decoder"].items())
    click.echo(f"decoder      {decoder}")
    how = f"{figures['folds']}-fold cross-validation by {figures['grouped_by']}"
    click.echo(f"figures      {how}, {figures['documents']:,} articles")
    for name in ("mixed_f1", "passages", "false_100", "retention", "intact", "adverts", "kind"):
        click.echo(f"  {name:<11}{figures[name]}")
    return 0


@command.command("verify")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
def verify(folder: Path | None) -> int:
    """Check every file of a model against the card, and the card against its own hash."""
    model = load(folder)
    click.echo(f"{folder or default_path()}: whole, {model.fingerprint}")
    return 0
