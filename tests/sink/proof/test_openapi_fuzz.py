"""schemathesis against the running sink: what its OpenAPI document says is what it does."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support.sink_process import sink_process
from support.world import free_port

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 60  # an operation; the whole takes about ten seconds


@pytest.fixture
def openapi(database_url: str) -> Iterator[Any]:
    with sink_process(database_url, free_port()) as sink:
        yield schemathesis.openapi.from_url(f"{sink.url}/schema/openapi.json")
        assert sink.errors == []


described = schemathesis.pytest.from_fixture("openapi")


@described.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_what_openapi_describes_is_what_is_answered(case: Any) -> None:
    case.call_and_validate(checks=CHECKS)
