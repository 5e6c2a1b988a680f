"""The shipped test vectors, as any reader of them would take them up."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

Vector = dict[str, Any]
FOLDER = files("vox_telemetry_spec").joinpath("vectors")


@cache
def vector_file(kind: str) -> dict[str, Any]:
    """Give one file; nobody changes what is in it."""
    document: dict[str, Any] = json.loads(
        FOLDER.joinpath(f"{kind}.v1.json").read_text(encoding="utf-8")
    )
    return document


def vectors(kind: str) -> list[Vector]:
    """Give the cases of one file."""
    tests: list[Vector] = vector_file(kind)["tests"]
    return tests


def octets(form: dict[str, Any]) -> bytes:
    """Give the bytes that a vector names as text, in hex, or as pieces to repeat."""
    if "text" in form:
        return str(form["text"]).encode()
    if "hex" in form:
        return bytes.fromhex(form["hex"])
    return b"".join(part["text"].encode() * part["repeat"] for part in form["concat"])


def named(vector: Vector) -> str:
    """Give a test its id."""
    return f"{vector['tcId']}-{ascii(vector['comment'])[1:-1]}"
