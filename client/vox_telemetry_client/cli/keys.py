"""`vox-telemetry keys`: the signing keys, whose private halves stay where they are kept."""

from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_client import credentials, key_list, own_keys
from vox_telemetry_client.cli import completion, output
from vox_telemetry_client.cli.key_output import (
    ADD_AT_SINK,
    TAKES_KEY_ID,
    enrolment_text,
    print_jwk,
    public_jwk,
    rows,
    state_text,
)
from vox_telemetry_client.cli.keys_enrol import enrol
from vox_telemetry_client.cli.keys_import import import_key
from vox_telemetry_client.cli.keys_rotate import rotate, use
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.settings import now, settings

app = typer.Typer(
    help="Make, enrol, rotate and remove signing keys (Ed25519).", no_args_is_help=True
)

KeyId = Annotated[
    str,
    typer.Argument(
        metavar="KEY_ID", help="A key id from `keys list`.", autocompletion=completion.keys
    ),
]


@app.command(
    epilog="Example: vox-telemetry keys generate. On a server without a keyring: "
    "vox-telemetry keys generate --file /etc/vox/telemetry-key.jwk"
)
def generate(
    *,
    file: Annotated[
        Path | None,
        typer.Option(help="Write the key into this new file (0600), not into the keyring."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, keep it in the keyring, and sign with it from now on."""
    if file is not None:
        key = own_keys.generate_file(file)
        print_jwk(public_jwk(key.public), as_json=as_json)
        kept = f"in {file}; set VOX_TELEMETRY_KEY_FILE={file.absolute()} to sign with it"
    else:
        known = own_keys.generate(now(), use=True)
        print_jwk(known.jwk, as_json=as_json)
        kept = "in the keyring and signs from now on"
    if not as_json:
        output.note(
            f"the key is {kept}; enrol it with a one-time code (vox-telemetry keys enrol), or give "
            f"the line above to the sink's operator: {ADD_AT_SINK}"
        )


app.command("import", epilog="Example: vox-telemetry keys import --no-use ~/.ssh/telemetry")(
    import_key
)


@app.command(
    epilog="Example: vox-telemetry keys show | ssh sink vox-telemetry-sink keys add -",
    context_settings=TAKES_KEY_ID,
)
def show(
    key_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[KEY_ID]",
            help="A key id; default: the key that signs.",
            autocompletion=completion.keys,
        ),
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print a key's public JWK; its `kid` is the key id."""
    file = settings().key_file
    if key_id is None and file is not None:
        print_jwk(public_jwk(credentials.load_key(file).public), as_json=as_json)
    else:
        print_jwk(key_list.read().find(key_id).jwk, as_json=as_json)


@app.command("list")
def list_keys(*, as_json: AsJson = False) -> None:
    """List the keys; the current one signs."""
    file = settings().key_file
    in_file = None if file is None else credentials.load_key(file).public
    found = rows(key_list.read(), now(), in_file)
    if as_json:
        output.document({"keys": found})
    elif not found:
        output.note("no keys yet, make one: vox-telemetry keys generate")
    else:
        output.table(
            ("KEY ID", "MADE", "STATE", "ENROLLED"),
            [
                (
                    str(row["key_id"]),
                    str(row["created_at"] or "-"),
                    state_text(row),
                    enrolment_text(row),
                )
                for row in found
            ],
        )


app.command(epilog="Example: vox-telemetry keys use KEY_ID", context_settings=TAKES_KEY_ID)(use)
app.command(epilog="Example: vox-telemetry keys rotate --enrol")(rotate)
app.command(
    epilog="Example: vox-telemetry keys enrol --code-file /run/secrets/vox-code",
    context_settings=TAKES_KEY_ID,
)(enrol)


@app.command(context_settings=TAKES_KEY_ID)
def remove(key_id: KeyId, *, as_json: AsJson = False) -> None:
    """Delete a key from the keyring, for ever."""
    in_file = key_list.read().find(key_id).file
    current = own_keys.remove(key_id)
    if as_json:
        output.document({"removed": key_id, "current": current})
        return
    output.line(f"removed {key_id}; revoke it at the sink: vox-telemetry-sink keys revoke {key_id}")
    if in_file:
        output.note(f"its file {in_file} is still there: delete it yourself")
    output.note(
        f"{current} signs from now on"
        if current
        else "no key is left, make one: vox-telemetry keys generate"
    )
