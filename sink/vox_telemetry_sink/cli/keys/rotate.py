"""`vox-telemetry-sink keys rotate`: a new key in place of an old one, both good for a while."""

from datetime import timedelta
from typing import Annotated

import typer

from vox_telemetry_sink.cli.keys.registry import (
    current_time,
    key_document,
    read_jwk,
    say,
    with_key_store,
    written,
)
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.key_rows import Rotation
from vox_telemetry_spec.limits import KEY_VALIDITY_MAX_DAYS, ROTATION_OVERLAP_MAX_S

DEFAULT_OVERLAP_HOURS = 72  # a long weekend: what is queued is sent with the old key until then


def rotate(  # noqa: PLR0913 -- each is a flag
    old: Annotated[str, typer.Argument(help="The key id that is to end.")],
    new_jwk: Annotated[str, typer.Argument(help="A file with the new public JWK, or -.")],
    *,
    overlap_hours: Annotated[
        int,
        typer.Option(
            min=0, max=ROTATION_OVERLAP_MAX_S // 3600, help="Hours that both keys are good."
        ),
    ] = DEFAULT_OVERLAP_HOURS,
    valid_days: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=KEY_VALIDITY_MAX_DAYS,
            help="Days that the new key is good; without, it ends when the old one would have.",
        ),
    ] = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a new key with the name and rights of an old one, which ends after an overlap."""
    now = current_time()
    overlap = timedelta(hours=overlap_hours)
    rotation = Rotation(old, read_jwk(new_jwk), overlap, valid_days)
    ending, enrolled = with_key_store(
        database_url, data_dir, lambda store: store.rotate(rotation, now=now)
    )
    document = {"old": key_document(ending, now), "new": key_document(enrolled, now)}
    text = f"enrolled {enrolled.key_id}; {old} is good until {written(ending.not_after)}"
    say(document, text, as_json=as_json)
