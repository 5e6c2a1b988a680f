"""The contract's own modules against the vectors, and the vectors against their schema and maker."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest

from support.events import REPOSITORY
from support.vectors import FOLDER, Vector, named, octets, vector_file, vectors
from vox_telemetry_spec.digest import check_content_digest, content_digest
from vox_telemetry_spec.errors import JsonRefusedError, KeyRefusedError, SignatureRefusedError
from vox_telemetry_spec.forbidden import load_scanner
from vox_telemetry_spec.forbidden.rules import load_name_rules, load_value_rules
from vox_telemetry_spec.keys import PublicKey
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.strict_json import decode

KINDS = (
    "signature",
    "digest",
    "json",
    "batch",
    "receipt",
    "duty",
    "key",
    "forbidden",
    "enrolment",
    "receipt-signature",
)
FILES = {f"{kind}.v1.json" for kind in KINDS}
MAKER = REPOSITORY / "spec" / "make_vectors.py"
SCHEMA = json.loads(FOLDER.joinpath("vectors.schema.json").read_bytes())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
SCANNER = load_scanner()
STORED_MAX_BYTES = 65_536


def test_the_maker_writes_the_same_bytes(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, str(MAKER), str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    assert {path.name for path in tmp_path.iterdir()} == FILES
    stale = [name for name in sorted(FILES) if _stored(name) != (tmp_path / name).read_bytes()]
    assert stale == [], "the vectors are not what the maker writes: run `make vectors` and commit"


def test_the_folder_holds_the_files_and_their_schema_only() -> None:
    assert {entry.name for entry in FOLDER.iterdir()} == FILES | {"vectors.schema.json"}


def test_the_maker_knows_none_of_our_packages() -> None:
    allowed = {*sys.stdlib_module_names, "cryptography", "vector_cases"}
    for path in (MAKER, *MAKER.with_name("vector_cases").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                assert {one.name.partition(".")[0] for one in node.names} <= allowed, path
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                assert (node.module or "").partition(".")[0] in allowed, path


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_obeys_the_schema(kind: str) -> None:
    document = vector_file(kind)
    assert document["schema"] == f"vectors.schema.json#/$defs/{kind}"
    VALIDATOR.validate(document)


def test_the_schema_is_a_schema_and_refuses_what_is_no_vector() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    good = vector_file("digest")
    first = good["tests"][0]
    for change in (
        {"flags": []},
        {"result": "maybe"},
        {"note": 1},
        {"expected": {}},
        {"tcId": "1"},
    ):
        assert not VALIDATOR.is_valid(good | {"tests": [first | change]}), change
    assert VALIDATOR.is_valid(good | {"tests": [first]})


@pytest.mark.parametrize("kind", KINDS)
def test_cases_are_counted_numbered_and_their_flags_explained(kind: str) -> None:
    document, cases = vector_file(kind), vectors(kind)
    assert document["numberOfTests"] == len(cases)
    assert [case["tcId"] for case in cases] == list(range(1, len(cases) + 1))
    assert {flag for case in cases for flag in case["flags"]} == set(document["notes"])
    assert {case["result"] for case in cases} == {"valid", "invalid"}


def test_long_inputs_are_described_and_not_stored() -> None:
    for kind in KINDS:
        for case in vectors(kind):
            assert len(json.dumps(case)) < STORED_MAX_BYTES, (kind, case["tcId"])


def test_every_step_of_the_signature_has_a_vector() -> None:
    """Wire 6.6: each problem that `verify` can answer with is expected by some case."""
    expected = {
        case["expected"]["problem"] for case in vectors("signature") if case["result"] == "invalid"
    }
    steps = {kind.slug for kind in ProblemType if kind.slug.startswith(("signature-", "key-"))}
    assert expected == steps | {"content-digest-missing", "content-digest-mismatch"}


def test_every_problem_and_every_rule_of_the_texts_has_a_vector() -> None:
    problems = {case["comment"] for case in vectors("duty") if "Problem" in case["flags"]}
    assert {kind.slug for kind in ProblemType} <= problems
    refused = {
        place.get("rule")
        for case in vectors("forbidden")
        if case["result"] == "invalid"
        for place in case["expected"]["refused"]
    }
    assert {rule.id for rule in (*load_value_rules(), *load_name_rules().rules)} <= refused


@pytest.mark.parametrize("vector", vectors("digest"), ids=named)
def test_a_digest_vector(vector: Vector) -> None:
    body = octets(vector["body"])
    if vector["result"] == "invalid":
        with pytest.raises(SignatureRefusedError) as caught:
            check_content_digest(vector["header"], body)
        assert caught.value.problem.slug == vector["expected"]["problem"]
        return
    check_content_digest(vector["header"], body)
    if "Plain" in vector["flags"]:
        assert content_digest(body) == vector["header"]


@pytest.mark.parametrize("vector", vectors("json"), ids=named)
def test_a_json_vector(vector: Vector) -> None:
    source = octets(vector["input"])
    if vector["result"] == "invalid":
        with pytest.raises(JsonRefusedError) as caught:
            decode(source)
        found = {"rule": caught.value.rule, "pointer": caught.value.pointer}
        assert found == vector["expected"]
        return
    value = decode(source)
    if "value" in vector:
        assert repr(value) == repr(vector["value"])  # 1, 1.0 and true are equal and not the same


@pytest.mark.parametrize("vector", vectors("key"), ids=named)
def test_a_key_vector(vector: Vector) -> None:
    if vector["result"] == "invalid":
        with pytest.raises(KeyRefusedError):
            PublicKey.from_jwk(octets(vector["jwk"]))
        return
    assert PublicKey.from_jwk(octets(vector["jwk"])).key_id == vector["expected"]["keyid"]


@pytest.mark.parametrize("vector", vectors("forbidden"), ids=named)
def test_a_forbidden_vector(vector: Vector) -> None:
    found = [(one.pointer, one.rule) for one in SCANNER.scan(vector["event"], 0)]
    if vector["result"] == "valid":
        assert found == []
        return
    for place in vector["expected"]["refused"]:
        rules = {rule for pointer, rule in found if pointer == place["pointer"]}
        assert rules
        assert {place.get("rule", min(rules))} <= rules


def _stored(name: str) -> bytes:
    return FOLDER.joinpath(name).read_bytes()
