"""What events are checked against, here and now, and what is done with those that are refused."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from vox_telemetry_client.check import Rules
from vox_telemetry_client.errors import NotConfiguredError
from vox_telemetry_client.repair import OnForbidden, Repair
from vox_telemetry_client.settings import now, settings
from vox_telemetry_spec.redaction import keyed_hash
from vox_telemetry_spec.taxonomy import SensitivityClass, TransmissionClass

if TYPE_CHECKING:
    from vox_telemetry_spec.checking import Checker


def rules(repair: Repair) -> Rules:
    """Return the packaged contract, the clock, and the families that the user has opted in."""
    # Compiling the contract takes longer than the rest of most commands: only these need it.
    from vox_telemetry_spec.checking import Checker  # noqa: PLC0415 -- see above

    checker = Checker.load()
    return Rules(checker, now(), _opted_in(checker), repair)


def repair_with(on_forbidden: OnForbidden, salt: Callable[[], bytes]) -> Repair:
    """Return what is done about forbidden fields; `salt` is asked for once, and only if needed."""
    salt = cache(salt)
    return Repair(on_forbidden, lambda value: keyed_hash(value, salt()))


def _opted_in(checker: "Checker") -> frozenset[str]:
    """Return the families of S2 that the user's configuration names."""
    named = settings().opt_in_s2
    known = {
        family.family
        for family in checker.contracts.registry.families
        if family.sensitivity_class is SensitivityClass.S2
        and family.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
    }
    if named - known:
        raise NotConfiguredError(
            f"opt_in_s2 in the user's configuration names {min(named - known)!a}, "
            f"expected families of S2: {', '.join(sorted(known))}"
        )
    return named
