"""Options that several commands share."""

from pathlib import Path

import click

root = click.option(
    "--root",
    envvar="SPYHOP_ROOT",
    default=".spyhop",
    show_default=True,
    show_envvar=True,
    help="The store that holds models and releases: s3://…, gs://… or a folder.",
)

channel = click.option(
    "--channel",
    default="production",
    show_default=True,
    help="The name that callers' traffic follows, for example production or production/eu.",
)

features = click.option(
    "--features",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Your feature module: Python that defines features(columns).",
)

allow_pickle = click.option(
    "--allow-pickle",
    is_flag=True,
    help="The bundle may hold a pickle, which runs whatever code it contains.",
)

trusted_types = click.option(
    "--trust-type",
    "trusted_types",
    multiple=True,
    metavar="NAME",
    help="Full name of a type of your own that the pipeline may contain; may be repeated.",
)
