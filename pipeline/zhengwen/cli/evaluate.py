"""``zhengwen evaluate``: how well a model does on labelled articles."""

import json
from pathlib import Path

import click

from zhengwen.cli.local import LocalPath
from zhengwen.cli.shared import level_option, model_option, progress
from zhengwen.errors import LabelError
from zhengwen.model import load
from zhengwen.reports.figures import table
from zhengwen.training.evaluation import figures
from zhengwen.training.labels import read_labels
from zhengwen.training.measuring import measure


@click.command("evaluate")
@click.argument("labels", nargs=-1, required=True, type=LocalPath())
@click.option("--json", "as_json", is_flag=True, help="Print the figures of all articles as one JSON object.")
@level_option
@model_option
def command(labels: tuple[Path, ...], as_json: bool, level: str | None, model: Path | None) -> int:
    """Measure a model on labelled articles.

    Prints the figures of all articles, by kind and by source. Articles of which only a window is labelled are left
    out. Figures on articles that the model was trained on say nothing about others.
    """
    samples = [s for s in read_labels(labels) if s.windows is None]
    if not samples:
        raise LabelError("the labels cover windows only; evaluation needs articles labelled as a whole")
    with progress(len(samples), "article") as bar:
        found = measure(load(model).at(level or ""), samples, bar.update)
    tallies = [(s.source, t) for s, t in zip(samples, found, strict=True)]
    if as_json:
        click.echo(json.dumps(figures([t for _, t in tallies]).as_dict()))
    else:
        for line in table(tallies, by_source=True):
            click.echo(line)
    return 0
