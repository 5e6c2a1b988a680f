"""The private key is in no output of any command, also where one fails or crashes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.cli import run_cli
from support.client_enrolments import CODE, enrols
from support.client_world import SEED, consent_to, new_spool, problem, put, stores
from support.hiding import spellings
from support.http_server import misbehaving_server
from vox_telemetry_spec.keys import SigningKey

PROGRAM = "vox-telemetry"
KEY = SigningKey(SEED)
SECRET = json.loads(KEY.private_jwk())["d"]
# One process for all commands: the interpreter's start is most of a command's time. What rich and
# `locals` would print of a crash is printed, and every logger is set to say all.
RUN = """
import faulthandler, json, logging, sys, traceback
from rich.traceback import install
install(show_locals=True, width=10_000, locals_max_string=None, locals_max_length=None)
faulthandler.enable()
logging.basicConfig(level=logging.DEBUG)
from vox_telemetry_client.cli import run
for line in json.loads(sys.argv[1]):
    try:
        print("exit code", run(line))
    except BaseException as exc:
        sys.excepthook(type(exc), exc, exc.__traceback__)
        print("".join(traceback.TracebackException.from_exception(exc, capture_locals=True).format()))
faulthandler.dump_traceback(all_threads=True)
"""


def _run_all(*lines: tuple[str | Path, ...], env: dict[str, str], broken: str = "") -> str:
    """Run commands in one process; give all that it prints."""
    commands = [list(map(str, line)) for line in lines]
    ran = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "ignore", "-c", broken + RUN, json.dumps(commands)],
        env=os.environ | env,
        input="",
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert ran.stdout.count("exit code") + ran.stdout.count("Traceback") >= len(lines)
    return ran.stdout + ran.stderr


def _shows_nothing(text: str) -> None:
    assert [part for part in spellings(SECRET) if part in text] == []


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.jwk"
    path.touch(mode=0o600)
    path.write_text(KEY.private_jwk())
    return path


def test_no_command_prints_the_private_key(
    client_env: dict[str, str], tmp_path: Path, key_file: Path, scrubbed_environment: Path
) -> None:
    put(new_spool(tmp_path / "spool"))
    (tmp_path / "code").write_text(CODE)
    with misbehaving_server(
        enrols(sink_key=None), stores(), then=problem(401, "key-unknown")
    ) as server:
        consent_to(server.url)
        env = client_env | {"VOX_TELEMETRY_UPLOAD_URL": server.url}
        enrol = ("keys", "enrol", "--code-file", tmp_path / "code")
        text = _run_all(
            ("keys", "import", key_file),
            ("keys", "import", key_file, "--json"),
            ("keys", "show"),
            ("keys", "show", "--json"),
            ("keys", "list"),
            ("keys", "list", "--json"),
            ("status", "--json"),
            ("upload", "--dry-run"),
            ("upload", "--dry-run", "--json"),
            enrol,
            ("upload", "--json"),
            (*enrol, "--json"),
            ("keys", "rotate", "--json"),
            ("keys", "use", KEY.public.key_id, "--json"),
            ("keys", "remove", KEY.public.key_id, "--json"),
            env=env,
        )
        sent = "".join(repr(one.headers) + repr(one.body) for one in server.requests)
    assert text.count("exit code 0") == 14  # all but the enrolment that the sink refuses
    assert KEY.public.key_id in text
    _shows_nothing(text + sent)
    files = [path for path in scrubbed_environment.rglob("*") if path.is_file()]
    assert files
    _shows_nothing("".join(path.read_bytes().decode("latin-1") for path in files))


def test_no_failing_command_prints_the_private_key(
    client_env: dict[str, str], tmp_path: Path, key_file: Path
) -> None:
    damaged = tmp_path / "damaged.jwk"
    damaged.touch(mode=0o600)
    damaged.write_text(KEY.private_jwk().replace(KEY.public.jwk["x"], "A" * 43))
    readable = tmp_path / "readable.jwk"
    readable.write_text(KEY.private_jwk())
    readable.chmod(0o644)
    text = _run_all(
        ("keys", "import", damaged),
        ("keys", "import", damaged, "--json"),
        ("keys", "import", readable, "--json"),
        ("keys", "import", tmp_path / "gone"),
        ("keys", "generate", "--file", key_file),
        ("keys", "generate", "--file", tmp_path / "gone" / "key"),
        ("keys", "import", key_file, "--passphrase", "x"),
        env=client_env,
    )
    assert "exit code 0" not in text
    assert "do not belong together" in text
    _shows_nothing(text)
    for path in (damaged, readable):
        env = client_env | {"VOX_TELEMETRY_KEY_FILE": str(path)}
        shown = _run_all(("keys", "show"), ("keys", "list", "--json"), ("status",), env=env)
        assert "the key file" in shown
        _shows_nothing(shown)


BROKEN = """
import vox_telemetry_client.{module} as broken
def fails(*_args, **_kwargs):
    raise RuntimeError("a mistake of ours")
broken.{name} = fails
"""


@pytest.mark.parametrize(
    "place",
    [
        "key_list:change",
        "own_keys:overlap_end",
        "own_keys:_known",
        "keyring_door:read",
        "keyring_door:_bounded",
        "key_formats:_begins",
        "cli.output:line",
    ],
)
def test_no_crash_prints_the_private_key(
    client_env: dict[str, str], key_file: Path, place: str
) -> None:
    module, _, name = place.partition(":")
    text = _run_all(
        ("keys", "import", key_file),
        env=client_env,
        broken=BROKEN.format(module=module, name=name),
    )
    assert "a mistake of ours" in text
    assert "locals" in text
    _shows_nothing(text)


def test_a_locked_missing_or_hanging_keyring_leaves_no_plain_text(
    tmp_path: Path, key_file: Path, scrubbed_environment: Path
) -> None:
    """Failure case 51."""
    backend = tmp_path / "odd_backend.py"
    backend.write_text(
        "import time\n"
        "from keyring.backend import KeyringBackend\n"
        "from keyring.errors import KeyringLocked\n"
        "class Locked(KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, *_): raise KeyringLocked('locked')\n"
        "    def set_password(self, service, user, password): raise KeyringLocked(password)\n"
        "class Hanging(Locked):\n"
        "    def get_password(self, *_): time.sleep(30)\n"
        "    def set_password(self, service, user, password): time.sleep(30)\n"
    )
    waits = "import vox_telemetry_client.keyring_door as d\nd.KEYRING_WAIT_S = 0.2\n"
    for name, said in (
        ("keyring.backends.fail.Keyring", "no usable keyring"),
        ("keyring.backends.null.Keyring", "no usable keyring"),
        ("odd_backend.Locked", "the keyring is locked: unlock it and run this again"),
        ("odd_backend.Hanging", "the keyring did not answer in 0 s"),
        ("", "no usable keyring"),  # headless: no bus, nothing named
    ):
        env = {"PYTHONPATH": str(tmp_path)} | ({"PYTHON_KEYRING_BACKEND": name} if name else {})
        broken = waits if name == "odd_backend.Hanging" else ""
        text = _run_all(("keys", "import", key_file), ("keys", "generate"), env=env, broken=broken)
        assert text.count(said) == 2, name
        assert text.count("VOX_TELEMETRY_KEY_FILE") == 2  # what to do without a keyring
        assert text.count("exit code 3") == 2
        _shows_nothing(text)
    assert not (scrubbed_environment / "config_home" / "vox-telemetry" / "keys.json").exists()
    assert run_cli(PROGRAM, "keys", "show").code == 3
