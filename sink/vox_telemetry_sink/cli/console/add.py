"""`vox-telemetry-sink console token add`: let somebody look at the console."""

import secrets
from datetime import timedelta
from typing import Annotated

import typer

from vox_telemetry_sink.cli.console.registry import with_token_store
from vox_telemetry_sink.cli.keys.grants import checked_name
from vox_telemetry_sink.cli.keys.registry import current_time, say
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.console.tokens import make_token
from vox_telemetry_sink.console.visitor import Role
from vox_telemetry_spec.limits import (
    CONSOLE_SECRET_BYTES,
    CONSOLE_TOKEN_DEFAULT_DAYS,
    CONSOLE_TOKEN_ID_BYTES,
    CONSOLE_TOKEN_MAX_DAYS,
)
from vox_telemetry_spec.times import format_time


def add(
    *,
    name: Annotated[str, typer.Option(help="Whose token it is; records name it.")],
    role: Annotated[
        Role, typer.Option(help="admin sees keys and changes them, viewer sees aggregates only.")
    ] = Role.VIEWER,
    days: Annotated[
        int, typer.Option(min=1, max=CONSOLE_TOKEN_MAX_DAYS, help="Days that it is good.")
    ] = CONSOLE_TOKEN_DEFAULT_DAYS,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a token for the sign-in page of the console; it is shown once and kept nowhere."""
    now = current_time()
    called, expires = checked_name(name), now + timedelta(days=days)
    token = make_token(
        secrets.token_bytes(CONSOLE_TOKEN_ID_BYTES), secrets.token_bytes(CONSOLE_SECRET_BYTES)
    )
    with_token_store(
        database_url,
        data_dir,
        lambda store: store.add(token, called, role, now=now, expires_at=expires),
    )
    expires_at = format_time(expires)
    document = {
        "token": token.shown,
        "token_id": token.token_id,
        "name": called,
        "role": role.value,
        "expires_at": expires_at,
    }
    text = f"{token.shown}\nfor '{called}' as {role.value}, good until {expires_at}"
    say(document, text, as_json=as_json)
