"""Project Wycheproof's Ed25519 vectors at the one place where the sink verifies a signature."""

import hashlib
import json
from collections import Counter
from typing import Any

import pytest

from support.events import REPOSITORY
from vox_telemetry_spec.keys import PublicKey

FOLDER = REPOSITORY / "tests" / "data" / "wycheproof"
FILE = FOLDER / "ed25519_test.json"
DOCUMENT = json.loads(FILE.read_bytes())
CASES = [
    (group["publicKey"]["pk"], case) for group in DOCUMENT["testGroups"] for case in group["tests"]
]


def test_the_file_is_the_published_one_and_read_whole() -> None:
    sha256 = hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert sha256 in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(CASES) == DOCUMENT["numberOfTests"] == 151
    assert Counter(case["result"] for _, case in CASES) == {"valid": 88, "invalid": 63}


@pytest.mark.parametrize(
    ("public_key", "case"), CASES, ids=[f"tc{case['tcId']}" for _, case in CASES]
)
def test_case_46_a_wycheproof_vector(public_key: str, case: dict[str, Any]) -> None:
    key = PublicKey(bytes.fromhex(public_key))
    verifies = key.verifies(bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"]))
    assert verifies == (case["result"] == "valid"), case["comment"]
