"""Commands that release: publish, promote, rollback, canary, shadow."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from spyhop.cli import options

if TYPE_CHECKING:
    from spyhop.core.journal import Release
    from spyhop.promotion import Channel

MODEL = click.argument("model")
WHY = click.option("--why", default="", help="The reason, kept in the journal.")


@click.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@options.root
@options.features
@options.trusted_types
@options.allow_pickle
@click.option(
    "--sign-with",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A private key from spyhop keys new; its signature goes with the version.",
)
def publish(
    bundle: Path,
    root: str,
    features: Path | None,
    trusted_types: tuple[str, ...],
    allow_pickle: bool,
    key_file: Path | None,
) -> None:
    """Copy the folder BUNDLE into the store, as a version that never changes.

    It is loaded and answers its golden rows first; one that cannot serve is not published.
    Nothing serves it yet: see spyhop promote.  Publishing again finishes a broken upload, or
    adds a signature.
    """
    from spyhop.bundle import open_folder
    from spyhop.deployment import deployment
    from spyhop.publishing import publish as copy_into_store
    from spyhop.stores import open_store

    store = open_store(root)
    signer = None
    if key_file is not None:
        from spyhop.keys import read_key  # the only one that needs cryptography

        signer = read_key(key_file)
    brought = deployment(trusted_types, features, allow_pickle)
    version = copy_into_store(store, bundle, brought, signer)
    click.echo(f"published {version} to {store.url}")
    click.echo(f"make it serve: spyhop promote {open_folder(bundle).name} {version} --root {root}")


@click.command()
@MODEL
@click.argument("version")
@options.channel
@options.root
@WHY
def promote(model: str, version: str, channel: str, root: str, why: str) -> None:
    """Make VERSION of MODEL the one that the channel serves.

    Adds one entry to the channel's journal, with who, when and why.  If someone else promotes
    at the same moment, one of you gets an error and the channel is what the other said.
    """
    _tell(model, channel, _open(root, model, channel).promote(version, why))


@click.command()
@MODEL
@options.channel
@options.root
@WHY
def rollback(model: str, channel: str, root: str, why: str) -> None:
    """Return the channel to what served before its newest release.

    Once more goes back once further.  It is one more entry in the journal: nothing is lost.
    """
    _tell(model, channel, _open(root, model, channel).rollback(why))


@click.command()
@MODEL
@click.argument("version")
@click.option("--weight", required=True, type=int, help="Percent of the callers, 1 to 99.")
@options.channel
@options.root
@WHY
def canary(model: str, version: str, weight: int, channel: str, root: str, why: str) -> None:
    """Let VERSION answer a part of the callers, beside what serves now.

    Who sends the header x-spyhop-key stays with one version; a weight that grows keeps the
    callers it had.  End it with spyhop promote or spyhop rollback.
    """
    _tell(model, channel, _open(root, model, channel).canary(version, weight, why))


@click.command()
@MODEL
@click.argument("version", required=False)
@click.option("--off", is_flag=True, help="End the shadow.")
@options.channel
@options.root
@WHY
def shadow(model: str, version: str | None, off: bool, channel: str, root: str, why: str) -> None:
    """Let VERSION see the same rows as what serves, and answer nobody.

    Its answers are captured beside those that were given.
    """
    if (version is None) != off:
        raise click.UsageError("name a VERSION, or end the shadow with --off")
    _tell(model, channel, _open(root, model, channel).shadow(version, why))


def _open(root: str, model: str, channel: str) -> "Channel":
    from spyhop.promotion import Channel
    from spyhop.stores import open_store

    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Channel(open_store(root), model, channel, by=getpass.getuser(), at=now)


def _tell(model: str, channel: str, release: "Release") -> None:
    serves = ", ".join(f"{version} {weight} %" for version, weight in release.weights.items())
    beside = f", shadow {release.shadow}" if release.shadow else ""
    click.echo(f"release {release.number} of {model} in {channel}: {serves}{beside}")
