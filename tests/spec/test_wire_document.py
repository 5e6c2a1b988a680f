"""The wire spec's tables and the code say the same, both ways; and `wire N` points to a section."""

import json
import re
from collections.abc import Iterator

import pytest

from support.events import REPOSITORY
from vox_telemetry_spec import limits, problems, wire
from vox_telemetry_spec.about import About
from vox_telemetry_spec.enrolment import EnrolmentReceipt, make_code, write_enrolment
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.problems import Duty, ProblemType, duty_for_status
from vox_telemetry_spec.receipt_signature import sign_receipt
from vox_telemetry_spec.signature import sign_request
from vox_telemetry_spec.signature_base import SignableRequest

DOCUMENT = (REPOSITORY / "spec" / "telemetry-remote-sink-spec.md").read_text("utf-8")
PACKAGE = REPOSITORY / "spec" / "vox_telemetry_spec"


def _table(*titles: str) -> list[list[str]]:
    """Give the cells of the one table with these column titles."""
    head = f"| {' | '.join(titles)} |\n"
    assert DOCUMENT.count(head) == 1, titles
    rows = DOCUMENT.split(head)[1].split("\n\n")[0].splitlines()[1:]
    return [[cell.strip().strip("`") for cell in row.strip("|").split("|")] for row in rows]


def _limits_of_the_wire() -> Iterator[str]:
    """Give the constants of limits.py whose block, or own comment, cites the wire spec."""
    block = ""
    for line in (PACKAGE / "limits.py").read_text("utf-8").splitlines():
        if line.startswith("#"):
            block = line
        name, _, rest = line.partition(": Final = ")
        if rest and (block.startswith(("# wire", "# row")) or "# wire" in rest):
            yield name


def test_the_limits_are_the_code_s() -> None:
    documented = {name: float(value) for name, value, _ in _table("limit", "value", "meaning")}
    assert documented == {name: float(getattr(limits, name)) for name in _limits_of_the_wire()}


def test_the_problem_types_statuses_and_duties_are_the_code_s() -> None:
    documented = [tuple(row[:3]) for row in _table("type", "status", "duty", "when")]
    assert documented == [
        (kind.slug, str(kind.status), str(duty_for_status(kind.status))) for kind in ProblemType
    ]
    assert f"`{problems.TYPE_PREFIX}`" in DOCUMENT


def test_the_duties_of_the_answers_are_the_code_s() -> None:
    rows = _table("answer", "when", "duty")
    named = {int(status) for answer, *_ in rows for status in re.findall(r"\b\d{3}\b", answer)}
    for answer, _, duty in rows:
        for status in (int(found) for found in re.findall(r"\b[3-5]\d\d\b", answer)):
            assert duty.startswith(f"{duty_for_status(status)}`"), status
        for family in re.findall(r"\b([35])xx", answer):
            statuses = range(int(family) * 100, int(family) * 100 + 100)
            assert {f"{duty_for_status(status)}`" for status in statuses} == {duty.split(":")[0]}
    others = {status for status in range(400, 500) if status not in named}
    assert {duty_for_status(status) for status in others} == {Duty.STOP}
    assert {duty.split("`")[0] for _, _, duty in rows} == {str(one) for one in Duty}


def test_the_components_are_the_code_s() -> None:
    rows = _table("component", "when")
    always = tuple(name for name, when in rows if when.startswith("always"))
    assert always == wire.REQUIRED_COMPONENTS
    assert [name for name, when in rows if not when.startswith("always")] == [wire.CONTENT_ENCODING]


def test_the_headers_are_those_that_are_signed_or_sign() -> None:
    documented = {
        name: authenticated
        for name, _, _, authenticated in _table("name", "type", "required", "authenticated")
    }
    signed = {name for name in wire.REQUIRED_COMPONENTS if not name.startswith("@")}
    request = SignableRequest("POST", "h", "/", dict.fromkeys(signed, "v"))
    made = sign_request(request, SigningKey(bytes(32)), created=1, nonce="n" * 16)
    assert set(documented) == signed | {wire.CONTENT_ENCODING, "authorization"} | set(made)
    assert {name for name, how in documented.items() if how == "signed"} == signed


def test_the_parameters_are_those_that_are_written() -> None:
    rows = _table("name", "type", "required", "value")
    fields = {name: "v" for name in wire.REQUIRED_COMPONENTS if not name.startswith("@")}
    request = SignableRequest("POST", "h", "/", fields)
    made = sign_request(request, SigningKey(bytes(32)), created=1, nonce="n" * 16)
    written = re.findall(r";([a-z]+)=", made["signature-input"])
    assert [name for name, _, required, _ in rows if required == "yes"] == written
    values = {name: value for name, _, _, value in rows}
    assert (values["alg"], values["tag"]) == (wire.SIGNATURE_ALGORITHM, wire.SIGNATURE_TAG)


@pytest.mark.parametrize(
    "name",
    [
        "INGEST_PATH",
        "BATCH_MEDIA_TYPE",
        "RECEIPT_MEDIA_TYPE",
        "PROBLEM_MEDIA_TYPE",
        "BATCH_SCHEMA",
        "RECEIPT_SCHEMA",
        "KEYS_PATH",
        "ABOUT_PATH",
        "ENROLMENT_MEDIA_TYPE",
        "ENROLMENT_RECEIPT_MEDIA_TYPE",
        "OLD_ENROLMENT_RECEIPT_MEDIA_TYPE",
        "ENROLMENT_SCHEMA",
        "ENROLMENT_RECEIPT_SCHEMA",
        "OLD_ENROLMENT_RECEIPT_SCHEMA",
    ],
)
def test_the_names_of_the_profile_are_the_code_s(name: str) -> None:
    assert re.search(
        rf"[`\"]{re.escape(getattr(wire, name))}[`\"]", DOCUMENT.replace("media type ", "`")
    )


def test_the_components_of_an_enrolment_are_the_code_s() -> None:
    section = DOCUMENT.split("### 11.2 ")[1].split("### 11.3 ")[0]
    [listed] = re.findall(r"It MUST cover (.*?)\. ", section)
    assert tuple(re.findall(r"`(.+?)`", listed)) == wire.ENROLMENT_SIGNATURE.components
    assert f"the tag `{wire.ENROLMENT_SIGNATURE.tag}`" in section


def test_the_components_and_fields_of_a_receipt_are_the_code_s() -> None:
    section = DOCUMENT.split("### 13.1 ")[1].split("### 13.2 ")[0]
    [listed] = re.findall(r"It MUST cover (.*?), the value of", section)
    names = tuple(re.findall(r'`"(.+?)".*?`', listed))
    assert names == wire.RECEIPT_SIGNATURE.components
    assert f"tag `{wire.RECEIPT_SIGNATURE.tag}`" in section
    key = SigningKey(bytes(32))
    made = sign_receipt(b"{}", 201, ("vox", b"s"), key, created=1)
    assert [name for name, _ in _table("field", "value")] == list(made)
    assert listed.replace("`", "").replace(",", "").replace(" and", "") in made["signature-input"]


def test_what_a_signature_never_covers_is_the_code_s() -> None:
    [listed] = re.findall(r"MUST NOT cover (.*?), and a sink", DOCUMENT, re.DOTALL)
    assert tuple(re.findall(r"`(.+?)`", listed)) == wire.NEVER_COVERED


def test_the_members_of_an_enrolment_and_its_receipt_are_the_code_s() -> None:
    key = SigningKey(bytes(32)).public
    request = json.loads(write_enrolment(make_code(bytes(20)), key))
    assert [name for name, *_ in _table("member", "type", "value")] == list(request)
    members = [name for name, _ in _table("member", "type")]
    assert members == list(EnrolmentReceipt.__struct_fields__)


def test_the_members_of_about_are_the_code_s() -> None:
    members = [name for name, _ in _table("member of about", "example")]
    assert members == list(About.__struct_fields__)


def test_the_codings_are_the_code_s() -> None:
    assert (
        f"absent, {' or '.join(f'`{coding}`' for coding in wire.CODINGS)}; one coding only"
        in DOCUMENT
    )


def test_sections_are_numbered_without_a_gap() -> None:
    assert re.findall(r"^## (\d+) ", DOCUMENT, re.MULTILINE) == [str(n) for n in range(1, 14)]
    subsections = re.findall(r"^### (\d+)\.(\d+) ", DOCUMENT, re.MULTILINE)
    counts = {"5": 3, "6": 6, "11": 6, "13": 4}
    assert subsections == [
        (section, str(n)) for section, count in counts.items() for n in range(1, count + 1)
    ]


def test_every_reference_of_the_code_points_to_a_section() -> None:
    sections = set(re.findall(r"^###? (\d+(?:\.\d+)?) ", DOCUMENT, re.MULTILINE))
    cited = {
        number.rstrip(".")
        for part in ("spec", "client", "sink")
        for path in (REPOSITORY / part).rglob("*.py")
        for number in re.findall(r"\b[Ww]ire (\d+(?:\.\d+)?)", path.read_text("utf-8"))
    }
    assert cited
    assert cited <= sections
