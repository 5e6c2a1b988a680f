"""`vox-telemetry check`: may these events be sent? Keeps nothing, sends nothing."""

import secrets
from typing import Annotated

import typer

from vox_telemetry_client.check import Check
from vox_telemetry_client.cli import output, verdict
from vox_telemetry_client.cli.collecting import uncollected
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.cli.progress import EventsProgress
from vox_telemetry_client.cli.rules import repair_with, rules
from vox_telemetry_client.counting import n_events
from vox_telemetry_client.errors import EXIT_KEPT_OR_REFUSED
from vox_telemetry_client.inputs import find_inputs
from vox_telemetry_client.repair import OnForbidden
from vox_telemetry_spec.limits import SALT_MIN_BYTES

EXAMPLES = """Examples:

vox-telemetry check events.jsonl

vox-telemetry check runs/ 'other/**/*.json'

vox-telemetry check --on-forbidden omit --json -
"""


def check(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help=verdict.FILES_HELP)],
    *,
    on_forbidden: verdict.OnForbiddenOption = OnForbidden.REFUSE,
    as_json: AsJson = False,
) -> None:
    """Check events against the contract and the forbidden-field rules; exit 1 if one is refused."""
    inputs = find_inputs(files)
    # Asked is only whether a hash is admitted: any salt tells that, and none has to be kept.
    repair = repair_with(on_forbidden, lambda: secrets.token_bytes(SALT_MIN_BYTES))
    with EventsProgress.of_files(inputs.names, shown=not as_json) as progress, uncollected():
        checked = Check(rules(repair), on_run=progress.run).inputs(inputs.names)
    if as_json:
        output.document(
            {"events": checked.events, "accepted": checked.accepted}
            | inputs.members()
            | verdict.members(checked, on_forbidden, with_file=inputs.are_several)
        )
    else:
        inputs.tell(output.note)
        verdict.tell(checked)
        output.line(f"{checked.accepted} of {n_events(checked.events)} may be sent")
    if checked.refused:
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)
