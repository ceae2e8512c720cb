"""Writes filters, options and queries as requests, and uploads the media of queries."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Unpack
from urllib.parse import quote, urlencode

from mvsearch.search.api.arguments import SearchArguments, make_search_options
from mvsearch.search.api.remote.requests.records import read, take
from mvsearch.search.api.remote.requests.server import Server
from mvsearch.search.query.media import Encoded, Frames
from mvsearch.search.query.query import WORD_KINDS, Query, QueryPart, Section, check_file
from mvsearch.store.catalog.filter import Filter
from mvsearch.store.errors import MvsearchError, QueryError
from mvsearch.store.records import Video
from mvsearch.store.unicode import replace_surrogates

if TYPE_CHECKING:
    from mvsearch.search.options import SearchOptions
    from mvsearch.search.query.encode import Made
    from mvsearch.search.temporal.expression import Expression

# The server reads no more of a clip or sound.
MAX_CLIP_SECONDS = 120.0
MAX_TABLE_BYTES = 4 * 2**20
# Around the file in a request: the form, and names.
FORM_BYTES = 2**16


def make_options(
    **arguments: Unpack[SearchArguments],
) -> "tuple[SearchOptions, dict[str, Any]]":
    """The options of a search, and the same as JSON; the server chooses a missing fusion.

    Raises:
        QueryError: a weight, a number or the fusion is invalid.
    """
    options = make_search_options(None, **arguments)
    return options, {
        "weights": None if options.weights is None else dict(options.weights),
        "fusion": arguments.get("fusion"),
        "top": options.top,
        "n_moments": options.n_moments,
        "collapse": options.has_collapse,
        "per_artist": options.per_artist,
        **({} if options.by is None else {"by": options.by}),
        **({} if options.has_misheard else {"misheard": False}),
    }


def write_filter(filter: Filter) -> dict[str, Any]:
    """The conditions of a filter as JSON; a date begins at midnight of this machine."""
    found = {
        each.name: value
        for each in fields(filter)
        if (value := getattr(filter, each.name)) != each.default
    }
    if "tags" in found:
        found["tag"] = [replace_surrogates(tag) for tag in found.pop("tags")]
    if filter.ids is not None:
        found["ids"] = list(filter.ids) or [""]
    if filter.added_since_seconds is not None:
        moment = datetime.fromtimestamp(filter.added_since_seconds, UTC)
        found["added_since"] = moment.isoformat()
    return {
        name: replace_surrogates(str(value)) if isinstance(value, str | Path) else value
        for name, value in found.items()
    }


def name_video(video: str | Video) -> str:
    """The id or the name of a video, as `find` takes it."""
    return video.id if isinstance(video, Video) else replace_surrogates(video)


def name_place(video_id: str) -> str:
    """The path of a video in the API."""
    return f"videos/{quote(video_id, safe='')}"


def write_parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Values as parameters of an address, without those that are not given."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in given.items()
        if value is not None
    }


def write_address(path: str, given: Mapping[str, str]) -> str:
    """A path with parameters, for requests that have no body."""
    return f"{path}?{urlencode(given)}"


@contextmanager
def writing_query(
    server: Server, query: Query, max_bytes: int, memory: "Made | None"
) -> Iterator[dict[str, Any]]:
    """The query as JSON while its media are uploaded; they are dropped afterwards.

    Args:
        server: takes the media.
        query: its words, media and videos.
        max_bytes: of a request.
        memory: keeps the ids of media in memory, which then stay at the server.
    """
    asked: dict[str, Any] = {"text": [], "lyric": [], "ocr": [], "like": [], "uploads": []}
    dropped: list[str] = []

    def send(part: QueryPart) -> str:
        if part.media is not None and memory is not None:
            return _upload_once(server, part, max_bytes, memory)
        dropped.append(_upload(server, part, max_bytes))
        return dropped[-1]

    try:
        if query.expression is None:
            for part in query.parts:
                _write_part(asked, part, send)
        else:
            asked |= _write_expression(query.expression, send)
        yield {**asked, "filter": write_filter(query.filter)}
    finally:
        for upload_id in dropped:
            with suppress(MvsearchError):
                server.send("DELETE", f"uploads/{upload_id}")


Send = Callable[[QueryPart], str]


def _write_part(asked: dict[str, Any], part: QueryPart, send: Send) -> None:
    """Add a part to a request; what earlier servers do not know is there only if it is asked."""
    is_video, value = part.kind == "like", replace_surrogates(part.value)
    if part.kind in WORD_KINDS:
        asked.setdefault("not_text" if part.is_negative else part.kind, []).append(value)
    elif part.role is None and not is_video:
        asked["uploads"].append(send(part) + _write_section(part.section))
    elif is_video:
        asked.setdefault(_name_role(part), []).append({"video": value, **_span(part)})
    else:
        upload = send(part) + _write_section(part.section)
        asked.setdefault(_name_role(part), []).append({"upload": upload})


def _name_role(part: QueryPart) -> str:
    if part.role is None:
        return "like"
    return "unlike" if part.role == "not" else part.role.replace("-", "_")


def _write_expression(expression: "Expression", send: Send) -> dict[str, Any]:
    """An expression in the language of queries, in which files have the ids of their uploads."""
    from mvsearch.search.query.language.printing import print_expression
    from mvsearch.search.query.make_query import OF_FILES

    sent: list[str] = []

    def name(part: QueryPart) -> str:
        if part.kind not in OF_FILES:
            return replace_surrogates(part.value)
        sent.append(send(part))
        return sent[-1]

    return {"query": print_expression(expression, name), "uploads": list(dict.fromkeys(sent))}


def list_order(query: Query) -> list[int]:
    """The positions of the parts of a query in the order in which the server takes them."""
    if query.expression is not None:
        return list(range(len(query.parts)))
    ranks = {"text": 1, "lyric": 2, "ocr": 3, "like": 4}
    sides = {"look-of": 5, "sound-of": 6, "lyrics-of": 7, "not": 8}

    def rank(part: QueryPart) -> int:
        if part.role is None:
            return ranks.get(part.kind, 0)
        return sides.get(part.role, 0) + (part.kind == "text")

    return sorted(range(len(query.parts)), key=lambda at: rank(query.parts[at]))


def _span(part: QueryPart) -> dict[str, float | None]:
    section = part.section
    if section is None:
        return {}
    return {"start_seconds": section.start_seconds, "end_seconds": section.end_seconds}


def _write_section(section: Section | None) -> str:
    """What follows the id of an upload of which a part is asked for."""
    if section is None:
        return ""
    start = section.start_seconds or 0.0
    end = start + MAX_CLIP_SECONDS if section.end_seconds is None else section.end_seconds
    return f"@{start:.3f}-{end:.3f}"


def _upload_once(server: Server, part: QueryPart, max_bytes: int, memory: Any) -> str:
    """Upload the media of a part unless the server still has them."""
    key = (part.media, server.address)
    if key in memory:
        with suppress(QueryError):
            return str(take(server.get(f"uploads/{memory[key]}"), "id"))
    memory[key] = _upload(server, part, max_bytes)
    return str(memory[key])


def _upload(server: Server, part: QueryPart, max_bytes: int) -> str:
    """Upload the media of a part; the server's id of them."""
    content = _read_media(part, max_bytes)
    if len(content) > max_bytes - FORM_BYTES:
        raise QueryError(
            f"{part.name} has more than the {max_bytes >> 20} MiB that the server takes: give a"
            " shorter clip or a smaller file"
        )
    (added,) = read(list[dict[str, Any]], server.upload("uploads", [(part.kind, content)]))[:1]
    return quote(str(take(added, "id")), safe="")


def read_table(file: Path) -> str:
    """The text of a file of this machine.

    Raises:
        QueryError: it is no file, too large, or no UTF-8.
    """
    check_file(file, str(file))
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_TABLE_BYTES + 1)
        text = content.decode("utf-8")
    except (OSError, UnicodeError) as error:
        raise QueryError(f"cannot read {file}: {getattr(error, 'strerror', error)}") from None
    if len(content) > MAX_TABLE_BYTES:
        raise QueryError(f"{file} has more than {MAX_TABLE_BYTES >> 20} MiB")
    return text


def _read_media(part: QueryPart, max_bytes: int) -> bytes:
    """The content of a file, or of media in memory as a file."""
    if part.media is None:
        check_file(part.path, part.path.name)
        try:
            with part.path.open("rb") as opened:
                return opened.read(max_bytes + 1)
        except OSError as error:
            raise QueryError(f"cannot read {part.name}: {error.strerror}") from None
    if isinstance(part.media, Encoded):
        return part.media.data
    with TemporaryDirectory(prefix="mvsearch-") as folder:
        file = Path(folder) / "query"
        if isinstance(part.media, Frames):
            from mvsearch.indexer.media.writing import write_frames

            write_frames(file, part.media.pixels, part.media.frame_rate, is_small=True)
        else:
            part.media.write(file)
        return file.read_bytes()
