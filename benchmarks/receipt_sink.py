"""The cheapest sink that gives right receipts: what it takes is the client's time, or httpx's.

A process of its own with one connection at a time, on loopback. It hashes what comes, as a receipt
must name it, and believes the caller how many events a batch has; it verifies and stores nothing.

    python benchmarks/receipt_sink.py EVENTS_PER_BATCH [PRIVATE_JWK]
"""

import hashlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.receipt_signature import sign_receipt
from vox_telemetry_spec.structured_fields import parse_dictionary
from vox_telemetry_spec.wire import RECEIPT_MEDIA_TYPE

STOPPED_WITHIN_S = 10
READ_BYTES = 1 << 20
RECEIPT = (
    '{"schema":"vox.usage-receipt.v1","batch_id":"%s","payload_sha256":"%s","event_count":%d,'
    '"received_at":"2026-11-22T12:00:00.000Z"}'
)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SIGNATURE = re.compile(rb"\r\nsignature: *([^\r]+)", re.IGNORECASE)
_BATCH_ID = re.compile(rb'"batch_id": ?"([0-9a-f-]{36})"')


@dataclass(frozen=True)
class ReceiptSink:
    """Where it listens, and the key that it signs with, if it does."""

    url: str
    key: SigningKey | None


@contextmanager
def receipt_sink(events_per_batch: int, key: SigningKey | None = None) -> Iterator[ReceiptSink]:
    """Run one until the block ends."""
    secret = () if key is None else (key.private_jwk(),)
    process = subprocess.Popen(  # noqa: S603 -- our own programs, no shell
        [sys.executable, Path(__file__), str(events_per_batch), *secret],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            port = (process.stdout or sys.exit("no pipe")).readline().strip()
            yield ReceiptSink(f"http://127.0.0.1:{port}", key)
        finally:
            process.terminate()
            process.wait(STOPPED_WITHIN_S)


def serve(events_per_batch: int, key: SigningKey | None) -> None:
    """Answer one connection after the other, until the process is ended."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for head, body in requests_of(connection):
                    connection.sendall(answer(head, body, events_per_batch, key))


def requests_of(connection: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """Yield head and body of each request, until the other end closes."""
    held = b""
    while True:
        while b"\r\n\r\n" not in held:
            more = connection.recv(READ_BYTES)
            if not more:
                return
            held += more
        head, _, body = held.partition(b"\r\n\r\n")
        found = _LENGTH.search(head)
        length = int(found[1]) if found else 0
        chunks, missing = [body], length - len(body)
        while missing > 0:
            chunks.append(connection.recv(READ_BYTES))
            missing -= len(chunks[-1]) or sys.exit("a request broke off")
        whole = b"".join(chunks)
        held = whole[length:]
        yield head, whole[:length]


def answer(head: bytes, body: bytes, events: int, key: SigningKey | None) -> bytes:
    """Return 201 with the receipt for these bytes."""
    found = _BATCH_ID.search(body, 0, 512)
    batch_id = found[1].decode() if found else sys.exit("no batch")
    receipt = (RECEIPT % (batch_id, hashlib.sha256(body).hexdigest(), events)).encode()
    fields = {"content-type": RECEIPT_MEDIA_TYPE, "content-length": str(len(receipt))}
    signed = _SIGNATURE.search(head)
    if key is not None and signed is not None:
        ((label, (signature, _)),) = parse_dictionary("Signature", signed[1].decode()).items()
        request = label, bytes(signature)  # type: ignore[arg-type]  # signatures are bytes
        fields |= sign_receipt(receipt, 201, request, key, created=int(time.time()))
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\r\n".join(["HTTP/1.1 201 Created", *lines, "", ""]).encode() + receipt


if __name__ == "__main__":
    serve(int(sys.argv[1]), SigningKey.from_private_jwk(sys.argv[2]) if sys.argv[2:] else None)
