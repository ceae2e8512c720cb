"""Starts nodes of a cluster that index runs can use."""

from collections.abc import Callable
from typing import NoReturn

from mvsearch.indexer.distributed.node import NodeOptions
from mvsearch.indexer.distributed.node import start_node as start

__all__ = ["NodeOptions", "start_node"]


def start_node(
    options: NodeOptions = NodeOptions(), note: Callable[[str], None] = print
) -> NoReturn:
    """Turn this process into a node of a Ray cluster; see `mvsearch workers start`.

    Args:
        options: of the node.
        note: shows a line.

    Raises:
        MvsearchError: Ray is not installed, an address is invalid, or there is no token.
    """
    start(options, note)
