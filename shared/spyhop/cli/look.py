"""Commands that look at a bundle: inspect, predict."""

from pathlib import Path
from typing import BinaryIO

import click

from spyhop.cli import options

BUNDLE = click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))


@click.command()
@BUNDLE
def inspect(bundle: Path) -> None:
    """Show what is in the folder BUNDLE: engine and why, proof, scores, columns, files.

    Every file's digest is checked first; nothing of the model is run.
    """
    from spyhop.bundle import open_folder
    from spyhop.cli.show import show_bundle, show_columns, show_files

    opened = open_folder(bundle)
    show_bundle(opened, bundle)
    show_columns(opened)
    show_files(opened)


@click.command()
@BUNDLE
@click.argument("rows", type=click.File("rb"), default="-")
@options.features
@options.trusted_types
@options.allow_pickle
def predict(
    bundle: Path,
    rows: BinaryIO,
    features: Path | None,
    trusted_types: tuple[str, ...],
    allow_pickle: bool,
) -> None:
    """Answer ROWS (a JSON file, or standard input) with the folder BUNDLE.

    ROWS is {"instances": [row, …]}, as for POST /predict; a row is an object by column name
    or a list in column order.  Prints {"predictions": [answer, …], …}.

    \b
    Example:
      echo '{"instances": [{"age": 41, "region": "north"}]}' | spyhop predict dist/churn
    """
    from spyhop.http import Request, respond
    from spyhop.model import load
    from spyhop.service import Service
    from spyhop.serving import serving_alone

    model = load(bundle, trusted_types=trusted_types, features=features, allow_pickle=allow_pickle)
    reply = respond(
        Service(lambda now: serving_alone(model)), Request("POST", "/predict", body=rows.read())
    )
    click.echo(reply.body)
    if reply.status != 200:
        raise SystemExit(1)
