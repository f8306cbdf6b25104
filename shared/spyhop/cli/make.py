"""Commands that make a bundle: train, pack."""

from pathlib import Path
from typing import Any

import click

from spyhop.cli import options
from spyhop.errors import ConfigError


@click.command()
@click.argument("project", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="The bundle's folder [dist/NAME].")
def train(project: Path, out: Path | None) -> None:
    """Fit, evaluate and pack what the file PROJECT defines.

    \b
    PROJECT is Python that defines
      name = "whales"        the model's name
      target = "kind"        the column to predict
      def data(): …          a DataFrame with the target and every feature
      def pipeline(): …      the unfitted scikit-learn pipeline
      test_share = 0.25      the held-out share of the rows (optional)
      seed = 0               of the split (optional)
      features = "f.py"      a feature module beside PROJECT (optional)

    The bundle is proved on the held-out rows.  A training score far above the test score
    beside it means that the model has learnt its table by heart.
    """
    from spyhop.cli.show import show_bundle, working
    from spyhop.train import read_project
    from spyhop.train import train as fit_and_pack

    defined = read_project(project)
    folder = out or Path("dist") / defined.name
    with working("reading") as tell:
        bundle = fit_and_pack(defined, folder, tell)
    show_bundle(bundle, folder)


@click.command()
@click.argument("model", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", required=True, help="The model's name in stores and URLs.")
@click.option(
    "--train",
    "train_file",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="The table it was fitted on, target included: CSV.",
)
@click.option(
    "--test",
    "test_file",
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="A held-out table with the same columns.",
)
@click.option("--target", required=True, help="The column that the model predicts.")
@click.option("--out", type=click.Path(path_type=Path), help="The bundle's folder [dist/NAME].")
@click.option(
    "--trust-pickle", is_flag=True, help="Yes, run whatever code MODEL contains. Needed; see below."
)
@options.features
@options.trusted_types
@options.allow_pickle
def pack(
    model: Path,
    name: str,
    train_file: Path,
    test_file: Path,
    target: str,
    out: Path | None,
    trust_pickle: bool,
    features: Path | None,
    trusted_types: tuple[str, ...],
    allow_pickle: bool,
) -> None:
    """Pack a fitted pipeline of your own from MODEL, a joblib file.

    joblib files are pickles: opening one runs whatever code it contains, with your rights.
    That is why --trust-pickle is asked for.  Give it only for a file you or your colleagues
    wrote.  The bundle that comes out holds no pickle, unless --allow-pickle is given and
    nothing else can hold the pipeline.
    """
    if not trust_pickle:
        raise ConfigError(
            f"{model} is a pickle, and opening a pickle runs whatever code it contains. If you "
            "know who wrote it, say so: --trust-pickle"
        )
    import joblib

    from spyhop.cli.show import show_bundle, working
    from spyhop.packing import pack as write_bundle

    folder = out or Path("dist") / name
    with working("packing and proving"):
        bundle = write_bundle(
            joblib.load(model),
            name=name,
            train=_labelled_table(train_file, target),
            test=_labelled_table(test_file, target),
            out=folder,
            trusted_types=trusted_types,
            features=features,
            allow_pickle=allow_pickle,
        )
    show_bundle(bundle, folder)


def _labelled_table(path: Path, target: str) -> tuple[Any, Any]:
    import pandas as pd

    table = pd.read_csv(path)
    if target not in table.columns:
        raise ConfigError(
            f'{path} has no column "{target}". It has: {", ".join(map(str, table.columns))}'
        )
    return table.drop(columns=target), table[target]
