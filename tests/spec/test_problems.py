import json
import re

import msgspec
import pytest

from vox_telemetry_spec.problems import Duty, Problem, ProblemType, duty_for_status
from vox_telemetry_spec.violations import Violation

# The table of the design, row by row; every status it does not name stops the run.
SET_ASIDE = {400, 409, 415, 422}
SPLIT = {413}
RETRY = {408, 425, 429, *range(500, 600)}


@pytest.mark.parametrize("status", range(200, 600))
def test_every_status_has_the_duty_of_the_table(status: int) -> None:
    if status in SET_ASIDE:
        expected = Duty.SET_ASIDE
    elif status in SPLIT:
        expected = Duty.SPLIT
    elif status in RETRY:
        expected = Duty.RETRY
    else:
        expected = Duty.STOP
    assert duty_for_status(status) is expected


def test_no_status_alone_acknowledges() -> None:
    assert Duty.ACKNOWLEDGE not in {duty_for_status(status) for status in range(100, 600)}


@pytest.mark.parametrize("problem", ProblemType)
def test_each_problem_has_a_stable_type_and_an_error_status(problem: ProblemType) -> None:
    assert re.fullmatch(r"urn:vox-telemetry:problem:[a-z]+(-[a-z]+)*", problem.uri)
    assert 400 <= problem.status <= 599
    assert problem.title
    assert problem.title == problem.title.strip().rstrip(".")


def test_slugs_are_unique_and_are_the_names() -> None:
    assert len({problem.slug for problem in ProblemType}) == len(list(ProblemType))
    assert all(problem.name == problem.slug.upper().replace("-", "_") for problem in ProblemType)


def test_a_problem_document_is_as_rfc_9457_writes_it() -> None:
    kind = ProblemType.CONTRACT_REFUSED
    problem = Problem(
        type=kind.uri,
        title=kind.title,
        status=kind.status,
        violations=[
            Violation(3, "/metadata/name", "contract.pattern"),
            Violation(None, "", "json.depth"),
        ],
    )
    assert json.loads(msgspec.json.encode(problem)) == {
        "type": "urn:vox-telemetry:problem:contract-refused",
        "title": "the batch breaks the contract",
        "status": 422,
        "violations": [
            {"event": 3, "pointer": "/metadata/name", "rule": "contract.pattern"},
            {"event": None, "pointer": "", "rule": "json.depth"},
        ],
    }


def test_members_that_say_nothing_are_left_out() -> None:
    # RFC 9457 section 3.1.1: an absent type means about:blank.
    assert msgspec.json.encode(Problem()) == b"{}"


def test_a_problem_of_a_stranger_reads_with_its_extensions_ignored() -> None:
    # RFC 9457 section 3: the example, whose extension members must be ignored.
    example = b"""{"type": "https://example.com/probs/out-of-credit",
      "title": "You do not have enough credit.", "detail": "Your current balance is 30.",
      "instance": "/account/12345/msgs/abc", "balance": 30, "accounts": ["/account/12345"]}"""
    problem = msgspec.json.decode(example, type=Problem)
    assert (problem.type, problem.status) == ("https://example.com/probs/out-of-credit", 0)
    assert problem.violations == []


def test_two_problems_share_no_list() -> None:
    Problem().violations.append(Violation(None, "", "x"))
    assert Problem().violations == []
