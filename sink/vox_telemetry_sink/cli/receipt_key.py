"""`vox-telemetry-sink receipt-key`: the key that signs receipts."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from vox_telemetry_sink.cli.settings import AsJson, DataDir, settings
from vox_telemetry_sink.config import DATA_DIR, RECEIPT_KEY_FILE, Config
from vox_telemetry_sink.errors import ConfigError
from vox_telemetry_sink.receipt_key import (
    RECEIPT_KEY_NAME,
    generate_receipt_key,
    load_receipt_key,
)
from vox_telemetry_spec.keys import PublicKey

receipt_key = typer.Typer(
    no_args_is_help=True, help="Make or show the key that signs receipts; its public half only."
)


@receipt_key.command(epilog="Example: vox-telemetry-sink receipt-key generate --out receipt.pem")
def generate(
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="A new file, made with mode 0600.")],
    as_json: AsJson = False,
) -> None:
    """Make a receipt key in a new file, for VOX_SINK_RECEIPT_KEY_FILE of every sink."""
    _say(generate_receipt_key(out).public, out, as_json=as_json)


@receipt_key.command(epilog="Example: vox-telemetry-sink receipt-key show --json")
def show(data_dir: DataDir = None, *, as_json: AsJson = False) -> None:
    """Show the public half of the key that signs receipts here."""
    config = Config.from_env(settings({DATA_DIR: data_dir}))
    file = config.receipt_key_file or config.data_dir / RECEIPT_KEY_NAME
    if config.receipt_key_file is None and (config.database_url is not None or not file.exists()):
        raise ConfigError(
            f"no receipt key, so receipts are not signed: set {RECEIPT_KEY_FILE} to what "
            "`vox-telemetry-sink receipt-key generate` makes"
        )
    _say(load_receipt_key(file).public, file, as_json=as_json)


def _say(key: PublicKey, file: Path, *, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode({"key_id": key.key_id, "jwk": key.jwk, "file": str(file)}))
    else:
        typer.echo(f"{key.key_id}  {msgspec.json.encode(key.jwk).decode()}  {file}")
