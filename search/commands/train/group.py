"""The group of the commands that train."""

import typer

from mvsearch.search.commands.options.common import require_command
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.train import audiovisual, compose, mood, runs, songs

app = typer.Typer(
    help="Train encoders and heads on the own library.", epilog=show_examples("train")
)
app.callback(invoke_without_command=True)(require_command)
for commands in (songs, audiovisual, compose, mood, runs):
    app.add_typer(commands.app)
