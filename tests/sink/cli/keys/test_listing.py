import json
from collections.abc import Callable
from typing import Any

from vox_telemetry_spec.keys import PublicKey

Sink = Callable[..., Any]
Enrol = Callable[..., PublicKey]


def test_each_key_is_listed_with_its_state_and_limits(sink: Sink, enrol: Enrol) -> None:
    nothing = sink("keys", "list")
    assert (nothing.code, nothing.out) == (0, "no key is enrolled\n"), nothing
    good = enrol("--family", "benchmark")
    later = enrol("--valid-from", "2999-01-01T00:00:00Z")
    over = enrol("--valid-from", "2020-01-01T00:00:00Z", "--valid-days", "1")
    gone = enrol()
    assert sink("keys", "revoke", gone.key_id).code == 0
    rows = json.loads(sink("keys", "list", "--json").out)["keys"]
    assert [(row["key_id"], row["state"]) for row in rows] == [
        (good.key_id, "good"),
        (later.key_id, "not yet valid"),
        (over.key_id, "expired"),
        (gone.key_id, "revoked"),
    ]
    assert rows[0] == {
        "key_id": good.key_id,
        "name": "test",
        "state": "good",
        "max_sensitivity": "S1",
        "families": ["benchmark"],
        "enrolled_at": rows[0]["enrolled_at"],
        "not_before": None,
        "not_after": None,
        "approved_at": rows[0]["enrolled_at"],
        "revoked_at": None,
        "replaces": None,
        "replaced_by": None,
    }
    lines = sink("keys", "list").out.splitlines()
    assert lines[0].endswith("  test  good  up to S1 of benchmark")
    assert lines[2].endswith("  expired  up to S1, until 2020-01-02 00:00 UTC")
    assert "  revoked 20" in lines[3]
