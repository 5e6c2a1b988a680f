"""`vox-telemetry-sink keys invite`: a one-time code by which a client enrols its own key."""

import secrets
from datetime import timedelta
from typing import Annotated

import typer

from vox_telemetry_sink.cli.keys.grants import (
    Ceiling,
    FamilyNames,
    MaxSensitivity,
    Name,
    ValidDays,
    granted,
)
from vox_telemetry_sink.cli.keys.registry import current_time, say, with_key_store
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.key_rows import Invitation
from vox_telemetry_spec.enrolment import make_code
from vox_telemetry_spec.limits import ENROLMENT_CODE_CHARS, INVITE_EXPIRY_MAX_S
from vox_telemetry_spec.times import format_time

DEFAULT_EXPIRES_HOURS = 24


def invite(  # noqa: PLR0913 -- each is a flag
    *,
    name: Name,
    max_sensitivity: MaxSensitivity = Ceiling.S1,
    family: FamilyNames = None,
    valid_days: ValidDays = None,
    expires_hours: Annotated[
        int,
        typer.Option(
            min=1, max=INVITE_EXPIRY_MAX_S // 3600, help="Hours in which the code is to be used."
        ),
    ] = DEFAULT_EXPIRES_HOURS,
    needs_approval: Annotated[
        bool,
        typer.Option("--needs-approval", help="The key then waits for keys approve to upload."),
    ] = False,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a one-time code for vox-telemetry keys enrol; it is shown once and kept nowhere."""
    now = current_time()
    grant = granted(name, max_sensitivity, family)
    expiry = now + timedelta(hours=expires_hours)
    invitation = Invitation(grant, valid_days, expiry, needs_approval)
    code = make_code(secrets.token_bytes(ENROLMENT_CODE_CHARS))
    code_id = with_key_store(
        database_url, data_dir, lambda store: store.invite(code, invitation, now=now)
    )
    expires_at = format_time(expiry)
    document = {
        "code": code.shown,
        "code_id": code_id,
        "name": grant.name,
        "max_sensitivity": grant.max_sensitivity.value,
        "families": grant.families,
        "valid_days": valid_days,
        "expires_at": expires_at,
        "needs_approval": needs_approval,
    }
    waits = ", which then waits for keys approve" if needs_approval else ""
    text = f"{code.shown}\nfor one key of '{grant.name}', to be used before {expires_at}{waits}"
    say(document, text, as_json=as_json)
