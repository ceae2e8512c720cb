"""Requests made from the description of the API: none is answered with an error of the server."""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from starlette.testclient import TestClient

pytestmark = pytest.mark.slow
HEADERS = {"Host": "127.0.0.1"}


def test_no_request_is_an_error_of_the_server(client: TestClient) -> None:
    path = "/api/v1/openapi.json"
    described = schemathesis.openapi.from_asgi(path, client.app, headers=HEADERS)
    operations = [found.ok() for found in described.get_all_operations()]
    asked = set()
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
        def ask(case: schemathesis.Case) -> None:
            answer = case.call(headers=HEADERS)
            case.validate_response(answer, checks=[not_a_server_error])
            assert answer.status_code not in (401, 421)
            asked.add(case.operation.label)

        ask()
    assert len(asked) == len(operations) > 15
