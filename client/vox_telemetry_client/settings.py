"""What every command, and the public API, starts with: the settings, the clock, the spool."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from vox_telemetry_client import credentials
from vox_telemetry_client.config import Config, from_env, user_settings_path
from vox_telemetry_client.errors import NotConfiguredError, SpoolError, os_words
from vox_telemetry_client.folder import Folder
from vox_telemetry_client.permission import facts_now, may_send_now, switches_now
from vox_telemetry_client.setting_files import read_user_settings
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.switches import Decision, Facts, Source, switched_off
from vox_telemetry_spec.errors import UrlRefusedError
from vox_telemetry_spec.wire import IngestTarget, ingest_target


def now() -> datetime:
    """Return this machine's time."""
    return datetime.now(UTC)


def has_display() -> bool:
    """Tell whether a browser could open a window here."""
    displays = (os.environ.get("DISPLAY"), os.environ.get("WAYLAND_DISPLAY"))
    return sys.platform in ("darwin", "win32") or any(displays)


def settings() -> Config:
    """Read the environment, the user's configuration and the current folder.

    Raises:
        NotConfiguredError: a setting that cannot be understood.
        SpoolError: the current folder is gone.

    """
    user = read_user_settings(user_settings_path(os.environ, sys.platform))
    if user.says.trouble:
        raise NotConfiguredError(f"{user.says.path} {user.says.trouble}: mend it or move it away")
    try:
        return from_env(
            os.environ,
            Path.cwd(),
            spool_dir=user.spool_dir,
            upload_url=user.upload_url,
            opt_in_s2=user.opt_in_s2,
        )
    except FileNotFoundError as exc:
        raise SpoolError("the current folder does not exist any more, go to another") from exc


def target_of(config: Config, url: str | None) -> IngestTarget:
    """Return where to send: `url` as given on the command line, else the configured one.

    Raises:
        NotConfiguredError: none is configured.
        UrlRefusedError: telemetry must not be sent there.

    """
    return ingest_target(credentials.upload_url(config) if url is None else url.strip())


def all_off() -> Decision | None:
    """Return what forbids every request wherever it goes, or None."""
    return switched_off(switches_now(os.environ))


def may_send(url: str | None) -> Decision:
    """Return whether a request may be made now; asked anew before every request.

    Without a `url`, the one that consent was granted for is meant.
    """
    return may_send_now(os.environ, url)


def facts(url: str | None) -> Facts:
    """Return all that sending depends on, read anew; see `may_send`."""
    return facts_now(os.environ, url)


def sending(config: Config) -> Decision:
    """Return whether an upload could send now, as far as that shows without asking the keyring."""
    given = (config.upload_url or "").strip()
    try:
        url = ingest_target(given).url if given else None
    except UrlRefusedError as exc:
        refused = Decision(allowed=False, reason=str(exc), source=Source.UPLOAD_URL)
        return all_off() or refused
    return may_send(url)


def spool(config: Config) -> Spool:
    """Return the spool, made where it was missing."""
    folder = Folder(config.spool)
    folder.create()
    return Spool(folder, now=now)


def spool_to_read(config: Config) -> Spool:
    """Return the spool to look at; nothing is made or changed."""
    folder = Folder(config.spool)
    folder.check()
    return Spool(folder, now=now)


@contextmanager
def naming_the_spool(config: Config) -> Iterator[None]:
    """Turn what the disk says about reading the spool into one line.

    Raises:
        SpoolError: instead of an OSError.

    """
    try:
        yield
    except OSError as exc:
        raise SpoolError(f"the spool {config.spool} cannot be read: {os_words(exc)}") from exc
