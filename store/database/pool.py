"""Tells connections of a database that are made, and those that are lost."""

from sqlalchemy import Engine, QueuePool, event

from mvsearch.store.observing.observers import tell


def watch_connections(engine: Engine) -> None:
    """Tell the connections of a database from now on."""
    event.listen(engine, "connect", lambda *_: tell("connections"))
    # The pool gives a connection up that the server, or the way to it, has ended.
    event.listen(engine, "invalidate", lambda *_: tell("lost"))


def count_connections(engine: Engine) -> dict[str, float]:
    """The number of connections of this process, by their state."""
    pool = engine.pool
    if not isinstance(pool, QueuePool):
        return {}
    return {"in use": float(pool.checkedout()), "idle": float(pool.checkedin())}
