"""Give the uploader the real world: keyring, network, clock, randomness and a progress bar."""

import random
import secrets
import time

from vox_telemetry_client import credentials
from vox_telemetry_client.cli.progress import Progress
from vox_telemetry_client.cli.settings import may_send, now, spool
from vox_telemetry_client.config import Config
from vox_telemetry_client.enqueue import producer
from vox_telemetry_client.limits import UPLOAD_LOCK_WAIT_S
from vox_telemetry_client.lock import held
from vox_telemetry_client.report import Report
from vox_telemetry_client.transport import Transport
from vox_telemetry_client.uploader import Sender, Uploader, World
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.wire import IngestTarget, ingest_target


def target_of(config: Config, url: str | None) -> IngestTarget:
    """Return where to send: `url` as given on the command line, else the configured one.

    Raises:
        NotConfiguredError: none is configured.
        UrlRefusedError: telemetry must not be sent there.

    """
    return ingest_target(credentials.upload_url(config) if url is None else url.strip())


def run_upload(config: Config, url: str | None) -> Report:
    """Upload what is pending, as the only process that does.

    Raises:
        NotConfiguredError: no URL, no key or no keyring.
        SpoolBusyError: another upload is running.
        SpoolError: the spool cannot be used.

    """
    target = target_of(config, url)
    sender = Sender.of(
        target, credentials.load_key(config.key_file), credentials.upload_token(config)
    )
    kept = spool(config)
    with (
        held(kept.folder.upload_lock, "an upload", wait_s=UPLOAD_LOCK_WAIT_S),
        Transport(target, user_agent()) as transport,
        Progress(len(kept.waiting())) as progress,
    ):
        return Uploader(kept, sender, _world(transport, progress)).run()


def user_agent() -> str:
    """Return what each request says of the program."""
    made_by = producer()
    return f"{made_by.name}/{made_by.version}"


def _world(transport: Transport, progress: Progress) -> World:
    return World(
        post=transport.post,
        off_reason=may_send,
        now=now,
        sleep=time.sleep,
        random=random.SystemRandom().random,
        random_bytes=secrets.token_bytes,
        contracts=lambda: Contracts(Registry.load()),
        on_outcome=progress.outcome,
        on_wait=progress.wait,
    )
