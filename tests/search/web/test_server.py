"""The socket that the server listens at."""

import socket

from mvsearch.search.web import server


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_first_part() -> None:
    with (
        server._listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
