"""`receipt-key generate | show`, and what `serve` does where no key is named (issue 5 point 4)."""

import json
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from support.cli import run_cli

SINK = "vox-telemetry-sink"


def test_a_key_is_made_and_shown_by_its_public_half_only(tmp_path: Path) -> None:
    path = tmp_path / "receipt.pem"
    made = run_cli(SINK, "receipt-key", "generate", "--out", path, "--json")
    assert made.code == 0, made.err
    document = json.loads(made.out)
    key = load_pem_private_key(path.read_bytes(), None)
    assert path.stat().st_mode & 0o777 == 0o600
    assert set(document) == {"key_id", "jwk", "file"}
    assert set(document["jwk"]) == {"crv", "kty", "x"}
    env = {"VOX_SINK_RECEIPT_KEY_FILE": str(path)}
    shown = run_cli(SINK, "receipt-key", "show", "--json", env=env)
    assert json.loads(shown.out) == document
    plain = run_cli(SINK, "receipt-key", "show", env=env)
    assert plain.out.startswith(document["key_id"])
    secret = path.read_text().splitlines()[1]
    assert secret not in made.out + made.err + shown.out + plain.out
    assert key is not None
    again = run_cli(SINK, "receipt-key", "generate", "--out", path)
    assert (again.code, "is there already" in again.err) == (3, True)


def test_without_a_key_it_says_how_to_get_one(tmp_path: Path) -> None:
    ran = run_cli(SINK, "receipt-key", "show", "--data-dir", tmp_path)
    assert ran.code == 3
    assert "receipts are not signed: set VOX_SINK_RECEIPT_KEY_FILE" in ran.err
    blank = run_cli(SINK, "receipt-key", "show", env={"VOX_SINK_RECEIPT_KEY_FILE": " "})
    assert (blank.code, "is set but blank" in blank.err) == (3, True)
