"""deploy/systemd: units that systemd takes, closed to what a sink does not need."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer

from support.checkouts import ROOT
from support.debian import program
from vox_telemetry_sink.cli import EXIT_NOT_CONFIGURED
from vox_telemetry_sink.cli.program import program as sink_program
from vox_telemetry_sink.config import SETTINGS, Config
from vox_telemetry_sink.config_file import read_config_file
from vox_telemetry_sink.listening import check_listening
from vox_telemetry_spec.limits import DRAIN_DEADLINE_S, STORE_STATEMENT_DEADLINE_S

UNITS = ROOT / "deploy" / "systemd"
SERVICES = ["vox-telemetry-sink", "vox-telemetry-sink-migrate", "vox-telemetry-sink-retention"]
SINK = "/opt/vox-telemetry/bin/vox-telemetry-sink"
# systemd-analyze's exposure, times ten; 12 was found with systemd 252.
EXPOSURE_MAX = 15


def entries(unit: str) -> list[tuple[str, str]]:
    """Give a unit's lines of settings, in order, as name and value."""
    lines = (UNITS / unit).read_text().splitlines()
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return [(name, value) for name, _, value in pairs]


def settings(service: str) -> dict[str, str]:
    return dict(entries(f"{service}.service"))


def closed(service: str) -> list[tuple[str, str]]:
    """Give what follows on the user, all of which closes the unit."""
    pairs = entries(f"{service}.service")
    first = pairs.index(("DynamicUser", "yes"))
    return [pair for pair in pairs[first:] if pair[0] != "WantedBy"]


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [program("systemd-analyze"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def copied(folder: Path) -> list[Path]:
    """Copy the units, with a program in them that is there: systemd looks whether it can be run."""
    made = []
    for unit in sorted((*UNITS.glob("*.service"), *UNITS.glob("*.timer"))):
        made.append(folder / unit.name)
        made[-1].write_text(unit.read_text().replace(SINK, str(shutil.which("true"))))
    return made


def test_systemd_takes_every_unit(tmp_path: Path) -> None:
    units = copied(tmp_path)
    assert [unit.name for unit in units if unit.suffix == ".service"] == sorted(
        f"{name}.service" for name in SERVICES
    )
    verified = analyze("verify", "--man=no", *units)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_systemd_complains_of_a_misspelt_setting(tmp_path: Path) -> None:
    unit = copied(tmp_path)[0]
    unit.write_text(unit.read_text().replace("ProtectHome=", "ProtectHouse="))
    assert "Unknown key 'ProtectHouse'" in analyze("verify", "--man=no", unit).stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_is_exposed_no_more_than_was_measured(service: str, tmp_path: Path) -> None:
    copied(tmp_path)
    judged = analyze(
        "security",
        "--offline=true",
        f"--threshold={EXPOSURE_MAX}",
        "--no-pager",
        tmp_path / f"{service}.service",
    )
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_a_unit_has_no_rights_and_a_user_of_its_own(service: str) -> None:
    expected = {
        "DynamicUser": "yes",
        "ProtectSystem": "strict",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "PrivateTmp": "yes",
        "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
        "MemoryDenyWriteExecute": "yes",
    }
    found = settings(service)
    assert {name: found[name] for name in expected} == expected
    filters = [value for name, value in entries(f"{service}.service") if name == "SystemCallFilter"]
    assert filters == ["@system-service", "~@privileged @resources"]


def test_the_three_services_are_closed_alike() -> None:
    served, *others = (closed(service) for service in SERVICES)
    common = [(name, value) for name, value in served if "receipt-key.pem" not in value]
    assert len(common) == len(served) - 2  # the one that serves signs receipts
    assert others == [common, common]


def test_a_unit_runs_a_command_that_there_is() -> None:
    group = typer.main.get_command(sink_program)
    for service in SERVICES:
        path, *words = settings(service)["ExecStart"].split()
        assert path == SINK
        command = group
        for word in [word for word in words if not word.startswith("--")]:
            command = command.commands[word]  # type: ignore[attr-defined]  # a group until the last
        options = {option for one in command.params for option in one.opts}
        assert {word for word in words if word.startswith("--")} <= options


def test_the_stop_waits_for_the_drain_and_the_last_write() -> None:
    found = settings("vox-telemetry-sink")
    assert int(found["TimeoutStopSec"]) > DRAIN_DEADLINE_S + STORE_STATEMENT_DEADLINE_S
    # The program passes SIGTERM on; its workers get no second one, which would cut the drain short.
    assert found["KillMode"] == "mixed"


def test_a_setting_that_cannot_be_used_is_not_tried_again() -> None:
    found = settings("vox-telemetry-sink")
    assert found["Restart"] == "on-failure"
    assert str(EXIT_NOT_CONFIGURED) in found["RestartPreventExitStatus"].split()


def test_secrets_come_as_credentials_and_variables_are_the_sinks() -> None:
    for service in SERVICES:
        pairs = entries(f"{service}.service")
        given = dict(value.split("=", 1) for name, value in pairs if name == "Environment")
        assert set(given) <= {*SETTINGS.values(), "VOX_SINK_CONFIG"}
        loaded = dict(value.split(":", 1) for name, value in pairs if name == "LoadCredential")
        assert loaded["sink.toml"] == "/etc/vox-telemetry-sink/sink.toml"
        assert given["VOX_SINK_CONFIG"] == "%d/sink.toml"
        secrets = {value for value in given.values() if value.startswith("%d/")}
        assert secrets == {f"%d/{name}" for name in loaded}


def test_the_example_of_settings_can_be_used_once_a_password_is_in_it() -> None:
    file = UNITS / "sink.toml"
    assert set(tomllib.loads(file.read_text())) <= SETTINGS.keys()
    config = Config.from_env(read_config_file(file))
    check_listening(config)
    assert config.public_authority == "sink.example"
    assert config.database_url is not None


def test_the_timer_starts_the_retention_once_a_day() -> None:
    found = dict(entries("vox-telemetry-sink-retention.timer"))
    assert found["Persistent"] == "yes"  # a machine that was off does it when it is on again
    assert analyze("calendar", found["OnCalendar"]).returncode == 0
    assert "Normalized form: *-*-* 03:17:00" in analyze("calendar", found["OnCalendar"]).stdout
    assert settings("vox-telemetry-sink-retention")["Type"] == "oneshot"
