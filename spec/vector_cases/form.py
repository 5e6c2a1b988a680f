"""How vectors are written: a file, its numbered cases, and bytes in text, hex or described."""

from collections.abc import Sequence
from typing import Any

Json = dict[str, Any]
GENERATED_BY = "spec/make_vectors.py"


def document(kind: str, notes: dict[str, Json], cases: Sequence[Json], **members: object) -> Json:
    """Return a vector file: its cases numbered from 1, its flags explained."""
    return {
        "schema": f"vectors.schema.json#/$defs/{kind}",
        "generated_by": GENERATED_BY,
        "numberOfTests": len(cases),
        "notes": {flag: notes[flag] for flag in sorted({f for one in cases for f in one["flags"]})},
        **members,
        "tests": [{"tcId": number, **case} for number, case in enumerate(cases, 1)],
    }


def note(bug: str, description: str, effect: str) -> Json:
    """Explain a flag: what kind of bug its cases catch, and what the bug would do."""
    return {"bugType": bug, "description": description, "effect": effect}


def valid(comment: str, flags: str, **members: object) -> Json:
    """Return a case that must be taken; `flags` are separated by spaces."""
    return {"comment": comment, "flags": flags.split(), **members, "result": "valid"}


def invalid(comment: str, flags: str, **members: object) -> Json:
    """Return a case that must be refused."""
    return {"comment": comment, "flags": flags.split(), **members, "result": "invalid"}


def text(value: str) -> Json:
    """Return bytes given as their UTF-8 text."""
    return {"text": value}


def raw(value: bytes) -> Json:
    """Return bytes given in hex, for what is not UTF-8 or not meant to be read."""
    return {"hex": value.hex()}


def concat(*parts: str | tuple[str, int]) -> Json:
    """Return bytes described as texts in a row, some repeated: too large to be stored."""
    pairs = [(part, 1) if isinstance(part, str) else part for part in parts]
    return {"concat": [{"text": piece, "repeat": count} for piece, count in pairs]}


def octets(form: Json) -> bytes:
    """Return the bytes that one of the three forms above stands for."""
    if "text" in form:
        return str(form["text"]).encode()
    if "hex" in form:
        return bytes.fromhex(form["hex"])
    return b"".join(part["text"].encode() * part["repeat"] for part in form["concat"])
