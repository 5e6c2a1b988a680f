"""What operating-client.md says of `enqueue` is what the code does."""

import re

from support.checkouts import ROOT
from vox_telemetry_client import hash_salt, limits
from vox_telemetry_client.inputs import SUFFIXES
from vox_telemetry_client.repair import OnForbidden, Repaired
from vox_telemetry_spec.limits import BATCH_MAX_EVENTS, CODED_BODY_MAX_BYTES

PAGE = (ROOT / "docs" / "operating-client.md").read_text(encoding="utf-8")
ENQUEUE = re.split(r"^## ", PAGE, flags=re.MULTILINE)[
    re.findall(r"^## (.+)$", PAGE, re.MULTILINE).index("Enqueue") + 1
]
MEBIBYTE = 1_048_576


def says(text: str) -> bool:
    return text in re.sub(r"\s+", " ", ENQUEUE)


def test_the_sizes_are_the_codes() -> None:
    assert says(
        f"at most {BATCH_MAX_EVENTS:,} events and {CODED_BODY_MAX_BYTES // MEBIBYTE} MiB each"
    )
    assert says(f"in memory up to {limits.DRAFT_MEMORY_MAX_BYTES // MEBIBYTE} MiB")
    assert says(f"may have {limits.DOCUMENT_MAX_BYTES // MEBIBYTE} MiB")
    newest, size = limits.SEEN_MAX_BYTES // 32, limits.SEEN_MAX_BYTES // MEBIBYTE
    assert says(f"of the newest {newest:,} events: {size} MiB")
    assert says(f"The first {limits.REFUSED_SHOWN_MAX_LINES} places are printed")


def test_the_words_are_the_codes() -> None:
    assert says(", ".join(f"`*{suffix}`" for suffix in SUFFIXES[:-1]) + f" and `*{SUFFIXES[-1]}`")
    assert re.findall(r"^\| `(\w+)` \| (?:is|loses|has)", ENQUEUE, re.MULTILINE) == list(
        OnForbidden
    )
    assert all(says(f"`{word}`") for word in Repaired)
    assert says(f"keyring del {hash_salt.SERVICE} {hash_salt.SALT_USER}")
