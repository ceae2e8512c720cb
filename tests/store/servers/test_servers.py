"""What servers over one PostgreSQL share: jobs, uploads, secrets, and who leads."""

from collections.abc import Iterator

import pytest

from mvsearch.store.errors import LibraryBusyError, LibraryUnreachableError, MvsearchError
from mvsearch.store.library import Library
from mvsearch.store.servers.jobs import SharedJobs
from mvsearch.store.servers.leadership import Leadership
from mvsearch.store.servers.records import JobEnd, JobLimits, JobOrder, StoredUpload
from mvsearch.store.servers.servers import Servers
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.postgres

LIMITS = JobLimits(n_running=3, n_kept=4, n_texts=2, lasting=frozenset({("evaluate", "one")}))
PATHS = {"paths": ["/videos/caf\udce9"]}


@pytest.fixture
def libraries(postgres_address: str) -> Iterator[tuple[Library, Library]]:
    """One library, as two servers have it open."""
    with (
        Library.open(postgres_address, create=True) as one,
        Library.open(postgres_address) as other,
    ):
        yield one, other


@pytest.fixture
def both(libraries: tuple[Library, Library]) -> tuple[Servers, Servers]:
    one, other = (library.servers() for library in libraries)
    assert one is not None
    assert other is not None
    return one, other


def add(jobs: SharedJobs, job_id: str, kind: str = "index", topic: str = "") -> None:
    jobs.add(JobOrder(job_id, kind, topic, kind == "index", PATHS))


def test_a_job_of_one_server_is_done_and_followed_at_others(both: tuple[Servers, Servers]) -> None:
    asking, doing = both[0].jobs(LIMITS), both[1].jobs(LIMITS)
    add(asking, "a")
    waiting = asking.take("a")
    assert (waiting.state, waiting.is_running) == ("queued", True)
    with pytest.raises(LibraryBusyError):  # one changes the library at a time
        add(doing, "b")
    (order,) = doing.take_orders("B")
    assert (order.id, order.asked) == ("a", PATHS)
    assert doing.take_orders("C") == []
    told = {"stages": [], "lines": ["file \udce9\0"], "n_lines": 1}
    assert doing.tell("a", "B", told) is False
    seen = asking.take("a")
    assert (seen.state, seen.told, seen.version > waiting.version) == ("running", told, True)
    asking.end("a", is_paused=True)
    assert doing.find_ending("B") == {"a": True}
    assert doing.tell("a", "B", told) is True
    assert doing.tell("a", "C", told) is None  # another server may not
    assert not doing.finish("a", "C", JobEnd("done", told))
    assert doing.finish("a", "B", JobEnd("cancelled", told, {"n": 1}, text="caf\udce9"))
    last = asking.take("a")
    assert (last.state, last.is_paused, last.result) == ("cancelled", True, {"n": 1})
    assert asking.read_text("a") == "caf\udce9"
    asking.resume("a", "b")
    assert [(job.id, job.state, job.is_paused) for job in doing.list()] == [
        ("b", "queued", False),
        ("a", "cancelled", False),
    ]
    assert asking.end("b", is_paused=False).state == "cancelled"  # nobody had begun it
    with pytest.raises(MvsearchError, match="not paused"):
        asking.resume("b", "c")
    with pytest.raises(MvsearchError, match="not kept"):
        asking.end("nothing", is_paused=False)


def test_what_a_lost_server_did_is_told_as_interrupted(both: tuple[Servers, Servers]) -> None:
    jobs = both[0].jobs(LIMITS)
    for name in ("a", "b"):
        add(jobs, name, "versions")
    jobs.take_orders("lost")
    jobs.end("b", is_paused=False)
    add(jobs, "c", "versions")
    jobs.take_orders("new")
    assert sorted(jobs.interrupt_lost("new", {"c"})) == ["a", "b"]
    states = {job.id: job.state for job in jobs.list()}
    assert states == {"a": "interrupted", "b": "cancelled", "c": "running"}
    problem = jobs.take("a").problem
    assert problem is not None
    assert "start it again" in problem["detail"]
    assert jobs.tell("a", "lost", {}) is None
    assert not jobs.finish("a", "lost", JobEnd("done", {}))
    assert jobs.resume("a", "d").state == "queued"
    assert jobs.interrupt_lost("new") == ["c"]  # which it took, and was not told so


def test_old_jobs_are_forgotten_and_lasting_ones_kept(both: tuple[Servers, Servers]) -> None:
    jobs = both[0].jobs(LIMITS)
    given = [("e1", "evaluate", "one"), ("e2", "evaluate", "one")]
    given += [(f"r{n}", "similar-report", "") for n in range(6)]
    for job_id, kind, topic in given:
        add(jobs, job_id, kind, topic)
        jobs.take_orders("A")
        jobs.finish(job_id, "A", JobEnd("done", {}, text=job_id))
    assert [job.id for job in jobs.list()] == ["r5", "r4", "r3", "e2"]
    texts = [jobs.read_text(job.id) for job in jobs.list()]
    assert texts == ["r5", "r4", None, "e2"]
    last = jobs.find_last("evaluate", "one", "done")
    assert last is not None
    assert last.id == "e2"
    assert jobs.find_last("evaluate", "one", "failed") is None


@pytest.fixture
def leaders(both: tuple[Servers, Servers]) -> Iterator[tuple[Leadership, Leadership]]:
    one, other = both[0].leadership(), both[1].leadership()
    yield one, other
    one.release()
    other.release()


def test_one_server_leads_and_another_when_it_ends(
    leaders: tuple[Leadership, Leadership],
) -> None:
    one, other = leaders
    assert (one.hold(), other.hold(), one.hold()) == (True, False, True)
    one.release()
    assert (other.hold(), one.hold()) == (True, False)
    other.release()
    assert one.hold()


def test_a_lost_link_ends_leading_until_it_is_taken_again(
    postgres: PostgresServer, postgres_address: str, leaders: tuple[Leadership, Leadership]
) -> None:
    leader = leaders[0]
    assert leader.hold()
    postgres.end_connections(postgres_address.rpartition("@/")[2].partition("?")[0])
    with pytest.raises(LibraryUnreachableError):
        leader.hold()
    assert not leader.is_leading
    assert leader.hold()


def test_uploads_and_secrets_are_those_of_all(both: tuple[Servers, Servers]) -> None:
    one, other = both
    one.uploads.add(StoredUpload("u", "image", "beach \udce9.jpg", b"\0\xff"), 60)
    assert other.uploads.get("u") == StoredUpload("u", "image", "beach \ufffd.jpg", b"\0\xff")
    assert other.uploads.holds("u", 60)
    assert not other.uploads.holds("u", 0)
    one.uploads.add(StoredUpload("v", "audio", "", b"1"), 0.0)  # all before are too old
    assert other.uploads.get("u") is None
    other.uploads.drop("v")
    assert one.uploads.get("v") is None
    assert one.agree("token", lambda: "first") == other.agree("token", lambda: "second") == "first"
