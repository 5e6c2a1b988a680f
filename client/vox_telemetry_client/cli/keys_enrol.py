"""`vox-telemetry keys enrol`: make a key known to the sink with a one-time code.

No event is sent, so no consent to sending events is asked for; every off switch is obeyed.
"""

import secrets
from typing import Annotated

import msgspec
import typer

from vox_telemetry_client import credentials, key_list, own_keys
from vox_telemetry_client.advising import ASK_FOR_APPROVAL
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.cli.secret_input import one_time_code
from vox_telemetry_client.config import KEY_FILE, Config
from vox_telemetry_client.errors import CredentialError, SwitchedOffError
from vox_telemetry_client.key_list import Enrolment, KeyList
from vox_telemetry_client.limits import KEY_OVERLAP_DEFAULT_H
from vox_telemetry_client.settings import all_off, now, settings, target_of
from vox_telemetry_client.sink_keys import origin_of
from vox_telemetry_spec.enrolment import EnrolmentCode, EnrolmentReceipt, read_code
from vox_telemetry_spec.errors import EnrolmentRefusedError
from vox_telemetry_spec.keys import SigningKey
from vox_telemetry_spec.wire import IngestTarget, keys_target

CodeFile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Read the one-time code from here, - for stdin; default: ask for it."
    ),
]
Url = Annotated[
    str | None, typer.Option(help="The upload URL of the sink, instead of the configured one.")
]


def enrol(
    key_id: Annotated[
        str | None,
        typer.Argument(
            metavar="[KEY_ID]", help="A key id; default: the next key, else the one that signs."
        ),
    ] = None,
    *,
    url: Url = None,
    code_file: CodeFile = None,
    as_json: AsJson = False,
) -> None:
    """Send a public key to the sink with a one-time code; a next key signs once it is good."""
    config = settings()
    key = _key(config, key_id)
    keys = enrol_key(config, key, url=url, code_file=code_file, overlap_h=KEY_OVERLAP_DEFAULT_H)
    known = keys.find(key.public.key_id)
    signs = config.key_file is not None or keys.current == known.key_id
    if known.waits_for_approval and not signs:
        output.note(next_waits(keys.current, known.key_id))
    if as_json:
        output.document(
            {"key_id": known.key_id, "enrolment": known.enrolment, "current": keys.current}
        )
    elif config.key_file is None and keys.current == known.key_id:
        output.line(f"{known.key_id} signs from now on")


def enrol_key(
    config: Config, key: SigningKey, *, url: str | None, code_file: str | None, overlap_h: int
) -> KeyList:
    """Enrol a key, write down what the sink says, and return the list that then holds.

    Raises:
        SwitchedOffError: a switch is off; nobody was asked for the code.
        EnrolmentError: the sink did not enrol it, or nobody knows.
        NotConfiguredError: no URL, no code, or a list that cannot be written.

    """
    _require_on()
    target = keys_target(target_of(config, url))
    key_list.read()  # one that cannot be read is told before the code is used up
    receipt = _sent(config, key, target, _code(code_file))
    enrolment = _enrolment(receipt, target)
    output.note(f"{key.public.key_id} is enrolled at {enrolment.origin} as {enrolment.name}")
    if enrolment.waits_for_approval:
        ask = ASK_FOR_APPROVAL.format(key_id=key.public.key_id)
        output.note(f"it waits for approval, and nothing that it signs is taken until then: {ask}")
    try:
        return own_keys.enrolled(key, enrolment, now(), file=config.key_file, overlap_h=overlap_h)
    except CredentialError as exc:
        raise CredentialError(
            f"the sink has enrolled the key, but {exc}; then run this again with the same code"
        ) from exc


def next_waits(current: str | None, key_id: str) -> str:
    """Return how it goes on where the next key is enrolled and waits for approval."""
    return (
        f"{current} signs until then; once {key_id} is approved, enrol it again with the same code "
        f"(`vox-telemetry keys enrol`), or run `vox-telemetry keys use {key_id}`"
    )


def _require_on() -> None:
    """Check every off switch; consent is to events, and an enrolment sends none.

    Raises:
        SwitchedOffError: one is off.

    """
    forbidden = all_off()
    if forbidden is not None:
        raise SwitchedOffError(forbidden.reason)


def _sent(
    config: Config, key: SigningKey, target: IngestTarget, code: EnrolmentCode
) -> EnrolmentReceipt:
    from vox_telemetry_client.connecting import connection  # noqa: PLC0415 -- httpx is slow
    from vox_telemetry_client.enrolling import Enroller, World  # noqa: PLC0415 -- likewise

    enroller = Enroller(key, code, target, credentials.upload_token(config))
    with connection(config, target) as transport:
        world = World(transport.post, _require_on, now, secrets.token_bytes)
        done = enroller.run(world)
    if done.clock_offset_s is not None:
        output.note(
            f"this machine's clock is {-done.clock_offset_s:+.0f} s off the sink's: signed with "
            "the sink's time, set the clock"
        )
    return done.receipt


def _code(code_file: str | None) -> EnrolmentCode:
    typed = one_time_code(code_file)
    try:
        return read_code(typed.reveal())
    except EnrolmentRefusedError as exc:
        reason = str(exc)
    # Outside of the clause: the frame in which it failed holds what was typed.
    raise CredentialError(reason)


def _key(config: Config, key_id: str | None) -> SigningKey:
    file = config.key_file
    if file is None:
        waits = key_list.read().next()
        return credentials.load_key(None, key_id or (waits.key_id if waits else None))
    key = credentials.load_key(file)
    if key_id not in (None, key.public.key_id):
        raise CredentialError(
            f"{KEY_FILE} names the key {key.public.key_id}: unset it to enrol another"
        )
    return key


def _enrolment(receipt: EnrolmentReceipt, target: IngestTarget) -> Enrolment:
    return Enrolment(
        enrolled_at=receipt.enrolled_at,
        origin=origin_of(target),
        name=receipt.name,
        max_sensitivity=receipt.max_sensitivity,
        families=receipt.families,
        not_after=receipt.not_after,
        sink_key=None if receipt.sink_key is None else msgspec.to_builtins(receipt.sink_key),
        waits_for_approval=receipt.approved_at is None,
    )
