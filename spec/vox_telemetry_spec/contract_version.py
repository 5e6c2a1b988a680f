"""Which contract this is, so that consent can name what it was given for."""

import hashlib
from functools import cache
from typing import Final

import msgspec

from vox_telemetry_spec.contracts import BATCH_SCHEMA_PATH
from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RegistryError
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.taxonomy import TransmissionClass
from vox_telemetry_spec.wire import BATCH_SCHEMA

CONTRACT_VERSION: Final = BATCH_SCHEMA


@cache
def contract_sha256() -> str:
    """Return the SHA-256, in hex, of all that may be uploaded: each family and its contract.

    The layout of the files does not count. Neither do the forbidden-field rules: they only take
    away from what the contracts admit.

    Raises:
        RegistryError: a packaged contract file is damaged.

    """
    families = sorted(
        (
            family
            for family in Registry.load().families
            if family.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
        ),
        key=lambda family: family.family,
    )
    paths = [BATCH_SCHEMA_PATH, *(family.schema_ref for family in families if family.schema_ref)]
    digest = hashlib.sha256(msgspec.json.encode(families, order="sorted"))
    for path in paths:
        digest.update(b"\n" + _without_layout(path))
    return digest.hexdigest()


def _without_layout(path: str) -> bytes:
    try:
        return msgspec.json.encode(msgspec.json.decode(read_contract(path)), order="sorted")
    except (OSError, msgspec.DecodeError) as exc:
        raise RegistryError(f"{path} is damaged, reinstall vox-telemetry: {exc}") from exc
