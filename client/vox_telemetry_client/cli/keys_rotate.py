"""`vox-telemetry keys rotate` and `use`: from one key to the next without a refused upload."""

from typing import Annotated

import typer

from vox_telemetry_client import credentials, key_list, own_keys
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.keys_enrol import CodeFile, Url, enrol_key, next_waits
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.config import KEY_FILE
from vox_telemetry_client.errors import CredentialError
from vox_telemetry_client.limits import KEY_OVERLAP_DEFAULT_H, KEY_OVERLAP_MAX_H
from vox_telemetry_client.settings import now, settings

OverlapHours = Annotated[
    int,
    typer.Option(min=0, max=KEY_OVERLAP_MAX_H, help="Keep the key that signed so far this long."),
]


def use(
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID", help="A key id from `keys list`.")],
    *,
    overlap_hours: OverlapHours = KEY_OVERLAP_DEFAULT_H,
    as_json: AsJson = False,
) -> None:
    """Sign with this key from now on; the sink must know it, or it refuses what comes."""
    before = key_list.read().current
    current = own_keys.use(key_id, now(), overlap_hours).current
    _say(current, before, next_key=None, as_json=as_json)
    if settings().key_file is not None and not as_json:
        output.note(f"but {KEY_FILE} is set: its key signs")


def rotate(
    *,
    enrol: Annotated[
        bool, typer.Option("--enrol", help="Ask for a one-time code and enrol the new key with it.")
    ] = False,
    code_file: CodeFile = None,
    url: Url = None,
    overlap_hours: OverlapHours = KEY_OVERLAP_DEFAULT_H,
    as_json: AsJson = False,
) -> None:
    """Make the next key; it signs once it is enrolled, and the old one is kept for an overlap."""
    config = settings()
    if config.key_file is not None:
        raise CredentialError(
            f"{KEY_FILE} is set: make the next key with `keys generate --file`, enrol it with the "
            "variable set to that file, and leave it so"
        )
    keys = key_list.read()
    before = keys.find(keys.current).key_id
    # A next key that waits is the one: an enrolment whose answer was lost is asked for again.
    key_id = (keys.next() or own_keys.generate(now(), use=False)).key_id
    if enrol or code_file is not None:
        if not as_json:
            output.note(f"the next key is {key_id}")
        key = credentials.load_key(None, key_id)
        enrol_key(config, key, url=url, code_file=code_file, overlap_h=overlap_hours)
    current = key_list.read().current
    _say(current, before, next_key=None if current == key_id else key_id, as_json=as_json)


def _say(current: str | None, before: str | None, next_key: str | None, *, as_json: bool) -> None:
    keys = key_list.read()
    until = next((key.retiring_until for key in keys.keys if key.key_id == before), None)
    if as_json:
        output.document(
            {"current": current, "next": next_key, "before": before, "retiring_until": until}
        )
        return
    output.line(f"{current} signs{' from now on' if current != before else ''}")
    if next_key is not None:
        if keys.find(next_key).waits_for_approval:
            output.line(f"{next_key} is next, and waits for approval")
            output.note(next_waits(current, next_key))
            return
        output.line(f"{next_key} is next, and signs once it is enrolled")
        output.note(
            "enrol it: `vox-telemetry keys enrol`; or give the sink's operator what "
            f"`vox-telemetry keys show {next_key}` prints (vox-telemetry-sink keys rotate), and "
            f"then run `vox-telemetry keys use {next_key}`"
        )
    if current != before and before is not None:
        output.note(f"{before} is kept until {until} and then may be removed")
