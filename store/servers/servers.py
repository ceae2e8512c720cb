"""What several servers over one library share, as one object."""

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from mvsearch.store.database.connection import Database
from mvsearch.store.servers.jobs import SharedJobs
from mvsearch.store.servers.leadership import Leadership
from mvsearch.store.servers.records import JobLimits
from mvsearch.store.servers.tables import SecretRow
from mvsearch.store.servers.uploads import SharedUploads


class Servers:
    """What the servers of a library in PostgreSQL share.

    Args:
        database: of the library.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.uploads = SharedUploads(database)

    def jobs(self, limits: JobLimits) -> SharedJobs:
        """The jobs."""
        return SharedJobs(self._database, limits)

    def leadership(self) -> Leadership:
        """Whether this server does the jobs; for one thread."""
        return Leadership(self._database)

    def agree(self, name: str, make: Callable[[], str]) -> str:
        """A secret of a name that all servers know; the first one makes it."""
        made = insert(SecretRow).values(name=name, value=make()).on_conflict_do_nothing()
        query = select(SecretRow.value).where(SecretRow.name == name)
        with self._database.writing() as session:
            found = session.scalar(query)
            if found is None:
                session.execute(made)
                found = session.scalar(query)
        return str(found)
