"""`vox-telemetry upload --dry-run`: every request as it would be sent; nothing is sent."""

import json
import secrets
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from vox_telemetry_client import credentials
from vox_telemetry_client.allowance import Allowance, RunLimits
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.consent import uncovered_note
from vox_telemetry_client.config import Config
from vox_telemetry_client.connecting import connection
from vox_telemetry_client.counting import counted
from vox_telemetry_client.errors import CredentialError, RunLimitError
from vox_telemetry_client.overview import count_before_consent
from vox_telemetry_client.settings import may_send, now, spool_to_read
from vox_telemetry_client.signing import (
    METHOD,
    authorization,
    fresh_nonce,
    signed_headers,
    unsigned_headers,
)
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.state import read_failed_runs
from vox_telemetry_client.transport import Transport
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.strict_json import decode
from vox_telemetry_spec.wire import IngestTarget

_HIDDEN_TOKEN = "***"  # noqa: S105 -- what stands in place of a token


def show_requests(
    config: Config, target: IngestTarget, ca_file: Path | None, limits: RunLimits, *, as_json: bool
) -> None:
    """Print method, URL, headers, size, digest and body of each request; a token is not shown."""
    spool = spool_to_read(config)
    key, remark = _key(config.key_file)
    remarks = [found for found in (remark, *_withheld(spool, target.url)) if found]
    kept: list[dict[str, object]] = []
    count = 0
    with connection(config, target, ca_file) as transport:
        for batch in _batches(spool, limits, remarks):
            request = _request(transport, target, batch, key, config)
            count += 1
            if as_json:
                kept.append(request)
            else:
                _print(request)
    if as_json:
        output.document({"dry_run": True, "requests": kept, "remarks": remarks})
        return
    output.line(f"{counted(count, 'request', 'requests')}, nothing was sent")
    for found in remarks:
        output.note(found)


def _batches(spool: Spool, limits: RunLimits, remarks: list[str]) -> Iterator[Batch]:
    """Yield what an upload with these limits would send if all goes well, in its order."""
    allowance = Allowance(limits)
    failed_before = read_failed_runs(spool.folder.state)
    others = (one for one in spool.all_waiting() if one not in failed_before)
    for batch_id in chain(others, (one for one in sorted(failed_before) if spool.waits(one))):
        batch = spool.approved(batch_id)
        if batch is None:
            continue
        try:
            allowance.batch()
            allowance.request(len(batch.payload), now())
        except RunLimitError as exc:
            remarks.append(str(exc))
            return
        yield batch


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
