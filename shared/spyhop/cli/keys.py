"""Commands for signing keys: keys new, keys show."""

from pathlib import Path

import click


@click.group()
def keys() -> None:
    """Make and show the keys that sign what is published."""


@keys.command()
@click.argument("file", type=click.Path(path_type=Path))
def new(file: Path) -> None:
    """Write a new private key to FILE, and print the public one.

    Keep FILE as you keep a password.  Set what is printed as SPYHOP_TRUSTED_KEYS on the
    functions: they then serve only what was published with --sign-with FILE.
    """
    from spyhop.keys import new_key
    from spyhop.signatures import key_text

    click.echo(key_text(new_key(file).public_key))


@keys.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def show(file: Path) -> None:
    """Print the public key that belongs to the private key in FILE."""
    from spyhop.keys import read_key
    from spyhop.signatures import key_text

    click.echo(key_text(read_key(file).public_key))
