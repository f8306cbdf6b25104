"""Commands that release: publish, promote, versions."""

import getpass
from datetime import UTC, datetime
from pathlib import Path

import click

from spyhop.cli import options


@click.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@options.root
@options.features
@options.trusted_types
def publish(bundle: Path, root: str, features: Path | None, trusted_types: tuple[str, ...]) -> None:
    """Copy the folder BUNDLE into the store, as a version that never changes.

    It is loaded and answers its golden rows first; one that cannot serve is not published.
    Nothing serves it yet: see spyhop promote.  Publishing again finishes a broken upload.
    """
    from spyhop.bundle import open_folder
    from spyhop.deployment import deployment
    from spyhop.releases import publish as copy_into_store
    from spyhop.stores import open_store

    store = open_store(root)
    version = copy_into_store(store, bundle, deployment(trusted_types, features))
    click.echo(f"published {version} to {store.url}")
    click.echo(f"make it serve: spyhop promote {open_folder(bundle).name} {version} --root {root}")


@click.command()
@click.argument("model")
@click.argument("version")
@options.channel
@options.root
@click.option("--why", default="", help="The reason, kept in the journal.")
def promote(model: str, version: str, channel: str, root: str, why: str) -> None:
    """Make VERSION of MODEL the one that the channel serves.

    Adds one entry to the channel's journal, with who, when and why.  If someone else promotes
    at the same moment, one of you gets an error and the channel is what the other said.
    """
    from spyhop.releases import promote as add_release
    from spyhop.stores import open_store

    release = add_release(
        open_store(root),
        model,
        version,
        channel,
        by=getpass.getuser(),
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        why=why,
    )
    click.echo(f"release {release.number} of {model} in {channel}: {version}")


@click.command()
@click.argument("model", required=False)
@options.root
def versions(model: str | None, root: str) -> None:
    """List the versions of MODEL (or of every model) and where each one serves."""
    from spyhop.cli.show import show_versions
    from spyhop.releases import channels, current_release, models
    from spyhop.releases import versions as published
    from spyhop.stores import open_store

    store = open_store(root)
    names = models(store) if model is None else [model]
    if not any(published(store, name) for name in names):
        raise click.ClickException(
            f"no version of {model or 'any model'} in {store.url}. "
            "Publish one: spyhop publish BUNDLE"
        )
    for name in names:
        serving = {c: current_release(store, name, c) for c in channels(store, name)}
        show_versions(name, published(store, name), serving)
