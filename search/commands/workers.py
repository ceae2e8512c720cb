"""The commands of the machines that index runs can use: `mvsearch workers start`."""

from typing import Annotated

import typer

from mvsearch.search.commands.options.common import require_command
from mvsearch.search.commands.options.examples import show_examples
from mvsearch.search.commands.options.observing import MetricsOption, pass_on
from mvsearch.search.output.terminal import make_console
from mvsearch.store.errors import MvsearchError

app = typer.Typer(
    help="Machines of a Ray cluster, which decode and encode for `mvsearch index --on`.",
    epilog=show_examples("workers"),
)
app.callback(invoke_without_command=True)(require_command)

Port = Annotated[int, typer.Option(min=1, max=65535, help="With --head: port for other nodes.")]
ClientPort = Annotated[
    int, typer.Option(min=1, max=65535, help="With --head: port for index runs elsewhere.")
]


@app.command("start", epilog=show_examples("workers start"))
def start_worker_node(
    head: Annotated[bool, typer.Option("--head", help="Begin a cluster.")] = False,
    join: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Join the cluster of this head.")
    ] = None,
    host: Annotated[
        str | None, typer.Option(metavar="IP", help="Address of this machine for the others.")
    ] = None,
    port: Port = 6379,
    client_port: ClientPort = 10001,
    cpus: Annotated[int | None, typer.Option(min=0, help="Cores to offer; default: all.")] = None,
    gpus: Annotated[int | None, typer.Option(min=0, help="GPUs to offer; default: all.")] = None,
    metrics: MetricsOption = None,
) -> None:
    """Turn this process into a node of a Ray cluster, until it is ended.

    All nodes have the same token, mvsearch and weights, and see the media under the same path,
    unless runs have --upload.
    """
    from mvsearch.search.api.nodes import NodeOptions, start_node

    if head == (join is not None):
        raise MvsearchError("name either --head or --join HOST:PORT")
    pass_on(metrics)
    options = NodeOptions(join, host, port, client_port, cpus, gpus)
    start_node(options, make_console(stderr=True).print)
