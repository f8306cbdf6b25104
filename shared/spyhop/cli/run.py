"""The command that serves on this machine: serve."""

import os

import click

from spyhop.cli import options


@click.command()
@click.argument("model")
@options.channel
@options.root
@click.option("--port", default=8080, show_default=True, help="The port on 127.0.0.1.")
@click.option("--flask", is_flag=True, help="Serve the container's app with Flask alone.")
def serve(model: str, channel: str, root: str, port: int, flask: bool) -> None:
    """Serve MODEL on this machine with Google's functions-framework, as in the cloud.

    With --flask it is the app that containers serve; it also has /metrics.

    \b
    Then, for example:
      curl localhost:8080/metadata
      curl localhost:8080/predict -d '{"instances": [{"age": 41, "region": "north"}]}'
    """
    from spyhop.emulators import door_folder
    from spyhop.emulators.container import flask_command
    from spyhop.emulators.functions_framework import framework_command
    from spyhop.releases import current_release
    from spyhop.stores import open_store

    release = current_release(open_store(root), model, channel)
    click.echo(f"serving {model} {release.version} on http://127.0.0.1:{port}", err=True)
    settings = {"SPYHOP_ROOT": root, "SPYHOP_MODEL": model, "SPYHOP_CHANNEL": channel}
    framework = framework_command(door_folder("gcp_function"), port)
    command = flask_command(port) if flask else framework
    os.execve(command[0], command, {**os.environ, **settings})  # noqa: S606
