"""The command line: thin commands over the use cases, one module a part of a model's life.

Everything heavy is imported inside the command that needs it, so that help comes at once.
"""

from typing import Any

import click

from spyhop.cli.history import prune, releases, versions
from spyhop.cli.keys import keys
from spyhop.cli.look import inspect, predict
from spyhop.cli.make import pack, train
from spyhop.cli.release import canary, promote, publish, rollback, shadow
from spyhop.cli.run import serve
from spyhop.errors import SpyhopError


class _Commands(click.Group):
    """Shows spyhop's own errors as messages, in the order of a model's life."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SpyhopError as error:
            raise click.ClickException(str(error)) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="spyhop")
def main() -> None:
    """Put a fitted scikit-learn pipeline into serverless production, proved.

    \b
    A model's life:
      spyhop train project.py --out dist/whales       fit, prove, pack
      spyhop inspect dist/whales                      what is in it
      spyhop publish dist/whales                      into the store
      spyhop promote whales VERSION --why "first"     make it serve
      spyhop rollback whales --why "recall fell"      go back
      spyhop serve whales                             try it on this machine
    """


for command in (
    *(train, pack, inspect, predict),
    *(publish, promote, rollback, canary, shadow),
    *(versions, releases, prune, keys, serve),
):
    main.add_command(command)
