import json
from collections.abc import Callable
from typing import Any

from vox_telemetry_spec.keys import PublicKey

Sink = Callable[..., Any]
Enrol = Callable[..., PublicKey]


def test_one_key_is_shown_with_its_public_half(sink: Sink, enrol: Enrol) -> None:
    key = enrol("--family", "benchmark", "--family", "error")
    enrol()
    document = json.loads(sink("keys", "show", key.key_id, "--json").out)
    assert (document["key_id"], document["public_key"]) == (key.key_id, key.jwk)
    shown = sink("keys", "show", key.key_id).out.splitlines()
    assert f"public_key: crv=Ed25519 kty=OKP x={key.jwk['x']}" in shown
    assert {"families: benchmark, error", "state: good", "not_after: -"} <= set(shown)


def test_a_key_that_is_not_enrolled_is_named(sink: Sink) -> None:
    ran = sink("keys", "show", "nobody")
    assert (ran.code, ran.out) == (1, "")
    assert "key 'nobody' is not enrolled, expected one of keys list" in ran.err
