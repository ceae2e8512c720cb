"""Does work again that another writer, or a lost server, made fail."""

import random
import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, cast

from mvsearch.store.errors import ConflictError, LibraryUnreachableError

if TYPE_CHECKING:
    from mvsearch.store.database.connection import DatabaseReader

# For how long a server that was lost is sought again, before what was to be read, or written.
READ_PATIENCE_SECONDS = 10.0
WRITE_PATIENCE_SECONDS = 60.0
# Times that a change is tried again which another program's change made fail.
N_CONFLICTS = 8

T = TypeVar("T")
Given = ParamSpec("Given")
Reader = TypeVar("Reader", bound="DatabaseReader")


def repeat(work: Callable[[], T], after_loss: Callable[[], None], patience_seconds: float) -> T:
    """Do work, and again while the server is lost, or what other programs write conflicts with it.

    Args:
        work: of whole transactions, which does the same if it is done twice.
        after_loss: called before work is done again after a loss.
        patience_seconds: for how long a lost server is sought.
    """
    lost_at: float | None = None
    n_conflicts = 0
    while True:
        try:
            if lost_at is not None:
                after_loss()
            return work()
        except ConflictError:
            n_conflicts += 1
            if n_conflicts > N_CONFLICTS:
                raise
            time.sleep(random.uniform(0, 0.02 * 2**n_conflicts))
        except LibraryUnreachableError:
            lost_at = lost_at or time.monotonic()
            if time.monotonic() - lost_at > patience_seconds:
                raise
            time.sleep(min(2.0, 0.1 + (time.monotonic() - lost_at) / 4))


def repeated(
    write: Callable[Concatenate[Reader, Given], T],
) -> Callable[Concatenate[Reader, Given], T]:
    """Decorate a method that writes in one transaction: it is repeated as by `Database.repeat`."""

    @wraps(write)
    def write_again(self: Reader, /, *args: Given.args, **kwargs: Given.kwargs) -> T:
        # What can be gone through but once would be empty the second time.
        kept = [list(one) if isinstance(one, Iterator) else one for one in args]
        return self._database.repeat(lambda: cast(T, cast(Any, write)(self, *kept, **kwargs)))

    return write_again
