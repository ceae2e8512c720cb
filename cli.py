"""The `mvsearch` command line: mounts the commands and runs them."""

from typing import Annotated

import typer

from mvsearch.search.commands import (
    compose,
    encoders,
    evaluate,
    export,
    index,
    library,
    mix,
    mood,
    play,
    report,
    search,
    serve,
    workers,
)
from mvsearch.search.commands.feedback import refine, sessions
from mvsearch.search.commands.installation import config, models, plugins
from mvsearch.search.commands.lyrics import command as lyrics
from mvsearch.search.commands.metrics.pairs import metric_app
from mvsearch.search.commands.options.configuration import apply_settings
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.verbosity import (
    LogFormatOption,
    QuietOption,
    VerboseOption,
    let_commands_log,
)
from mvsearch.search.commands.process import describe_version, end_process, run_app
from mvsearch.search.commands.train.group import app as train_app
from mvsearch.search.commands.upkeep import copy, doctor, watch

app = typer.Typer(
    name="mvsearch",
    help="Search a folder of music videos by picture, clip, sound, lyric line or words.",
    invoke_without_command=True,
    epilog=show_examples("mvsearch"),
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (
    index,
    search,
    refine,
    mix,
    play,
    serve,
    report,
    evaluate,
    compose,
    mood,
    lyrics,
    library,
    plugins,
    watch,
    doctor,
    copy,
):
    app.add_typer(commands.app)
app.add_typer(models.app, name="models")
app.add_typer(config.app, name="config")
app.add_typer(export.app, name="export")
app.add_typer(train_app, name="train")
app.add_typer(encoders.app, name="encoders")
app.add_typer(workers.app, name="workers")
app.add_typer(sessions.app, name="sessions")
app.add_typer(metric_app, name="metric")
let_commands_log(app)


@app.callback()
def begin(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    verbose: VerboseOption = 0,
    quiet: QuietOption = False,
    log_format: LogFormatOption = None,
) -> None:
    """Answer what needs no command."""
    if version:
        typer.echo(describe_version())
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
    elif context.invoked_subcommand != "config":
        apply_settings(context)


def main() -> None:
    """Run the command line, and end the process."""
    end_process(run_app(app))


if __name__ == "__main__":
    main()
