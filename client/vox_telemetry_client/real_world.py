"""Give the uploader the real world: the network, the clock, real pauses, and who sends."""

import random
import secrets
import time
from collections.abc import Callable
from contextlib import suppress

from vox_telemetry_client import credentials, key_list, own_keys
from vox_telemetry_client.config import Config
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.limits import SWITCH_POLL_S
from vox_telemetry_client.report import Outcome, Report
from vox_telemetry_client.settings import now
from vox_telemetry_client.sink_keys import origin_of, sink_key_for
from vox_telemetry_client.switches import Decision
from vox_telemetry_client.transport import Transport
from vox_telemetry_client.world import Sender, World
from vox_telemetry_spec.contracts import Contracts
from vox_telemetry_spec.problems import ProblemType
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.wire import IngestTarget


def real_sender(config: Config, target: IngestTarget) -> Sender:
    """Return who sends to `target`: the current key, the token, and the sink key pinned there.

    Raises:
        CredentialError: no key, no keyring, or it does not answer.
        NotConfiguredError: a blank token, or one that no header can carry.

    """
    key = credentials.load_key(config.key_file)
    pinned = sink_key_for(key_list.read(), key.public.key_id, target)
    token = credentials.upload_token(config)
    return Sender.of(target, key, token, pinned, in_file=config.key_file is not None)


def real_world(
    transport: Transport,
    allowed: Callable[[], Decision],
    *,
    on_outcome: Callable[[Outcome], None],
    on_wait: Callable[[float, str], None],
) -> World:
    """Return it; `allowed` is asked before each request and about once a second in a pause."""
    return World(
        post=transport.post,
        may_send=allowed,
        now=now,
        sleep=lambda pause_s: _sleep(pause_s, allowed),
        random=random.SystemRandom().random,
        random_bytes=secrets.token_bytes,
        contracts=lambda: Contracts(Registry.load()),
        on_outcome=on_outcome,
        on_wait=on_wait,
    )


def remember_answer(report: Report, sender: Sender) -> None:
    """Write down, where the sink took a batch or called the key revoked, how it stands with it.

    A list that cannot be written goes on saying what it said, which keeps nothing from being sent.
    """
    revoked = report.stopped_by == ProblemType.KEY_REVOKED.uri
    if report.took_one or revoked:
        with suppress(CredentialError):
            own_keys.answered(sender.key.public.key_id, origin_of(sender.target), revoked=revoked)


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
