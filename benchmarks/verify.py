"""What does it cost to prove who sent a batch? Microseconds a batch, against json.loads of it.

In processor time. `verify` is what the sink does before it unpacks or parses anything: find the
signature, rebuild its base, check Ed25519 and the body's digest. The primitives stand beside it.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from contract import real_batch
from figures import Figure, Reference

from support.uploads import Upload, new_key
from vox_telemetry_sink.verify import EnrolledKey, Received, read_claim, verify
from vox_telemetry_spec.signature_base import SignableRequest
from vox_telemetry_spec.taxonomy import SensitivityClass

CALLS = 60


def measure(rounds: int) -> Iterator[Figure]:
    """Yield each cost with that of json.loads just before it."""
    raw, _ = real_batch()
    for name, work in works(raw).items():
        references, values = [], []
        for _ in range(rounds):
            references.append(micros(lambda: json.loads(raw)))
            values.append(micros(work))
        yield Figure("verify", name, "µs/batch", values, Reference("json.loads", references))


def works(raw: bytes) -> dict[str, Callable[[], object]]:
    """Return what is measured, over one signed request."""
    key, now = new_key(), datetime.now(UTC)
    upload = Upload(key, payload=raw)
    request = SignableRequest("POST", upload.authority, upload.path, upload.headers())
    received = Received(request, None, raw)
    enrolled = EnrolledKey(key.public, "benchmark", SensitivityClass.S1, is_revoked=False)
    claim = read_claim(received)
    return {
        "verify": lambda: verify(received, read_claim(received), enrolled, now=now),
        "of which Ed25519": lambda: key.public.verifies(claim.signature, claim.base),
        "of which SHA-256 of the body": lambda: hashlib.sha256(raw).digest(),
    }


def micros(work: Callable[[], object]) -> float:
    """Return the processor time of one call."""
    start = time.process_time()
    for _ in range(CALLS):
        work()
    return (time.process_time() - start) / CALLS * 1e6
