"""Give the uploader the real world: keyring, network, clock, randomness and a progress bar."""

import random
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from vox_telemetry_client import credentials, key_list
from vox_telemetry_client.allowance import RunLimits
from vox_telemetry_client.cli.connecting import connection
from vox_telemetry_client.cli.interruption import Interruption
from vox_telemetry_client.cli.progress import Progress
from vox_telemetry_client.cli.settings import may_send, now, spool, target_of
from vox_telemetry_client.config import Config
from vox_telemetry_client.limits import SWITCH_POLL_S, UPLOAD_LOCK_WAIT_S
from vox_telemetry_client.lock import held
from vox_telemetry_client.report import Report
from vox_telemetry_client.sink_keys import sink_key_for
from vox_telemetry_client.switches import Decision
from vox_telemetry_client.transport import Transport
from vox_telemetry_client.uploader import Uploader
from vox_telemetry_client.world import Sender, World
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.registry import Registry


def run_upload(config: Config, url: str | None, ca_file: Path | None, limits: RunLimits) -> Report:
    """Upload what is pending, as the only process that does.

    Raises:
        NotConfiguredError: no URL, no consent, no key or no keyring.
        SpoolBusyError: another upload is running.
        SpoolError: the spool cannot be used.

    """
    target = target_of(config, url)
    may_send(target.url).require()
    key = credentials.load_key(config.key_file)
    sender = Sender.of(
        target,
        key,
        credentials.upload_token(config),
        sink_key_for(key_list.read(), key.public.key_id, target),
    )
    kept = spool(config)
    with (
        held(kept.folder.upload_lock, "an upload", wait_s=UPLOAD_LOCK_WAIT_S),
        connection(config, target, ca_file) as transport,
        Interruption(transport.abandon) as interruption,
        Progress(kept.extent()[0]) as progress,
    ):

        def allowed() -> Decision:
            interruption.check()
            return may_send(target.url)

        return Uploader(kept, sender, _world(allowed, transport, progress), limits).run()


def _world(allowed: Callable[[], Decision], transport: Transport, progress: Progress) -> World:
    return World(
        post=transport.post,
        may_send=allowed,
        now=now,
        sleep=lambda pause_s: _sleep(pause_s, allowed),
        random=random.SystemRandom().random,
        random_bytes=secrets.token_bytes,
        contracts=lambda: Contracts(Registry.load()),
        on_outcome=progress.outcome,
        on_wait=progress.wait,
    )


def _sleep(pause_s: float, allowed: Callable[[], Decision]) -> None:
    """Sleep in slices: who withdraws consent should not have to wait for the end of a pause.

    Raises:
        NotConfiguredError: nothing may be sent any more.
        InterruptedRunError: a signal has come.

    """
    until_s = time.monotonic() + pause_s
    while (left_s := until_s - time.monotonic()) > 0:
        allowed().require()
        time.sleep(min(left_s, SWITCH_POLL_S))
