"""How long each table keeps its rows: `contracts/db/retention-policy.yaml`, checked.

Times are compared as times, never as text. The original compared `…T…Z` with `YYYY-MM-DD HH:MM:SS`
as strings; `T` sorts after the space, so rows of the cutoff's day stayed a day too long. `cutoff`
gives an aware time to bind where the column has a real type, and `is_expired` reads either spelling
where it has not (SQLite).
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec
import yaml

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RetentionRefusedError
from vox_telemetry_spec.limits import IDENTIFIER_MAX_CHARS, RETENTION_MAX_DAYS
from vox_telemetry_spec.strict_yaml import load_yaml

POLICY_PATH = "contracts/db/retention-policy.yaml"

# Narrower than fromisoformat, which reads week dates and, on newer Pythons, an hour 24.
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}"
    r"(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)
_IDENTIFIER = re.compile(rf"[A-Za-z0-9_]{{1,{IDENTIFIER_MAX_CHARS}}}")


class RetentionKind(StrEnum):
    """What a rule does with old rows, and so which members it needs."""

    KEEP_FOREVER = "keep_forever"
    MANUAL = "manual"
    DAYS = "days"
    MS_DAYS = "ms_days"
    EXPIRES_LT_NOW = "expires_lt_now"


_NEEDS_DAYS = frozenset({RetentionKind.DAYS, RetentionKind.MS_DAYS})
_NEEDS_TIME_COLUMN = _NEEDS_DAYS | {RetentionKind.EXPIRES_LT_NOW}


class RetentionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rule of one table; `days` and `time_column` are there exactly where the kind needs them.

    `time_column` holds a time (`days`, `expires_lt_now`) or Unix milliseconds (`ms_days`).
    """

    kind: RetentionKind
    days: int | None = None
    time_column: str | None = None


class _Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tables: dict[str, RetentionRule]


def load_policy() -> dict[str, RetentionRule]:
    """Return the packaged policy: the rule of each table by its name.

    Raises:
        RetentionRefusedError: the packaged file is damaged.

    """
    return parse_policy(read_contract(POLICY_PATH), POLICY_PATH)


def parse_policy(raw: bytes, origin: str) -> dict[str, RetentionRule]:
    """Return the rules in the YAML text `raw`; `origin` names it in messages.

    Raises:
        RetentionRefusedError: not a policy, an unsafe name, or a rule without what its kind needs.

    """
    try:
        policy = msgspec.convert(load_yaml(raw), _Policy)
    except (yaml.YAMLError, msgspec.ValidationError) as exc:
        raise RetentionRefusedError(f"{origin} is no retention policy: {exc}") from exc
    for table, rule in policy.tables.items():
        _check_rule(origin, table, rule)
    return policy.tables


def tables_without_rule(tables: Iterable[str], policy: dict[str, RetentionRule]) -> list[str]:
    """Return those of `tables` that the policy does not name, sorted; a guard refuses any."""
    return sorted(set(tables) - policy.keys())


def cutoff(rule: RetentionRule, now: datetime) -> datetime | None:
    """Return the moment before which rows of a table go, or None where nothing goes by itself.

    `now` is aware. A row goes when its time is strictly earlier. For `ms_days` use `to_unix_ms` of
    the result.
    """
    if rule.days is not None:
        return now - timedelta(days=rule.days)
    return now if rule.kind is RetentionKind.EXPIRES_LT_NOW else None


def to_unix_ms(moment: datetime) -> int:
    """Return whole milliseconds since 1970 of an aware time, without rounding through a float."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def is_expired(rule: RetentionRule, stored: str | int | None, now: datetime) -> bool:
    """Tell whether a row goes, by what its `time_column` holds.

    Text is read as `YYYY-MM-DD HH:MM:SS` or RFC 3339, as UTC where it names no offset; an integer
    is Unix milliseconds. A row without a time, or with one that cannot be read, stays.
    """
    limit = cutoff(rule, now)
    if limit is None or stored is None:
        return False
    if isinstance(stored, int):
        return rule.kind is RetentionKind.MS_DAYS and stored < to_unix_ms(limit)
    moment = read_time(stored)
    return rule.kind is not RetentionKind.MS_DAYS and moment is not None and moment < limit


def read_time(text: str) -> datetime | None:
    """Return the time that `YYYY-MM-DD HH:MM:SS` or RFC 3339 text names, or None.

    Without an offset it is UTC, as SQLite's `datetime('now')` writes it.
    """
    try:
        moment = datetime.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        return None
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _check_rule(origin: str, table: str, rule: RetentionRule) -> None:
    place = f"{origin}: table '{table}' of kind {rule.kind}"
    for name in (table, rule.time_column):
        if name is not None and not _IDENTIFIER.fullmatch(name):
            raise RetentionRefusedError(
                f"{origin}: got a name that is no plain identifier, expected 1 to "
                f"{IDENTIFIER_MAX_CHARS} of A-Z, a-z, 0-9 and '_': {name!r}"
            )
    for member, value, kinds in (
        ("days", rule.days, _NEEDS_DAYS),
        ("time_column", rule.time_column, _NEEDS_TIME_COLUMN),
    ):
        if value is None and rule.kind in kinds:
            raise RetentionRefusedError(f"{place} has no {member}, expected one")
        if value is not None and rule.kind not in kinds:
            raise RetentionRefusedError(f"{place} has {member}, which that kind does not read")
    if rule.days is not None and not 0 < rule.days <= RETENTION_MAX_DAYS:
        raise RetentionRefusedError(
            f"{place} has days {rule.days}, expected 1 to {RETENTION_MAX_DAYS}"
        )
