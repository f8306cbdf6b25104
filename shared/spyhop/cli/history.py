"""Commands that look at a store, and tidy it: releases, versions, prune."""

import click

from spyhop.cli import options


@click.command()
@click.argument("model")
@options.channel
@options.root
def releases(model: str, channel: str, root: str) -> None:
    """Show the journal of the channel: what served, since when, by whom and why."""
    from spyhop.cli.show_releases import show_journal
    from spyhop.releases import nothing_released
    from spyhop.releases import releases as journal
    from spyhop.stores import open_store

    store = open_store(root)
    found = journal(store, model, channel)
    if not found:
        raise nothing_released(store, model, channel)
    show_journal(model, channel, found)


@click.command()
@click.argument("model", required=False)
@options.root
def versions(model: str | None, root: str) -> None:
    """List the versions of MODEL (or of every model) and where each one serves."""
    from spyhop.cli.show_releases import show_versions
    from spyhop.releases import channels, current_release
    from spyhop.stores import open_store
    from spyhop.versions import models
    from spyhop.versions import versions as published

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


@click.command()
@click.argument("model")
@click.option(
    "--keep", default=5, show_default=True, type=click.IntRange(min=0), help="The newest to keep."
)
@click.option("--yes", is_flag=True, help="Remove them; without it nothing is removed.")
@options.root
def prune(model: str, keep: int, yes: bool, root: str) -> None:
    """Remove old versions of MODEL, but none that a channel serves or would go back to."""
    from spyhop.cli.show_releases import show_pruning
    from spyhop.retention import plan_pruning
    from spyhop.retention import prune as remove
    from spyhop.stores import open_store

    store = open_store(root)
    plan = remove(store, model, keep) if yes else plan_pruning(store, model, keep)
    show_pruning(model, plan, done=yes)
