"""`vox-telemetry keys`: the signing keys, whose private halves stay in the keyring."""

from typing import Annotated

import msgspec
import typer

from vox_telemetry_client import credentials, key_list
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.settings import AsJson, now
from vox_telemetry_client.key_list import KnownKey

app = typer.Typer(help="Make, show and remove signing keys (Ed25519).", no_args_is_help=True)

KeyId = Annotated[str, typer.Argument(metavar="KEY_ID", help="A key id from `keys list`.")]


@app.command()
def generate(*, as_json: AsJson = False) -> None:
    """Make a key, keep it in the keyring, and sign with it from now on."""
    key = credentials.generate_key(now())
    _print_key(key, as_json=as_json)
    if not as_json:
        output.note(
            f"key {key.key_id} is in the keyring and signs from now on; give the line above to "
            "the sink's operator: vox-telemetry-sink keys add - --name NAME"
        )


@app.command()
def show(
    key_id: Annotated[
        str | None, typer.Argument(metavar="[KEY_ID]", help="A key id; default: the current key.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print a key's public JWK; its `kid` is the key id."""
    _print_key(key_list.read().find(key_id), as_json=as_json)


@app.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """List the keys; the current one signs."""
    known = key_list.read()
    if as_json:
        output.document(
            {
                "keys": [
                    {
                        "key_id": key.key_id,
                        "created_at": key.created_at,
                        "current": key.key_id == known.current,
                    }
                    for key in known.keys
                ]
            }
        )
        return
    if not known.keys:
        output.note("no keys yet, make one: vox-telemetry keys generate")
        return
    output.table(
        ("KEY ID", "MADE", ""),
        [
            (key.key_id, key.created_at, "current" if key.key_id == known.current else "")
            for key in known.keys
        ],
    )


@app.command()
def remove(key_id: KeyId, *, as_json: AsJson = False) -> None:
    """Delete a key from the keyring, for ever."""
    current = credentials.remove_key(key_id)
    if as_json:
        output.document({"removed": key_id, "current": current})
        return
    output.line(f"removed {key_id}; revoke it at the sink: vox-telemetry-sink keys revoke {key_id}")
    output.note(
        f"{current} signs from now on"
        if current
        else "no key is left, make one: vox-telemetry keys generate"
    )


def _print_key(key: KnownKey, *, as_json: bool) -> None:
    if as_json:
        output.document({"key_id": key.key_id, "jwk": key.jwk})
    else:
        output.line(msgspec.json.encode(key.jwk).decode())
