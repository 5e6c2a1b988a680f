"""`vox-telemetry upload --dry-run`: every request as it would be sent; nothing is sent."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

from vox_telemetry_client import credentials
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.consent import uncovered_note
from vox_telemetry_client.cli.run_upload import user_agent
from vox_telemetry_client.cli.settings import may_send, now, target_of
from vox_telemetry_client.config import Config
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.overview import count_before_consent
from vox_telemetry_client.signing import (
    METHOD,
    authorization,
    fresh_nonce,
    signed_headers,
    unsigned_headers,
)
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.transport import Transport
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.strict_json import decode
from vox_telemetry_spec.wire import IngestTarget

_HIDDEN_TOKEN = "***"  # noqa: S105 -- what stands in place of a token


def show_requests(config: Config, spool: Spool, url: str | None, *, as_json: bool) -> None:
    """Print method, URL, headers, size, digest and body of each request; a token is not shown."""
    target = target_of(config, url)
    key, remark = _key(config.key_file)
    remarks = [found for found in (remark, *_withheld(spool, target.url)) if found]
    with Transport(target, user_agent()) as transport:
        requests = [
            _request(transport, target, batch, key, config)
            for batch_id in spool.all_waiting()
            if (batch := spool.approved(batch_id)) is not None
        ]
    if as_json:
        output.document({"dry_run": True, "requests": requests, "remarks": remarks})
        return
    for request in requests:
        _print(request)
    output.line(f"{len(requests)} requests, nothing was sent")
    for found in remarks:
        output.note(found)


def _withheld(spool: Spool, url: str) -> Iterator[str]:
    """Yield why these requests, or some of them, would not be made now."""
    decision = may_send(url)
    yield decision.reason
    covers_from = decision.covers_from
    if covers_from and (withheld := count_before_consent(spool.folder, covers_from)):
        yield uncovered_note(withheld)


def _key(file: Path | None) -> tuple[SigningKey | None, str | None]:
    try:
        return credentials.load_key(file), None
    except CredentialError as exc:
        return None, f"shown without its signature: {exc}"


def _request(
    transport: Transport,
    target: IngestTarget,
    batch: Batch,
    key: SigningKey | None,
    config: Config,
) -> dict[str, object]:
    headers = (
        unsigned_headers(batch)
        if key is None
        else signed_headers(
            batch,
            target,
            key,
            created=int(now().timestamp()),
            nonce=fresh_nonce(secrets.token_bytes),
        )
    )
    if config.upload_token is not None:
        headers |= authorization(_HIDDEN_TOKEN)
    return {
        "batch_id": batch.batch_id,
        "method": METHOD,
        "url": target.url,
        "headers": transport.all_headers(headers, batch.payload),
        "body_bytes": len(batch.payload),
        "payload_sha256": batch.payload_sha256,
        "body": decode(batch.payload),
    }


def _print(request: dict[str, object]) -> None:
    output.line(f"{request['method']} {request['url']}")
    headers = request["headers"]
    if isinstance(headers, dict):
        for name, value in headers.items():
            output.line(f"{name}: {value}")
    output.line("")
    output.line(json.dumps(request["body"], indent=2, ensure_ascii=False))
    output.line("")
    output.line(
        f"the body is sent as one line of {request['body_bytes']} bytes, "
        f"sha-256 {request['payload_sha256']}"
    )
    output.line("")
