"""A collection of a Milvus server: the placed vectors of one space."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mvsearch.store.errors import MvsearchError
from mvsearch.store.records import Matrix
from mvsearch.store.vectors.milvus.client import (
    LOAD_SECONDS,
    MilvusServer,
    NotLoadedError,
    load_pymilvus,
)
from mvsearch.store.vectors.milvus.rows import (
    GENERATION,
    HANDLE,
    ROW,
    VECTOR,
    Numbers,
    choose_handles,
    number_rows,
)

# Up to so many vectors all are compared, which is exact; of more, those that a graph leads to.
MAX_FLAT = 200_000
GRAPH = {"M": 16, "efConstruction": 200}
# A message may have 64 MB; a row has three numbers beside its vector.
MAX_SENT_BYTES, ROW_BYTES = 16 << 20, 64
# The largest k of one request.
MAX_K = 16_384
# Videos of one expression; longer ones take the server longer than more requests.
MAX_CHOSEN = 4096
# Nodes of the graph that a search visits, for small k; twice k for larger ones.
MIN_EF = 128
# Fewer new rows are searched at once as they are.
MIN_SETTLED_ROWS = 1000
# Answers of one request: queries times k.
MAX_ANSWERS = 100_000
ROWS_READ = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The rows that a search found for one query, best first.

    Attributes:
        rows: (n,) int64 numbers; see `rows.number_rows`.
        similarities: (n,) float32 inner products with the query.
    """

    rows: Numbers
    similarities: Matrix


@dataclass(frozen=True, slots=True, eq=False)
class PlacedVideo:
    """What is written of a video.

    Attributes:
        handle: of its vectors.
        generation: at which the catalogue has them.
        vectors: (n, dim) float32, in the coordinates of the collection.
    """

    handle: int
    generation: int
    vectors: Matrix


class MilvusCollection:
    """The rows of one space in the coordinates of one centre.

    Args:
        server: that has it.
        name: from `rows.name_collection`.
        dim: length of a vector.
    """

    def __init__(self, server: MilvusServer, name: str, dim: int) -> None:
        self.server = server
        self.name = name
        self.dim = dim
        self._is_half: bool | None = None

    def exists(self) -> bool:
        """Whether the server has the collection."""
        return bool(self.server.ask("has_collection", self.name))

    def make_anew(self, *, is_exact: bool) -> None:
        """Make the collection, empty; what a killed builder left under its name is deleted.

        Vectors are float16 where the server has them, as in a cluster, or else float32, as in
        Milvus Lite.

        Args:
            is_exact: compare all rows; otherwise those that a graph leads to (Malkov and Yashunin
                2018).
        """
        self.drop()
        types = load_pymilvus().DataType
        try:
            self._make(types.FLOAT16_VECTOR)
        except MvsearchError as error:
            if "float16" not in str(error).lower():
                raise
            self._make(types.FLOAT_VECTOR)
        params = load_pymilvus().MilvusClient.prepare_index_params()
        kind, options = ("FLAT", {}) if is_exact else ("HNSW", GRAPH)
        params.add_index(VECTOR, index_type=kind, metric_type="IP", params=options)
        self.server.change("create_index", self.name, params, sync=False)
        self.load()

    def load(self) -> None:
        """Have the server hold it ready for searching; it may not after a restart of its own."""
        self.server.change("load_collection", self.name, timeout=LOAD_SECONDS)

    def drop(self) -> None:
        """Delete the collection, if there is one."""
        if self.exists():
            self.server.change("drop_collection", self.name)

    def write(self, videos: Iterable[PlacedVideo]) -> None:
        """Write the vectors of videos, in messages of moderate size.

        Writing them again changes nothing, so that it can be repeated after any interruption.
        """
        n_sent = max(1, MAX_SENT_BYTES // (4 * self.dim + ROW_BYTES))
        sent: list[dict[str, Any]] = []
        for video in videos:
            vectors = self._convert(video.vectors)
            for row, vector in zip(number_rows(video.handle, len(vectors)), vectors, strict=True):
                numbers = {HANDLE: video.handle, GENERATION: video.generation}
                sent.append({ROW: int(row), VECTOR: vector, **numbers})
                if len(sent) == n_sent:
                    self.server.change("upsert", self.name, sent)
                    sent = []
        if sent:
            self.server.change("upsert", self.name, sent)

    def settle(self, n: int) -> None:
        """Let the server store n rows with their index, instead of searching them as new ones."""
        if n >= MIN_SETTLED_ROWS:
            self.server.change("flush", self.name, timeout=LOAD_SECONDS)

    def delete(self, handles: Sequence[int]) -> None:
        """Delete the vectors with these handles."""
        for first in range(0, len(handles), MAX_CHOSEN):
            chosen = choose_handles(handles[first : first + MAX_CHOSEN])
            self.server.change("delete", self.name, filter=chosen)

    def count(self) -> int:
        """The number of rows, including those of no video of the catalogue."""
        found = self._ask("query", filter="", output_fields=["count(*)"])
        return int(found[0]["count(*)"])

    def iter_rows(self, handles: Sequence[int] | None = None) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield the numbers of rows and the generations of their vectors, in batches.

        Args:
            handles: of the rows, at most `MAX_CHOSEN`; None for all rows.
        """
        chosen = "" if handles is None else choose_handles(handles)
        options = {"batch_size": ROWS_READ, "output_fields": [ROW, GENERATION], "filter": chosen}
        self.load()
        for found in self.server.iterate("query_iterator", self.name, **options):
            rows = np.array([(one[ROW], one[GENERATION]) for one in found], dtype=np.int64)
            yield rows[:, 0], rows[:, 1]

    def read(self, handles: Sequence[int]) -> dict[int, Matrix]:
        """Read the vectors (dim,) float32 of rows by their numbers.

        Args:
            handles: of some videos.
        """
        self.load()
        options = {"batch_size": ROWS_READ, "output_fields": [ROW, VECTOR]}
        options["filter"] = choose_handles(handles)
        return {
            int(one[ROW]): _read_vector(one[VECTOR])
            for found in self.server.iterate("query_iterator", self.name, **options)
            for one in found
        }

    def search(self, queries: Matrix, k: int, chosen: str = "") -> list[Hits]:
        """Find the nearest rows of each query.

        Args:
            queries: (q, dim) float32, placed.
            k: from 1 to `MAX_K`.
            chosen: an expression of `rows`; empty for all rows.
        """
        options: dict[str, Any] = {"limit": k, "filter": chosen, "anns_field": VECTOR}
        options["search_params"] = {"metric_type": "IP", "params": {"ef": max(MIN_EF, 2 * k)}}
        sent = self._convert(queries)
        step = max(1, MAX_ANSWERS // k)
        found: list[Hits] = []
        for first in range(0, len(queries), step):
            some = list(sent[first : first + step])
            answers = self._ask("search", data=some, **options)
            found += map(_read_hits, answers)
        return found

    def iter_nearest(self, query: Matrix, chosen: str = "") -> Iterator[Hits]:
        """Yield the rows by their similarity to one query, in batches, to the last.

        Args:
            query: (dim,) float32, placed.
            chosen: an expression of `rows`; empty for all rows.
        """
        options: dict[str, Any] = {"batch_size": ROWS_READ, "filter": chosen, "anns_field": VECTOR}
        options["search_params"] = {"metric_type": "IP", "params": {}}
        data = list(self._convert(query[None]))
        self.load()
        for found in self.server.iterate("search_iterator", self.name, data=data, **options):
            yield _read_hits(found)

    def _ask(self, method: str, **options: Any) -> Any:
        """Read from the collection, which the server may have to load first."""
        try:
            return self.server.ask(method, self.name, **options)
        except NotLoadedError:
            self.load()
            return self.server.ask(method, self.name, **options)

    def _make(self, kind: Any) -> None:
        types, client = load_pymilvus().DataType, load_pymilvus().MilvusClient
        schema = client.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field(ROW, types.INT64, is_primary=True)
        schema.add_field(HANDLE, types.INT64, is_partition_key=True)
        schema.add_field(GENERATION, types.INT64)
        schema.add_field(VECTOR, kind, dim=self.dim)
        self.server.change(
            "create_collection",
            self.name,
            schema=schema,
            num_shards=self.server.address.n_shards,
            num_partitions=self.server.address.n_partitions,
            consistency_level="Strong",
        )

    def _convert(self, vectors: Matrix) -> Any:
        """Vectors as the collection has them: float16, or else float32."""
        if self._is_half is None:
            fields = self.server.ask("describe_collection", self.name)["fields"]
            kind = next(field["type"] for field in fields if field["name"] == VECTOR)
            self._is_half = kind == load_pymilvus().DataType.FLOAT16_VECTOR
        return vectors.astype(np.float16) if self._is_half else vectors


def _read_vector(sent: Any) -> Matrix:
    """A vector as float32, from the numbers of a server, or from the bytes of float16."""
    halves = b"".join(sent) if isinstance(sent, list) and isinstance(sent[0], bytes) else sent
    if isinstance(halves, bytes):
        return np.frombuffer(halves, dtype="<f2").astype(np.float32)
    return np.asarray(sent, dtype=np.float32)


def _read_hits(found: Any) -> Hits:
    rows = np.array([hit[ROW] for hit in found], dtype=np.int64)
    return Hits(rows, np.array([hit["distance"] for hit in found], dtype=np.float32))
