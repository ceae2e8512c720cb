"""The token that the nodes of a cluster and its users share."""

import os
import secrets
from pathlib import Path

from mvsearch.indexer.distributed.settings import has_tokens
from mvsearch.store.errors import MvsearchError

PLACE = Path(".ray") / "auth_token"


def find_token() -> Path | None:
    """The file of the token; None if there is none, or the environment has it itself."""
    path = _name_file()
    return path if path.is_file() else None


def require_token() -> None:
    """Check that this machine has the token of a cluster elsewhere.

    Raises:
        MvsearchError: it has none.
    """
    if has_tokens() and not os.environ.get("RAY_AUTH_TOKEN") and find_token() is None:
        raise MvsearchError(
            "this machine has no token of the cluster: copy ~/.ray/auth_token of its head to here,"
            " or set $RAY_AUTH_TOKEN_PATH"
        )


def make_token() -> Path | None:
    """Make a token where there is none, readable by this user alone.

    Returns:
        Its file; None where the environment has the token, or no tokens are used.

    Raises:
        MvsearchError: the file cannot be written.
    """
    if not has_tokens() or os.environ.get("RAY_AUTH_TOKEN"):
        return None
    path = _name_file()
    if path.is_file():
        return path
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    except OSError as error:
        raise MvsearchError(f"the token cannot be written to {path}: {error.strerror}") from None
    return path


def _name_file() -> Path:
    return Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / PLACE)
