"""The upload of the command line: one run with a progress bar, which signals end in order."""

from pathlib import Path

from vox_telemetry_client.allowance import RunLimits
from vox_telemetry_client.cli.interruption import Interruption
from vox_telemetry_client.cli.progress import Progress
from vox_telemetry_client.config import Config
from vox_telemetry_client.connecting import connection
from vox_telemetry_client.limits import UPLOAD_LOCK_WAIT_S
from vox_telemetry_client.lock import held
from vox_telemetry_client.real_world import real_sender, real_world, remember_answer
from vox_telemetry_client.report import Report
from vox_telemetry_client.settings import may_send, spool, target_of
from vox_telemetry_client.switches import Decision
from vox_telemetry_client.uploader import Uploader


def run_upload(config: Config, url: str | None, ca_file: Path | None, limits: RunLimits) -> Report:
    """Upload what is pending, as the only process that does.

    Raises:
        NotConfiguredError: no URL, no consent, no key or no keyring.
        SpoolBusyError: another upload is running.
        SpoolError: the spool cannot be used.

    """
    target = target_of(config, url)
    may_send(target.url).require()
    sender = real_sender(config, target)
    kept = spool(config)
    with (
        held(kept.folder.upload_lock, "an upload", wait_s=UPLOAD_LOCK_WAIT_S),
        connection(config, target, ca_file) as transport,
        Interruption(transport.abandon) as interruption,
        Progress(lambda: kept.extent()[0]) as progress,
    ):

        def allowed() -> Decision:
            interruption.check()
            return may_send(target.url)

        world = real_world(transport, allowed, on_outcome=progress.outcome, on_wait=progress.wait)
        report = Uploader(kept, sender, world, limits).run()
    remember_answer(report, sender)
    return report
