"""What `doctor` looks at, one finding for each id; docs/operating-sink.md lists them."""

import os
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import msgspec

from vox_telemetry_sink.config import (
    DATABASE_URL,
    METRICS_LISTEN,
    RECEIPT_KEY_FILE,
    SETTINGS,
    Config,
)
from vox_telemetry_sink.errors import ConfigError, MigrationError, StoreError
from vox_telemetry_sink.listening import check_listening, is_loopback
from vox_telemetry_sink.receipt_key import RECEIPT_KEY_NAME, load_receipt_key
from vox_telemetry_sink.shown import SECRETS
from vox_telemetry_sink.store import Facts, Store
from vox_telemetry_spec.limits import (
    DISK_FREE_FAIL_BYTES,
    DISK_FREE_WARN_BYTES,
    SIGNATURE_MAX_SKEW_S,
    STORE_CLOCK_WARN_S,
)

_GROUP_OR_OTHERS: Final = 0o077
_OTHERS: Final = 0o007
_MONTHS_AHEAD_MIN: Final = 2
_GIB: Final = 1_073_741_824


class State(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"


class Finding(msgspec.Struct, frozen=True):
    """One check: what was found and, unless it is good, what to do."""

    id: str
    name: str
    state: State
    found: str
    advice: str = ""


def look_at_settings(
    config: Config, sources: Mapping[str, str], file: str | None
) -> Iterator[Finding]:
    """Yield what the settings alone tell; `file` is the path of the TOML file, if there is one."""
    count = len(sources.keys() & set(SETTINGS.values()))
    yield Finding("sink.D001", "config", State.OK, f"{count} settings are set")
    yield from _hosts(config)
    yield _listening(config)
    yield _config_file(config, sources, file)
    yield _metrics(config)
    yield _receipt_key(config)


def look_at_disk(config: Config) -> Finding:
    """Return how much room the embedded database has."""
    if config.database_url is not None:
        return Finding("sink.D005", "disk", State.SKIP, "the database is another machine's matter")
    folder = config.data_dir
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    state = State.FAIL if free < DISK_FREE_FAIL_BYTES else State.WARN
    state = state if free < DISK_FREE_WARN_BYTES else State.OK
    advice = "" if state is State.OK else "make room, or shorten the retention"
    return Finding("sink.D005", "disk", state, f"{free / _GIB:.1f} GiB free in {folder}", advice)


def not_made_yet(config: Config) -> Finding | None:
    """Return a finding when the embedded database does not exist: a look must not make it."""
    if config.database_url is not None or (config.data_dir / "postgres" / "pg").exists():
        return None
    found = f"no embedded database in {config.data_dir} yet"
    return Finding("sink.D006", "database", State.SKIP, found, "serve makes it")


async def look_at_database(store: Store) -> list[Finding]:
    """Return what the database tells; what cannot be asked any more is left out."""
    try:
        pending = await store.pending_migrations()
    except MigrationError as exc:
        return [_failed("sink.D007", "migrations", str(exc), "use the version that made it")]
    except StoreError as exc:
        return [_failed("sink.D006", "database", str(exc), f"start it, or correct {DATABASE_URL}")]
    if pending:
        found = f"{len(pending)} pending: {', '.join(pending)}"
        return [_failed("sink.D007", "migrations", found, "run vox-telemetry-sink migrate")]
    facts = await store.facts()
    return [
        Finding("sink.D006", "database", State.OK, f"Postgres {facts.version}"),
        Finding("sink.D007", "migrations", State.OK, "all applied"),
        _partitions(facts),
        _default_partition(facts),
        _keys(facts),
        _clock(facts, datetime.now(UTC)),
    ]


def _failed(check_id: str, name: str, found: str, advice: str) -> Finding:
    return Finding(check_id, name, State.FAIL, found, advice)


def _hosts(config: Config) -> Iterator[Finding]:
    """Yield whether a URL with several hosts asks for the one that takes writes."""
    parts = urlsplit(config.database_url or "")
    hosts = parts.netloc.rpartition("@")[2].split(",")
    if len(hosts) == 1:
        return
    wanted = dict(parse_qsl(parts.query)).get("target_session_attrs", "any")
    found = f"{len(hosts)} hosts, target_session_attrs={wanted}"
    if wanted in ("read-write", "primary"):
        yield Finding("sink.D013", "database-hosts", State.OK, found)
        return
    advice = "add target_session_attrs=read-write, or a standby may be asked to write"
    yield Finding("sink.D013", "database-hosts", State.WARN, found, advice)


def _listening(config: Config) -> Finding:
    try:
        check_listening(config)
    except ConfigError as exc:
        return _failed("sink.D002", "listen", str(exc), "see the message")
    where = f"{config.host}:{config.port}"
    if config.insecure_listen and not is_loopback(config.host):
        advice = "put a TLS-terminating proxy in front, unless nobody else reaches this address"
        return Finding("sink.D002", "listen", State.WARN, f"{where} without TLS", advice)
    return Finding("sink.D002", "listen", State.OK, where)


def _config_file(config: Config, sources: Mapping[str, str], file: str | None) -> Finding:
    held = list(_files_with_secrets(config, sources, file))
    for path, what, others in held:
        mode = path.stat().st_mode & 0o777
        if os.name == "posix" and mode & others:
            found = f"{path} holds {what} and has mode {mode:04o}"
            return _failed("sink.D003", "config-file", found, f"chmod 600 {path}")
    if not held:
        return Finding("sink.D003", "config-file", State.OK, "no file holds a secret")
    found = f"nobody else may read {', '.join(str(path) for path, _, _ in held)}"
    return Finding("sink.D003", "config-file", State.OK, found)


def _files_with_secrets(
    config: Config, sources: Mapping[str, str], file: str | None
) -> Iterator[tuple[Path, str, int]]:
    """Yield each file, what it holds, and the mode bits that it must not have."""
    in_toml = [key for key in SECRETS if sources.get(SETTINGS[key]) == "file"]
    if file is not None and in_toml:
        yield Path(file), ", ".join(in_toml), _GROUP_OR_OTHERS
    # An orchestrator hands a secret out as root's, readable by the program's group.
    for key, path in zip(
        SECRETS, (config.database_url_file, config.upload_token_file), strict=True
    ):
        if path is not None:
            yield path, key, _OTHERS


def _metrics(config: Config) -> Finding:
    address = config.metrics_listen
    if address is None:
        return Finding("sink.D004", "metrics", State.SKIP, f"{METRICS_LISTEN} is not set")
    where = f"{address.host}:{address.port}"
    if is_loopback(address.host):
        return Finding("sink.D004", "metrics", State.OK, where)
    advice = "let the firewall admit your Prometheus only: anybody may read there"
    return Finding("sink.D004", "metrics", State.WARN, where, advice)


def _receipt_key(config: Config) -> Finding:
    is_ours = config.database_url is None
    file = config.receipt_key_file or (config.data_dir / RECEIPT_KEY_NAME if is_ours else None)
    if file is None:
        advice = f"vox-telemetry-sink receipt-key generate, then set {RECEIPT_KEY_FILE}"
        return Finding("sink.D012", "receipt-key", State.WARN, "receipts are not signed", advice)
    if config.receipt_key_file is None and not file.exists():
        return Finding("sink.D012", "receipt-key", State.SKIP, "none yet", "serve makes it")
    try:
        key_id = load_receipt_key(file).public.key_id
    except ConfigError as exc:
        return _failed("sink.D012", "receipt-key", str(exc), "see the message")
    return Finding("sink.D012", "receipt-key", State.OK, f"receipts are signed by {key_id}")


def _partitions(facts: Facts) -> Finding:
    found = f"made for {facts.months_ahead} months from this one"
    if facts.months_ahead < _MONTHS_AHEAD_MIN:
        advice = "run vox-telemetry-sink migrate"
        return Finding("sink.D008", "partitions", State.WARN, found, advice)
    return Finding("sink.D008", "partitions", State.OK, found)


def _default_partition(facts: Facts) -> Finding:
    if not facts.default_is_empty:
        advice = "run vox-telemetry-sink migrate, which moves them to their months"
        return Finding("sink.D009", "default-partition", State.WARN, "holds events", advice)
    return Finding("sink.D009", "default-partition", State.OK, "empty")


def _keys(facts: Facts) -> Finding:
    found = f"{facts.good_keys} keys may upload now"
    if facts.waiting_keys:
        found = f"{found}, {facts.waiting_keys} wait for approval"
        advice = "look who it is, then vox-telemetry-sink keys approve or revoke"
        return Finding("sink.D010", "keys", State.WARN, found, advice)
    if facts.good_keys == 0:
        advice = "enrol one: vox-telemetry-sink keys add, or keys invite"
        return Finding("sink.D010", "keys", State.WARN, found, advice)
    return Finding("sink.D010", "keys", State.OK, found)


def _clock(facts: Facts, now: datetime) -> Finding:
    apart_s = abs((facts.database_time - now).total_seconds())
    found = f"{apart_s:.1f} s from the database's"
    if apart_s <= STORE_CLOCK_WARN_S:
        return Finding("sink.D011", "clock", State.OK, found)
    state = State.FAIL if apart_s > SIGNATURE_MAX_SKEW_S else State.WARN
    return Finding("sink.D011", "clock", state, found, "synchronise both clocks (NTP)")
