"""`vox-telemetry-sink console token list`: every token and the state that it is in."""

from typing import Final

from vox_telemetry_sink.cli.console.registry import with_token_store
from vox_telemetry_sink.cli.keys.registry import current_time, say, written
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.console.tokens import ListedToken
from vox_telemetry_spec.times import format_time

_BORDER: Final = {"good": "until", "expired": "since", "revoked": "since"}


def list_(
    database_url: DatabaseUrl = None, data_dir: DataDir = None, *, as_json: AsJson = False
) -> None:
    """List the tokens of the console, the oldest first; what they open with is kept nowhere."""
    now = current_time()
    tokens = with_token_store(database_url, data_dir, lambda store: store.list_all())
    document = {
        "tokens": [
            {
                "token_id": token.token_id,
                "name": token.name,
                "role": token.role,
                "state": token.state(now),
                "made_at": format_time(token.made_at),
                "expires_at": format_time(token.expires_at),
                "revoked_at": written(token.revoked_at),
            }
            for token in tokens
        ]
    }
    lines = [_line(token, token.state(now)) for token in tokens]
    say(document, "\n".join(lines) or "there is no token", as_json=as_json)


def _line(token: ListedToken, state: str) -> str:
    until = format_time(token.revoked_at or token.expires_at)
    return f"{token.token_id}  {token.role:6}  {token.name}  {state}, {_BORDER[state]} {until}"
