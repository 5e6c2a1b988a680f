"""Reading JUnit files of many tools, and hostile ones, by hand-written bytes."""

import io
import tracemalloc
from random import Random

import pytest

from vox_telemetry_client import junit
from vox_telemetry_client.errors import InputRefusedError
from vox_telemetry_client.junit import read_junit
from vox_telemetry_client.junit_case import CaseElement

Told = tuple[str | None, float | None, str]


def read(raw: bytes) -> list[Told]:
    found: list[CaseElement] = []
    read_junit(io.BytesIO(raw), "report.xml", found.append)
    return [(one.place.own, one.seconds, one.case().outcome.value) for one in found]


PYTEST = b"""<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite
 name="pytest" errors="1" tests="3" time="3.9" timestamp="2026-11-22T09:39:31" hostname="canary">
 <testcase classname="tests.test_a.TestC" name="test_m[canary/x]" time="0.130" />
 <testcase classname="tests.test_a" name="test_f" time="0.001"><failure message="canary">canary
 </failure><system-out>canary</system-out></testcase>
 <testcase classname="tests.test_a" name="test_e" time="0.000"><error message="canary"/></testcase>
</testsuite></testsuites>"""
SUREFIRE = b"""<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="com.example.SumTest"
 time="1,234.5"><properties><property name="user.name" value="canary"/></properties>
 <testcase name="add" classname="com.example.SumTest" time="1,234.5"/>
 <testcase name="later" classname="com.example.SumTest"><skipped message="canary"/></testcase>
 <testcase name="flaky" classname="com.example.SumTest" time="0.2"><flakyFailure message="canary">
 <stackTrace><![CDATA[at canary(Canary.java:3)]]></stackTrace></flakyFailure></testcase></testsuite>"""
GOTESTSUM = b"""<testsuites tests="2"><testsuite name="github.com/owner/canary/internal/parse">
 <testcase classname="github.com/owner/canary/internal/parse" name="TestParse/canary" time="0.01"/>
 <testcase classname="github.com/owner/canary/internal/parse" name="TestParse" time="0.02"/>
</testsuite></testsuites>"""
JEST = b"""<testsuites name="jest tests"><testsuite name="Login form" file="src/login.test.js">
 <testcase classname="Login form rejects canary" name="Login form rejects canary" time="0.3"/>
</testsuite><testsuite name="other"><testcase classname="src/b.test.js" name="works" time="1"/>
</testsuite></testsuites>"""
NESTED = b"""<testsuites><testsuite name="a"><testsuite name="b"><testcase name="f"/></testsuite>
 <testcase name="g" time="2"/></testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("raw", "cases"),
    [
        (
            PYTEST,
            [
                ("tests.test_a.TestC.test_m", 0.13, "passed"),
                ("tests.test_a.test_f", 0.001, "failed"),
                ("tests.test_a.test_e", 0.0, "error"),
            ],
        ),
        (
            SUREFIRE,
            [
                ("com.example.SumTest.add", 1234.5, "passed"),
                ("com.example.SumTest.later", None, "skipped"),
                ("com.example.SumTest.flaky", 0.2, "passed"),
            ],
        ),
        (
            GOTESTSUM,
            [("internal.parse.TestParse", 0.01, "passed"), ("internal.parse.TestParse", 0.02, "passed")],
        ),
        (JEST, [(None, 0.3, "passed"), ("src.b.test.js.works", 1.0, "passed")]),
        (NESTED, [("b.f", None, "passed"), ("a.g", 2.0, "passed")]),
        (b"<testsuites/>", []),
    ],
    ids=["pytest", "surefire", "gotestsum", "jest", "nested", "empty"],
)  # fmt: skip
def test_the_files_of_many_tools(raw: bytes, cases: list[Told]) -> None:
    assert read(raw) == cases


@pytest.mark.parametrize("chunk_bytes", [1, 7, 65_536])
@pytest.mark.parametrize("between", [b"", b"\n \n", b'\n<?xml version="1.0"?>\n', b"<!-- x -->"])
def test_root_elements_after_each_other_are_all_read(
    monkeypatch: pytest.MonkeyPatch, between: bytes, chunk_bytes: int
) -> None:
    monkeypatch.setattr(junit, "JUNIT_CHUNK_BYTES", chunk_bytes)
    suites = [b'<testsuite name="s%d"><testcase name="f"/></testsuite>' % at for at in range(3)]
    assert [case[0] for case in read(between.join(suites))] == ["s0.f", "s1.f", "s2.f"]


def test_only_a_childs_word_counts_and_not_one_from_further_down() -> None:
    deeper = b"<system-out><failure/><skipped/></system-out>"
    raw = b"<testsuite><testcase name='f' time='1'>" + deeper + b"</testcase></testsuite>"
    assert read(raw) == [("f", 1.0, "passed")]


def test_only_cases_in_suites_count() -> None:
    inside = (
        b"<testsuite name='s'><testcase name='f'><system-out><testcase name='canary'/>"
        b"<testsuite><testcase name='canary'/></testsuite></system-out><testcase name='canary'/>"
        b"</testcase><properties><testcase name='canary'/></properties></testsuite>"
    )
    assert [case[0] for case in read(inside)] == ["s.f"]


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_the_encodings_that_a_file_may_declare(coding: str) -> None:
    text = f'<?xml version="1.0" encoding="{coding}"?><testsuite name="s"><testcase name="f" time="2"/></testsuite>'
    assert read(text.encode(coding)) == [("s.f", 2.0, "passed")]


BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "canary">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">]><testsuite name="&lol2;"/>"""
OUTSIDE = (
    b"""<!DOCTYPE testsuite [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite>&x;</testsuite>"""
)
PARAMETER = (
    b"""<!DOCTYPE testsuite [<!ENTITY % x SYSTEM "http://canary.example/x.dtd"> %x;]><testsuite/>"""
)
ONE = b"<testsuite><testcase name='f'/>"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (BILLION_LAUGHS, "has a document type"),
        (OUTSIDE, "has a document type"),
        (PARAMETER, "has a document type"),
        (b"<!DOCTYPE testsuite SYSTEM 'canary.dtd'><testsuite/>", "has a document type"),
        (ONE + b"&canary;</testsuite>", "undefined entity"),
        (ONE, "no element found"),
        (ONE + b"<testcase name='canary", "unclosed token"),
        (ONE + b"</testsuites>", "mismatched tag"),
        (ONE + b"\xff\xfe</testsuite>", "not well-formed"),
        (ONE + b"</testsuite>canary", "syntax error"),
        (ONE + b"</testsuite><canary/>", "is no JUnit file"),
        (b"", "no element found"),
        (b"canary", "syntax error"),
        (b"<html><testcase name='canary'/></html>", "is no JUnit file"),
        (b'{"canary": 1}', "not well-formed"),
        (b'<?xml version="1.0" encoding="canary"?><testsuite/>', "encoding"),
        (b'<?xml version="1.0" encoding="utf-7"?><testsuite/>', "encoding"),
        (b'<?xml version="1.0" encoding="rot13"?><testsuite/>', "encoding"),
        (b'<?xml version="1.0" encoding="shift_jis"?><testsuite name="\x82\xa0"/>', "encoding"),
        (b"<testsuite>" * 65 + b"</testsuite>" * 65, "more than 64 deep"),
        (ONE + b"<a>" * 64, "more than 64 deep"),
        (b"<testsuite/>" * 1_001, "more than 1000 root elements"),
    ],
)
def test_hostile_and_broken_files_are_one_refusal_without_their_text(
    raw: bytes, words: str
) -> None:
    with pytest.raises(
        InputRefusedError, match=rf"^report.xml: .*{words}.*; nothing was recorded"
    ) as refused:
        read(raw)
    assert "canary" not in str(refused.value)


def test_whatever_the_bytes_are_it_is_cases_or_one_refusal() -> None:
    random = Random(5)
    pieces = [PYTEST[at : at + 40] for at in range(0, len(PYTEST), 40)] + [
        b"<!DOCTYPE a>", b"&#x0;", b"\xff", b"\x00", b"<![CDATA[", b"-->", b"\xfe\xff", b"<?xml?>",
    ]  # fmt: skip
    refused = 0
    for _ in range(2_000):
        raw = bytearray(PYTEST)
        for _ in range(random.randint(1, 4)):
            at = random.randrange(len(raw))
            raw[at : at + random.choice([0, 0, 1, 30])] = random.choice(pieces)
        try:
            read(bytes(raw))
        except InputRefusedError:
            refused += 1
    assert 0 < refused < 2_000


class Endless(io.RawIOBase):
    """A file that is made while it is read: a beginning, then the same bytes for ever."""

    def __init__(self, beginning: bytes, more: bytes) -> None:
        self._parts = iter([beginning])
        self._more = more
        self.given_bytes = 0

    def read(self, _size: int = -1) -> bytes:
        part = next(self._parts, self._more)
        self.given_bytes += len(part)
        return part


@pytest.mark.parametrize(
    ("beginning", "more"),
    [
        (b"<testsuite><testcase name='", b"x" * 65_536),
        (b"<testsuite><!--", b"x" * 65_536),
        (b"<testsuite><", b"x" * 65_536),
        (b"<testsuite><?x ", b"y" * 65_536),
    ],
)
def test_one_long_tag_is_refused_after_four_mebibytes(beginning: bytes, more: bytes) -> None:
    file = Endless(beginning, more)
    with pytest.raises(InputRefusedError, match="a tag is longer than 4194304 bytes"):
        read_junit(file, "x", print)  # type: ignore[arg-type]
    assert file.given_bytes < 4_194_304 + 3 * 65_536


def test_a_long_file_is_refused_and_long_output_is_not_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(junit, "JUNIT_MAX_BYTES", 16 * 1_048_576)
    file = Endless(b"<testsuite><testcase name='f'><system-out><![CDATA[", b"canary" * 10_922)
    tracemalloc.start()
    with pytest.raises(InputRefusedError, match="longer than 16777216 bytes"):
        read_junit(file, "x", print)  # type: ignore[arg-type]
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 2 * 1_048_576


def test_many_cases_are_handed_on_one_by_one() -> None:
    count = 0

    def take(_: CaseElement) -> None:
        nonlocal count
        count += 1

    case = b"<testcase name='f' classname='a.b' time='1'/>" * 1_000
    raw = io.BytesIO(b"<testsuite>" + case * 20 + b"</testsuite>")
    tracemalloc.start()
    read_junit(raw, "x", take)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 20_000
    assert peak_bytes < 1_048_576


def test_a_file_that_cannot_be_read_to_its_end_is_refused() -> None:
    class Broken(io.RawIOBase):
        def read(self, _size: int = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(InputRefusedError, match="x: cannot be read: input/output error"):
        read_junit(Broken(), "x", print)  # type: ignore[arg-type]
