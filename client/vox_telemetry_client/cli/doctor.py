"""`vox-telemetry doctor`: one line for each check. Sends no event, whatever it finds."""

from typing import Annotated

import typer

from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.doctor.finding import Finding, State
from vox_telemetry_client.enqueuing import producer
from vox_telemetry_client.errors import EXIT_KEPT_OR_REFUSED
from vox_telemetry_client.settings import facts, may_send, now, settings

Offline = Annotated[bool, typer.Option("--offline", help="Ask nothing of the network.")]

_STYLES = {State.OK: "green", State.WARN: "yellow", State.FAIL: "bold red", State.SKIP: "dim"}


def doctor(*, offline: Offline = False, as_json: AsJson = False) -> None:
    """Look at each part that an upload needs; exit 1 if it is off or broken. Sends no event."""
    # X.509 is slow to import, and no other command looks into certificates.
    from vox_telemetry_client.doctor.rounds import examine  # noqa: PLC0415 -- see above
    from vox_telemetry_client.doctor.visit import Surroundings  # noqa: PLC0415 -- likewise

    made_by = producer()
    around = Surroundings(
        settings=settings,
        facts=facts,
        may_send=may_send,
        now=now,
        user_agent=f"{made_by.name}/{made_by.version}",
        offline=offline,
    )
    found = []
    for finding in examine(around):
        found.append(finding)
        if not as_json:
            _print(finding)
    healthy = all(one.state is not State.FAIL for one in found)
    if as_json:
        output.document({"healthy": healthy, "checks": found})
    if not healthy:
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)


def _print(finding: Finding) -> None:
    output.finding(finding.state, f"{finding.id:19}  {finding.found}", _STYLES[finding.state])
    if finding.advice:
        output.line(f"{'':27}→ {finding.advice}")
