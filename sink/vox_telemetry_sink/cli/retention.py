"""`vox-telemetry-sink retention`: what the retention policy takes, and taking it."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from vox_telemetry_sink import retention_store
from vox_telemetry_sink.cli.operator import on_database
from vox_telemetry_sink.cli.settings import AsJson, DatabaseUrl, DataDir
from vox_telemetry_sink.errors import SinkError, os_words
from vox_telemetry_sink.retention import Limits, limits_of
from vox_telemetry_sink.retention_store import Taken
from vox_telemetry_spec.limits import RETENTION_POLICY_MAX_BYTES
from vox_telemetry_spec.retention import POLICY_PATH, RetentionRule, load_policy, parse_policy
from vox_telemetry_spec.times import format_time

PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", help="A retention policy (YAML); default: the packaged one."),
]
Understood = Annotated[
    bool, typer.Option("--i-understand", help="Really delete; there is no way back.")
]

retention = typer.Typer(no_args_is_help=True, help="Delete old data by the retention policy.")


@retention.command(epilog="Example: vox-telemetry-sink retention plan --json")
def plan(
    policy: PolicyFile = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Count what is older than the policy allows; changes nothing."""
    origin, limits = _limits(policy, datetime.now(UTC))
    found = on_database(
        database_url, data_dir, lambda connection: retention_store.plan(connection, limits)
    )
    _say("would take", origin, limits, found, as_json=as_json)


@retention.command(epilog="Example: vox-telemetry-sink retention apply --i-understand")
def apply(
    *,
    i_understand: Understood = False,
    policy: PolicyFile = None,
    database_url: DatabaseUrl = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Take what `plan` counts, beside a running sink, with a line in admin_log."""
    if not i_understand:
        raise typer.BadParameter(
            "refusing retention apply without --i-understand; nothing was touched, look at: "
            "vox-telemetry-sink retention plan"
        )
    now = datetime.now(UTC)
    origin, limits = _limits(policy, now)
    taken = on_database(
        database_url,
        data_dir,
        lambda connection: retention_store.apply(connection, limits, origin, now=now),
    )
    _say("took", origin, limits, taken, as_json=as_json)


def _limits(policy: Path | None, now: datetime) -> tuple[str, Limits]:
    if policy is None:
        return POLICY_PATH, limits_of(load_policy(), now)
    return str(policy), limits_of(_read(policy), now)


def _read(policy: Path) -> dict[str, RetentionRule]:
    try:
        with policy.open("rb") as file:  # bounded: a path may name something endless
            raw = file.read(RETENTION_POLICY_MAX_BYTES + 1)
    except OSError as exc:
        raise SinkError(f"cannot read '{policy}': {os_words(exc)}, expected a policy file") from exc
    if len(raw) > RETENTION_POLICY_MAX_BYTES:
        raise SinkError(
            f"'{policy}' is longer than {RETENTION_POLICY_MAX_BYTES} bytes, expected a policy file"
        )
    return parse_policy(raw, str(policy))


def _say(verb: str, origin: str, limits: Limits, taken: Taken, *, as_json: bool) -> None:
    if as_json:
        document = {"policy": origin, "before": _written(limits), **asdict(taken)}
        typer.echo(msgspec.json.encode(document))
        return
    typer.echo(f"by {origin}, retention {verb}:")
    for name, rows in taken.partitions.items():
        typer.echo(f"  partition {name} with {rows} events")
    typer.echo(f"  {taken.bodies} bodies of batches ({taken.body_bytes} bytes)")
    for table, rows in taken.rows.items():
        typer.echo(f"  {rows} rows of {table}")


def _written(limits: Limits) -> dict[str, Any]:
    return {
        name: None if limit is None else format_time(limit)
        for name, limit in limits._asdict().items()
    }
