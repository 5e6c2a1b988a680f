"""May anything be sent? Pure; asked again before every request.

Consent and the organisation's policy file will be further reasons here.
"""

from collections.abc import Mapping

from vox_telemetry_client.config import DO_NOT_TRACK, MASTER_SWITCH

_OFF = frozenset({"off", "0", "false"})
_NO_WISH = frozenset({"", "0", "false"})


def off_reason(environ: Mapping[str, str]) -> str | None:
    """Return why nothing may be sent, or None when sending is allowed."""
    switch = environ.get(MASTER_SWITCH, "").strip()
    if switch.lower() in _OFF:
        return f"{MASTER_SWITCH} is '{switch}': telemetry is switched off, unset it to send"
    if environ.get(DO_NOT_TRACK, "").strip().lower() not in _NO_WISH:
        return f"{DO_NOT_TRACK} is set: nothing is sent, unset it to send"
    return None
