"""`vox-telemetry prune`: what the retention policy takes from a local database, and taking it."""

from pathlib import Path
from typing import Annotated

import typer

from vox_telemetry_client import pruning
from vox_telemetry_client.cli import output
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.cli.record import Db
from vox_telemetry_client.counting import counted
from vox_telemetry_client.database import Database
from vox_telemetry_client.errors import (
    InputRefusedError,
    os_words,
)
from vox_telemetry_client.files import read_at_most
from vox_telemetry_client.journal_lines import Pruned
from vox_telemetry_client.limits import POLICY_MAX_BYTES, PRUNE_WAIT_S
from vox_telemetry_client.pruning import Plan, TablePlan
from vox_telemetry_client.settings import now, settings, spool
from vox_telemetry_spec.retention import POLICY_PATH, RetentionRule, load_policy, parse_policy
from vox_telemetry_spec.times import format_time

app = typer.Typer(help="Delete old rows by the retention policy.", no_args_is_help=True)

Policy = Annotated[Path | None, typer.Option(help="A retention policy; default: the packaged one.")]


@app.command("plan")
def plan(*, policy: Policy = None, db: Db = None, as_json: AsJson = False) -> None:
    """Count the rows that are older than the policy allows; changes nothing."""
    origin, rules = _rules(policy)
    with Database(db or settings().store, mode="ro", wait_s=PRUNE_WAIT_S) as database:
        found = pruning.plan(database, rules, now())
    if as_json:
        output.document(
            {
                "policy": origin,
                "tables": [_row(one) for one in found.tables],
                "without_rule": found.without_rule,
            }
        )
    else:
        _print(found)


@app.command("apply")
def apply(
    *,
    i_understand: Annotated[
        bool, typer.Option("--i-understand", help="Really delete; there is no way back.")
    ] = False,
    policy: Policy = None,
    db: Db = None,
    as_json: AsJson = False,
) -> None:
    """Delete the rows that `plan` counts, all or nothing, with a line in the journal."""
    if not i_understand:
        raise typer.BadParameter(
            "refusing prune apply without --i-understand; nothing was touched, "
            "look at: vox-telemetry prune plan"
        )
    origin, rules = _rules(policy)
    config = settings()
    path = db or config.store
    at = now()

    def record(counts: dict[str, int]) -> None:
        spool(config).pruned(Pruned(format_time(at), str(path), origin, counts))

    with Database(path, mode="rw", wait_s=PRUNE_WAIT_S) as database:
        counts = pruning.apply(database, rules, at, record)
    if as_json:
        output.document({"policy": origin, "deleted": counts, "total": sum(counts.values())})
    else:
        each = ", ".join(f"{table} {count}" for table, count in counts.items())
        output.line(
            f"deleted {counted(sum(counts.values()), 'row', 'rows')}"
            + (f": {each}" if each else "")
        )


def _rules(policy: Path | None) -> tuple[str, dict[str, RetentionRule]]:
    if policy is None:
        return POLICY_PATH, load_policy()
    try:
        raw = read_at_most(policy, POLICY_MAX_BYTES + 1)
    except OSError as exc:
        raise InputRefusedError(f"{policy} cannot be read: {os_words(exc)}") from exc
    if len(raw) > POLICY_MAX_BYTES:
        raise InputRefusedError(f"{policy} is longer than {POLICY_MAX_BYTES} bytes")
    return str(policy), parse_policy(raw, str(policy))


def _row(one: TablePlan) -> dict[str, object]:
    row: dict[str, object] = {
        "table": one.table,
        "mode": one.rule.kind.value,
        "would_delete": one.would_delete,
        "present": one.present,
    }
    for name in ("days", "time_column"):
        if (value := getattr(one.rule, name)) is not None:
            row[name] = value
    return row


def _print(found: Plan) -> None:
    rows = [
        (
            one.table,
            one.rule.kind.value,
            "" if one.rule.days is None else str(one.rule.days),
            "" if one.would_delete is None else str(one.would_delete),
        )
        for one in found.tables
        if one.present
    ]
    output.table(("TABLE", "KIND", "DAYS", "WOULD DELETE"), rows)
    for table in found.without_rule:
        output.note(f"table '{table}' has no rule: nothing of it is deleted")
