"""`vox-telemetry check`: may these events be sent? Keeps nothing, sends nothing."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from vox_telemetry_client.check import Checked, Refusal, Rules, check_inputs
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.settings import AsJson, now, settings
from vox_telemetry_client.errors import EXIT_KEPT_OR_REFUSED, NotConfiguredError
from vox_telemetry_client.limits import REFUSED_SHOWN_MAX_LINES
from vox_telemetry_client.reading import NotJsonError
from vox_telemetry_spec.taxonomy import SensitivityClass, TransmissionClass

if TYPE_CHECKING:
    from vox_telemetry_spec.checking import Checker

Files = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="JSON array, JSON object or JSON Lines; - for stdin."),
]


def check(files: Files, *, as_json: AsJson = False) -> None:
    """Check events against the contract and the forbidden-field rules; exit 1 if one is refused."""
    checked = run_check(files)
    if as_json:
        output.document(counts(checked) | refusals(checked, files))
    else:
        print_refused(checked.refused)
        output.line(f"{len(checked.accepted)} of {checked.events} events may be sent")
    if checked.refused:
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)


def run_check(files: Sequence[str]) -> Checked:
    """Check the inputs against the packaged contract."""
    # Compiling the contract takes longer than the rest of most commands: only these need it.
    from vox_telemetry_spec.checking import Checker  # noqa: PLC0415 -- see above

    return check_inputs(files, rules_of(Checker.load()))


def rules_of(checker: "Checker") -> Rules:
    """Return what events are checked against here and now."""
    return Rules(checker, now(), _opted_in(checker))


def _opted_in(checker: "Checker") -> frozenset[str]:
    """Return the families of S2 that the user's configuration names."""
    named = settings().opt_in_s2
    known = {
        family.family
        for family in checker.contracts.registry.families
        if family.sensitivity_class is SensitivityClass.S2
        and family.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
    }
    if named - known:
        raise NotConfiguredError(
            f"opt_in_s2 in the user's configuration names {min(named - known)!a}, "
            f"expected families of S2: {', '.join(sorted(known))}"
        )
    return named


def counts(checked: Checked) -> dict[str, object]:
    """Return the first two members of the document."""
    return {"events": checked.events, "accepted": len(checked.accepted)}


def refusals(checked: Checked, files: Sequence[str]) -> dict[str, object]:
    """Return what was refused; the file is named only where there is more than one."""
    shown: dict[str, object] = {
        "refused": [_row(refusal, with_file=len(files) > 1) for refusal in checked.refused]
    }
    if checked.not_json:
        shown["error"] = {"kind": NotJsonError.kind, "message": str(checked.not_json[0])}
    return shown


def print_refused(refused: Sequence[Refusal]) -> None:
    """Print one line for each refusal, up to a screenful."""
    for refusal in refused[:REFUSED_SHOWN_MAX_LINES]:
        output.note(f"refused {refusal}")
    more = len(refused) - REFUSED_SHOWN_MAX_LINES
    if more > 0:
        output.note(f"… and {more} more; --json lists all")


def _row(refusal: Refusal, *, with_file: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "event": refusal.event,
        "pointer": refusal.pointer,
        "rule": refusal.rule,
    }
    return {"file": refusal.file, **row} if with_file else row
