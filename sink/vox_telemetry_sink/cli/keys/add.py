"""`vox-telemetry-sink keys add`: enrol a public key that somebody brought."""

from datetime import datetime, timedelta
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
from vox_telemetry_sink.cli.keys.registry import (
    current_time,
    read_jwk,
    say,
    with_key_store,
    written,
)
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.errors import SinkError
from vox_telemetry_spec.times import parse_time


def add(  # noqa: PLR0913 -- each is a flag
    jwk: Annotated[
        str, typer.Argument(help="A file with the public JWK (vox-telemetry keys show), or -.")
    ],
    *,
    name: Name,
    max_sensitivity: MaxSensitivity = Ceiling.S1,
    family: FamilyNames = None,
    valid_from: Annotated[
        str | None, typer.Option(help="From when it is good, as 2026-12-01T00:00:00Z.")
    ] = None,
    valid_days: ValidDays = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a client's public key."""
    now = current_time()
    begins = _begin(valid_from)
    ends = None if valid_days is None else (begins or now) + timedelta(days=valid_days)
    grant = granted(name, max_sensitivity, family)._replace(not_before=begins, not_after=ends)
    key = read_jwk(jwk)
    is_new = with_key_store(database_url, data_dir, lambda store: store.add(key, grant, now=now))
    if not is_new:
        raise SinkError(f"key {key.key_id} is enrolled already, see keys list")
    document = {
        "key_id": key.key_id,
        "name": grant.name,
        "max_sensitivity": grant.max_sensitivity.value,
        "families": grant.families,
        "not_before": written(grant.not_before),
        "not_after": written(grant.not_after),
    }
    say(document, f"enrolled {key.key_id}", as_json=as_json)


def _begin(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = parse_time(text)
    if moment is None:
        raise typer.BadParameter(
            "got no time in UTC, expected one as 2026-12-01T00:00:00Z", param_hint="--valid-from"
        )
    return moment
