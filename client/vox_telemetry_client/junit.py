"""A JUnit XML file to test cases: the only door to the XML parser, with a bounded memory.

There is no schema that all tools keep to, so elements are read where they are expected (`testsuite`
in any depth, `testcase` in it) and everything else is passed by without a look: messages, stack
traces, output, properties, host names. A document type is refused, and with it every entity but the
five of XML itself; so no text can grow, and no file but this one is read. Root elements that
follow each other without more, as tools leave them that append, are read one after the other.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers import expat

from vox_telemetry_client.errors import InputRefusedError, os_words
from vox_telemetry_client.junit_case import CaseElement, Suite
from vox_telemetry_client.limits import (
    JUNIT_CHUNK_BYTES,
    JUNIT_MAX_BYTES,
    JUNIT_MAX_DEPTH_ELEMENTS,
    JUNIT_MAX_ROOTS,
    JUNIT_TAG_MAX_BYTES,
)

_SUITES = frozenset({"testsuites", "testsuite"})
_CASE = "testcase"
_ROOT_AFTER_ROOT = frozenset(
    {
        expat.errors.codes[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT],
        expat.errors.codes[expat.errors.XML_ERROR_MISPLACED_XML_PI],
    }
)


def read_junit(file: BinaryIO, name: str, take: Callable[[CaseElement], None]) -> None:
    """Hand each case of a JUnit file to `take` as soon as its element ends.

    A refusal may come after some cases were taken: what they are for has to wait for the end.
    `name` is what messages call the file.

    Raises:
        InputRefusedError: no XML, not JUnit's, with a document type, or beyond a limit.

    """
    rest = _Chunks(file, name)
    for _ in range(JUNIT_MAX_ROOTS):
        after = _Document(name, take).read(rest)
        if after is None:
            return
        rest.push_back(after)
    raise InputRefusedError(
        f"{name}: has more than {JUNIT_MAX_ROOTS} root elements; nothing was recorded"
    )


class _Chunks:
    """The bytes of a file, counted, in pieces."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._read_bytes = 0
        self._pushed_back = b""

    def __iter__(self) -> Iterator[bytes]:
        if self._pushed_back:
            yield self._pushed_back
        while chunk := self._next():
            self._read_bytes += len(chunk)
            if self._read_bytes > JUNIT_MAX_BYTES:
                raise InputRefusedError(
                    f"{self._name}: is longer than {JUNIT_MAX_BYTES} bytes, expected the report of "
                    "one run; nothing was recorded"
                )
            yield chunk

    def push_back(self, chunk: bytes) -> None:
        """Give these bytes again, first."""
        self._pushed_back = chunk

    def _next(self) -> bytes:
        try:
            return self._file.read(JUNIT_CHUNK_BYTES)
        except OSError as exc:
            raise InputRefusedError(f"{self._name}: cannot be read: {os_words(exc)}") from exc


class _Document:
    """One root element, as expat tells of it."""

    def __init__(self, name: str, take: Callable[[CaseElement], None]) -> None:
        self._name = name
        self._take = take
        self._depth = 0
        self._suites: list[Suite] = []  # the open elements, as long as all are suites
        self._case: CaseElement | None = None
        self._rooted = False
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, chunks: _Chunks) -> bytes | None:
        """Parse to the end; return the bytes that follow the root element where there are some."""
        held, base = b"", 0  # what the parser may not have done with yet, and where it begins
        for chunk in chunks:
            held += chunk
            if (after := self._parsed(chunk, held, base, is_last=False)) is not None:
                return after
            done = max(self._parser.CurrentByteIndex, base)
            held, base = held[done - base :], done
            if len(held) > JUNIT_TAG_MAX_BYTES + JUNIT_CHUNK_BYTES:
                raise self._refused(f"a tag is longer than {JUNIT_TAG_MAX_BYTES} bytes")
        return self._parsed(b"", held, base, is_last=True)

    def _parsed(self, chunk: bytes, held: bytes, base: int, *, is_last: bool) -> bytes | None:
        try:
            self._parser.Parse(chunk, is_last)
        except expat.ExpatError as exc:
            if self._rooted and exc.code in _ROOT_AFTER_ROOT:
                return held[self._parser.ErrorByteIndex - base :]
            # Of expat's own words none is taken from the file.
            raise self._refused(
                f"line {exc.lineno}: {expat.ErrorString(exc.code)}, expected a whole XML file"
            ) from exc
        except (LookupError, ValueError) as exc:  # of Python's part in foreign encodings
            raise self._refused("is in an encoding that cannot be read, expected UTF-8") from exc
        return None

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._depth >= JUNIT_MAX_DEPTH_ELEMENTS:
            raise self._refused(f"has elements more than {JUNIT_MAX_DEPTH_ELEMENTS} deep")
        if self._depth == 0 and tag not in _SUITES:
            raise self._refused("is no JUnit file, expected <testsuites> or <testsuite> outermost")
        if self._depth == len(self._suites):
            if tag in _SUITES:
                self._suites.append(Suite.of(attributes))
            elif tag == _CASE:
                self._case = CaseElement.of(attributes, self._suites)
        elif self._case is not None and self._depth == len(self._suites) + 1:
            self._case = self._case.with_child(tag)
        self._depth += 1

    def _end(self, _tag: str) -> None:
        self._depth -= 1
        if self._depth < len(self._suites):
            self._suites.pop()
        elif self._depth == len(self._suites) and self._case is not None:
            self._take(self._case)
            self._case = None
        self._rooted = self._depth == 0

    def _doctype(self, *_: object) -> None:
        raise self._refused("has a document type (DOCTYPE), which may hold entities")

    def _refused(self, why: str) -> InputRefusedError:
        return InputRefusedError(f"{self._name}: {why}; nothing was recorded")
