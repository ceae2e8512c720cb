"""Uploads that queries at any of several servers may name; each keeps those it needs in memory."""

from typing import cast

from mvsearch.search.web.uploads import LIFETIME_SECONDS, Upload, UploadKind, Uploads
from mvsearch.store.errors import QueryError
from mvsearch.store.servers.records import StoredUpload
from mvsearch.store.servers.uploads import SharedUploads


class UploadsOfServers(Uploads):
    """The uploads of several servers.

    Args:
        stored: those in the database.
    """

    def __init__(self, stored: SharedUploads) -> None:
        super().__init__()
        self._stored = stored

    def add(self, kind: UploadKind, data: bytes, name: str = "") -> Upload:
        """Keep media; queries may call them by their name.

        Raises:
            QueryError: they are empty.
        """
        upload = super().add(kind, data, name)
        self._stored.add(StoredUpload(upload.id, kind, upload.name, data), LIFETIME_SECONDS)
        return upload

    def get(self, upload_id: str) -> Upload:
        """The upload with an id, of whatever server.

        Raises:
            QueryError: there is none, or none any more.
        """
        is_kept = self._stored.holds(upload_id, LIFETIME_SECONDS)
        if not is_kept:
            super().drop(upload_id)
        try:
            return super().get(upload_id)
        except QueryError:
            found = self._stored.get(upload_id) if is_kept else None
            if found is None:
                raise
            return self._keep(found.id, cast(UploadKind, found.kind), found.data, found.name)

    def drop(self, upload_id: str) -> None:
        """Drop an upload; it need not be there any more."""
        super().drop(upload_id)
        self._stored.drop(upload_id)
