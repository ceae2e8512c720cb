"""The media that browsers sent to one server, for queries that another one answers."""

from sqlalchemy import delete, func, select

from mvsearch.store.database.connection import DatabaseReader
from mvsearch.store.servers.records import StoredUpload
from mvsearch.store.servers.tables import UploadRow

# Of all servers of a library together; the oldest go first.
MAX_UPLOADS = 512
MAX_ALL_BYTES = 2 * 2**30
_NOW = func.extract("epoch", func.clock_timestamp())


class SharedUploads(DatabaseReader):
    """The table of uploads."""

    def add(self, upload: StoredUpload, lifetime_seconds: float) -> None:
        """Keep media, and drop what is old or too much."""
        with self._database.writing() as session:
            session.add(
                UploadRow(
                    id=upload.id,
                    kind=upload.kind,
                    name=upload.name,
                    data=upload.data,
                    n_bytes=len(upload.data),
                    kept_seconds=session.scalar(select(_NOW)),
                )
            )
            session.flush()
            order = UploadRow.kept_seconds.desc()
            ranked = select(
                UploadRow.id,
                func.row_number().over(order_by=order).label("place"),
                func.sum(UploadRow.n_bytes).over(order_by=order).label("n_bytes"),
                UploadRow.kept_seconds,
            ).subquery()
            is_over = (
                (ranked.c.place > MAX_UPLOADS)
                | (ranked.c.n_bytes > MAX_ALL_BYTES)
                | (ranked.c.kept_seconds < _NOW - lifetime_seconds)
            )
            gone = select(ranked.c.id).where(is_over)
            session.execute(delete(UploadRow).where(UploadRow.id.in_(gone)))

    def holds(self, upload_id: str, lifetime_seconds: float) -> bool:
        """Whether media are kept, and not yet old."""
        query = select(UploadRow.id).where(
            UploadRow.id == upload_id, UploadRow.kept_seconds >= _NOW - lifetime_seconds
        )
        with self._database.reading() as session:
            return session.scalar(query) is not None

    def get(self, upload_id: str) -> StoredUpload | None:
        """The media with an id; None if they are not kept."""
        columns = UploadRow.id, UploadRow.kind, UploadRow.name, UploadRow.data
        with self._database.reading() as session:
            found = session.execute(select(*columns).where(UploadRow.id == upload_id)).first()
        return None if found is None else StoredUpload(*found)

    def drop(self, upload_id: str) -> None:
        """Drop media; they need not be there any more."""
        with self._database.writing() as session:
            session.execute(delete(UploadRow).where(UploadRow.id == upload_id))
