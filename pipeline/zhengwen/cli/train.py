"""``zhengwen train``: a model from labelled articles."""

import os
from pathlib import Path

import click

from zhengwen.cli.shared import progress
from zhengwen.errors import OutputError
from zhengwen.model import CARD, save


@click.command("train")
@click.argument("labels", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="Folder to write the model to.")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="Processes; all cores by default.")
@click.option("--overwrite", is_flag=True, help="Replace a model that stands there already.")
def command(labels: tuple[Path, ...], output: Path, jobs: int, overwrite: bool) -> int:
    """Train a model from labelled articles.

    LABELS are .jsonl files, or folders of them, in doccano's span format: {"id", "source", "text", "label": [[start,
    end, kind], ...]}. Prints figures of a four-fold cross-validation grouped by source, then fits on everything.
    """
    _check_output(output, overwrite)
    from zhengwen.reports.figures import table
    from zhengwen.training.labels import read_labels
    from zhengwen.training.validation import STEPS_OF_TRAINING, train

    samples = read_labels(labels)
    with progress(STEPS_OF_TRAINING, "step", slow=True) as bar:
        trained, validation = train(samples, jobs=jobs, tick=bar.update)
    save(trained, output)
    tallies = [(samples[n].source, t) for n, t in sorted(validation.tallies.items())]
    click.echo(f"Cross-validation in {trained.card['cross_validation']['folds']} folds by source")
    for line in table(tallies, by_source=False):
        click.echo(line)
    click.echo(f"Model written to {output}")
    return 0


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
