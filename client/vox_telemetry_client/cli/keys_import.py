"""`vox-telemetry keys import`: take in a key that was made elsewhere."""

from typing import Annotated

import typer

from vox_telemetry_client import own_keys
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.key_output import print_jwk
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.cli.secret_input import private_key
from vox_telemetry_client.settings import now


def import_key(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="PKCS#8 PEM, OpenSSH or JWK that only you can read (0600); - for stdin.",
        ),
    ],
    *,
    use: Annotated[
        bool, typer.Option("--use/--no-use", help="Sign with it from now on, or once it is used.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Keep an Ed25519 key from a file in the keyring, and sign with it from now on."""
    known = own_keys.keep(private_key(file), now(), use=use)
    print_jwk(known.jwk, as_json=as_json)
    if not as_json:
        signs = "signs from now on" if use else "signs after: vox-telemetry keys use KEY_ID"
        output.note(
            f"key {known.key_id} is in the keyring and {signs}; the file is as it was, delete it "
            "once you need it no more"
        )
