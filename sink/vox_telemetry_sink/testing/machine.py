"""An operator's machine for the length of a test: folders, a keyring, consent, and the program.

The client is run as a program and never imported: what a test sees is what an operator gets.
"""

import json
import shutil
import sys
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

import keyring.core
import pytest

from vox_telemetry_sink.testing import client_program, keyring_file
from vox_telemetry_sink.testing.client_program import Ran
from vox_telemetry_sink.testing.environment import (
    KEYRING_FOLDER,
    of_a_program,
    of_a_server,
    settings_of_the_machine,
)
from vox_telemetry_sink.testing.errors import PluginError, ProgramFailedError
from vox_telemetry_sink.testing.sink import TelemetrySink

_REFUSED_SHOWN_MAX: Final = 20  # a screen; the program counts the others


class TelemetryClient:
    """An operator's machine that sends to one sink and nowhere else.

    `home` is its home folder, `spool` the folder of its batches, `store` the file of recorded rows,
    and `key_id` names its key, which the sink knows.
    """

    def __init__(self, home: Path, key_id: str) -> None:
        """Take a prepared home; `operators_machine` makes one."""
        self.home = home
        self.spool = home / "spool"
        self.store = home / "store" / "metrics.sqlite3"
        self.key_id = key_id
        self._numbers = count(1)

    def run(self, *args: str | Path, given: str = "", cwd: Path | None = None) -> Ran:
        """Run `vox-telemetry` to its end, in this process's environment; never raises for its code.

        Args:
            args: the command line.
            given: its standard input.
            cwd: the folder to run it in; default `home`.

        """
        return client_program.run(args, of_a_program(), given, cwd or self.home)

    def enqueue(self, events: Iterable[Mapping[str, Any]] | Path, *options: str) -> dict[str, Any]:
        """Check events, or a file of them, and keep them for upload; all of them, or none.

        Returns:
            What `vox-telemetry enqueue --json` prints: `accepted`, `batches` and more.

        Raises:
            ProgramFailedError: they were refused; by which rule stands in the message, no value.

        """
        # A relative path is meant from here, and the program runs in `home`.
        file = events.absolute() if isinstance(events, Path) else self._written(events)
        return self._done("enqueue", str(file), *options)

    def upload(self, *options: str) -> dict[str, Any]:
        """Sign and send what is pending.

        Returns:
            What `vox-telemetry upload --json` prints: `batches` and `totals`, and `stopped` where
            the run ended early. A sink that is away or refuses is such an answer, no failure.

        Raises:
            ProgramFailedError: no request was made: switched off, no consent, no key.

        """
        ran = self.run("upload", *options, "--json")
        document = ran.json()
        if "totals" not in document:
            raise _failed("upload", ran)
        return document

    def status(self) -> dict[str, Any]:
        """Return what `vox-telemetry status --json` prints: `pending`, `acknowledged` and more."""
        return self._done("status")

    def journal(self) -> list[dict[str, Any]]:
        """Return the journal's lines: every decision about every batch, oldest first."""
        lines: list[dict[str, Any]] = self._done("journal")["lines"]
        return lines

    def set_aside(self) -> list[dict[str, Any]]:
        """Return what `vox-telemetry rejected list --json` prints: batches that were refused."""
        folder = self.spool / "rejected"
        if not (folder.is_dir() and any(folder.iterdir())):
            return []  # as `ls` shows it, without the start of a program
        found: list[dict[str, Any]] = self._done("rejected", "list")["rejected"]
        return found

    def tried(self) -> list[str]:
        """Return the ids of batches that wait, and of which a request was made already."""
        pending = {file.stem for file in (self.spool / "pending").glob("*.json")}
        if not pending:
            return []  # as above
        attempts = (line for line in self.journal() if line["event"] == "attempt")
        return sorted(pending & {line["batch_id"] for line in attempts})

    def _done(self, *args: str) -> dict[str, Any]:
        ran = self.run(*args, "--json")
        if ran.code:
            raise _failed(args[0], ran)
        return ran.json()

    def _written(self, events: Iterable[Mapping[str, Any]]) -> Path:
        file = self.home / f"events-{next(self._numbers)}.jsonl"
        lines = [json.dumps(dict(event), allow_nan=False) + "\n" for event in events]
        file.write_text("".join(lines), encoding="utf-8")
        return file


class Prepared(NamedTuple):
    """A home folder with a key, to be copied for each test: to make a key takes longer."""

    home: Path
    jwk: dict[str, str]


def prepared_home(home: Path) -> Prepared:
    """Make a key in an empty home folder.

    Raises:
        PluginError: this system does not keep one test's folders apart from the user's own.
        ProgramFailedError: the key could not be made.

    """
    if sys.platform == "win32":
        raise PluginError(
            "the fixture telemetry_client needs Linux or macOS: windows finds a user's folders "
            "without asking the environment, and a test must not write to yours"
        )
    keyring_file.make_folder(home / "keyring")
    ran = client_program.run(
        ("keys", "generate", "--json"), of_a_server(**_variables(home)), "", home
    )
    if ran.code:
        raise _failed("keys generate", ran)
    return Prepared(home, ran.json()["jwk"])


def operators_machine(
    prepared: Prepared, home: Path, sink: TelemetrySink, patch: pytest.MonkeyPatch
) -> TelemetryClient:
    """Make this process, and the programs it starts, an operator's machine.

    Args:
        prepared: whose home is copied.
        home: where to; not there yet.
        sink: the one to consent to, and to enrol the key at.
        patch: undoes it. It has to be that of the test itself: of two, the one that is undone last
            would bring back what the other has set.

    Raises:
        ProgramFailedError: consent was not given.

    """
    shutil.copytree(prepared.home, home)
    key_id = sink.enrol(prepared.jwk, name="telemetry_client")
    for name in list(settings_of_the_machine()):
        patch.delenv(name)
    for name, value in (_variables(home) | {"VOX_TELEMETRY_UPLOAD_URL": sink.url}).items():
        patch.setenv(name, value)
    # A keyring that this process has chosen already is not chosen again by the environment.
    # Not `set_keyring`: what was there may be None, the choice not made yet, and is put back.
    patch.setattr(keyring.core, "_keyring_backend", keyring.core.load_keyring(keyring_file.BACKEND))
    client = TelemetryClient(home, key_id)
    consented = client.run("consent", "grant")
    if consented.code:
        raise _failed("consent grant", consented)
    return client


def _variables(home: Path) -> dict[str, str]:
    """Return what says where things are; of XDG's folders none, so that they lie in this home."""
    return {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "PYTHON_KEYRING_BACKEND": keyring_file.BACKEND,
        KEYRING_FOLDER: str(home / "keyring"),
        "VOX_TELEMETRY_SPOOL_DIR": str(home / "spool"),
        "VOX_TELEMETRY_DB": str(home / "store" / "metrics.sqlite3"),
    }


def _failed(command: str, ran: Ran) -> ProgramFailedError:
    """Return the error that says what the program said: places and rules, never a value."""
    return ProgramFailedError(
        f"vox-telemetry {command} ended with {ran.code}, expected 0: {_refused(ran)}"
        f"{ran.err.strip()}"
    )


def _refused(ran: Ran) -> str:
    try:
        refused = json.loads(ran.out).get("refused", [])
    except ValueError:
        return ""
    places = [f"event {one['event']}{one['pointer']}: {one['rule']}" for one in refused]
    return "".join(f"{place}; " for place in places[:_REFUSED_SHOWN_MAX])
