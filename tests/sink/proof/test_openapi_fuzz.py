"""schemathesis against the running sink: what its OpenAPI document says is what it does.

Its pytest plugin does not run under this pytest, so its strategies are given to hypothesis here.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from support.events import REPOSITORY
from support.sink_process import SinkProcess, sink_process
from support.world import free_port

# A guard keeps this file the same as what the program serves.
DOCUMENT = schemathesis.openapi.from_path(REPOSITORY / "docs" / "reference" / "openapi.json")
OPERATIONS = [found.ok() for found in DOCUMENT.get_all_operations()]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 80  # an operation: all together take less than 60 s


@pytest.fixture
def sink(database_url: str) -> Iterator[SinkProcess]:
    with sink_process(database_url, free_port()) as running:
        yield running


def test_every_operation_is_tried() -> None:
    assert {"POST /v1/batches", "POST /v1/keys", "GET /livez", "GET /readyz"} <= {
        operation.label for operation in OPERATIONS
    }


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_what_openapi_describes_is_what_is_answered(operation: Any, sink: SinkProcess) -> None:
    tried = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def answers_as_described(case: Any) -> None:
        answer = case.call_and_validate(base_url=sink.url, checks=CHECKS)
        tried.append(answer.status_code)

    answers_as_described()
    assert tried
    assert sink.errors == []
