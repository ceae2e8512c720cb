"""The command that serves a library to browsers: `mvsearch serve`."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from mvsearch.search.commands.options.common import LibraryOption, read_path
from mvsearch.search.commands.options.examples import show_examples

app = typer.Typer()


@app.command(epilog=show_examples("serve"))
def serve(
    library: LibraryOption = None,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on; others need the token.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0: a free one.")
    ] = 8765,
    token: Annotated[
        str | None,
        typer.Option(
            metavar="TOKEN",
            envvar="MVSEARCH_TOKEN",
            help="Token that is asked for; default: none on this machine, else a new one.",
        ),
    ] = None,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Ask for no token; on this machine only.")
    ] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the browser.")] = False,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Refuse every change, and write nothing.")
    ] = False,
    name: Annotated[
        list[str] | None,
        typer.Option(
            metavar="HOST",
            help="Host name by which browsers call the server, such as that of a proxy before it.",
        ),
    ] = None,
    pictures: Annotated[
        list[Path] | None,
        typer.Option(
            parser=read_path,
            metavar="DIR",
            help="Folder of pictures that hang in the gallery, besides stills of the library.",
        ),
    ] = None,
    watch: Annotated[
        float | None,
        typer.Option(
            min=0.1, metavar="MINUTES", help="Index the folders of the library at this interval."
        ),
    ] = None,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS",
            help="Proxy, or network of proxies, whose X-Forwarded headers are believed.",
        ),
    ] = None,
    grace: Annotated[
        float,
        typer.Option(min=0, max=3600, help="Seconds that requests may take to finish at the end."),
    ] = 3.0,
    root: Annotated[
        list[Path] | None,
        typer.Option(
            parser=read_path,
            metavar="DIR",
            help="Folder that may be indexed from the browser, besides those of the library.",
        ),
    ] = None,
) -> None:
    """Serve the library as web pages and an HTTP API, until Ctrl-C."""
    import mvsearch
    from mvsearch.search.api.serving import agree_token
    from mvsearch.search.web.options import WebOptions, choose_token
    from mvsearch.search.web.server import serve as serve_library
    from mvsearch.store.observing.traces import tracing

    def tell(address: str) -> None:
        typer.echo(f"mvsearch is at {address}\nCtrl-C ends it")
        if open_page:
            webbrowser.open(address)

    places = (tuple(root or ()), tuple(name or ()), tuple(pictures or ()))
    with tracing("serve"), mvsearch.open(library, read_only=read_only) as opened:
        chosen = choose_token(host, token, has_none=no_token, make=lambda: agree_token(opened))
        more = (watch, tuple(proxy or ()), grace)
        serve_library(opened, WebOptions(host, port, chosen, read_only, *places, *more), tell)
