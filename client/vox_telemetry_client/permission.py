"""The facts that sending depends on, as they are now: three small files and the environment."""

import sys
from collections.abc import Mapping
from typing import NamedTuple

from vox_telemetry_client import consent_file
from vox_telemetry_client.config import policy_path, user_settings_path
from vox_telemetry_client.consent import Consent, State
from vox_telemetry_client.setting_files import read_policy, read_user_settings
from vox_telemetry_client.switches import Decision, Facts, Switches, may_send


class ContractName(NamedTuple):
    """The packaged contract: its version and the digest of all that it admits."""

    version: str
    sha256: str


def packaged_contract() -> ContractName:
    """Return which contract this program has.

    Raises:
        RegistryError: a packaged contract file is damaged.

    """
    # The registry is YAML, and whoever has not granted anything need not wait for its parser.
    from vox_telemetry_spec.contract_version import (  # noqa: PLC0415 -- see above
        CONTRACT_VERSION,
        contract_sha256,
    )

    return ContractName(CONTRACT_VERSION, contract_sha256())


def switches_now(environ: Mapping[str, str]) -> Switches:
    """Read the off switches."""
    return Switches(
        policy=read_policy(policy_path(environ, sys.platform)),
        user=read_user_settings(user_settings_path(environ, sys.platform)).says,
        environ=environ,
    )


def facts_now(environ: Mapping[str, str], url: str | None) -> Facts:
    """Read everything; without a `url`, the one that consent was granted for.

    Raises:
        RegistryError: a packaged contract file is damaged.

    """
    kept = consent_file.read()
    return Facts(
        switches=switches_now(environ),
        consent=kept.consent,
        url=_granted_url(kept.consent) if url is None else url,
        contract_sha256=packaged_contract().sha256 if _granted_url(kept.consent) else "",
        consent_trouble=kept.trouble,
    )


def may_send_now(environ: Mapping[str, str], url: str | None) -> Decision:
    """Return whether a request to `url` may be made at this moment; see `facts_now`."""
    return may_send(facts_now(environ, url))


def _granted_url(consent: Consent | None) -> str:
    return consent.url if consent is not None and consent.state is State.GRANTED else ""
