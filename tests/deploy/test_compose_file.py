"""What docker-compose.yml says, without an engine; tests/deploy/test_compose.py runs it."""

import re
from typing import Any

import pytest
import yaml

from support.checkouts import ROOT
from vox_telemetry_sink.config import SETTINGS, Config
from vox_telemetry_sink.listening import check_listening
from vox_telemetry_spec import limits

TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
RUNNING = sorted(SERVICES.keys() - {"secrets", "migrate"})


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_hardened(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}
    assert service["pids_limit"] == 256


@pytest.mark.parametrize("name", RUNNING)
def test_every_service_that_stays_is_checked_limited_and_restarted(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["mem_limit"]
    assert service["healthcheck"]["test"][0] == "CMD"


def test_only_settings_that_the_sink_has_are_given_to_it() -> None:
    for name in ("sink", "migrate"):
        assert SERVICES[name]["environment"].keys() <= set(SETTINGS.values())


def test_what_the_sink_is_given_lets_it_listen_in_its_container() -> None:
    given = SERVICES["sink"]["environment"]
    origin = given["VOX_SINK_PUBLIC_ORIGIN"]
    filled = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", origin)
    assert filled == "https://localhost:8443"
    config = Config.from_env({"VOX_SINK_HOST": "0.0.0.0", "VOX_SINK_PUBLIC_ORIGIN": filled})  # noqa: S104 -- read, not listened on
    check_listening(config)
    assert config.public_authority == "localhost:8443"


def test_secrets_are_files_and_in_no_environment() -> None:
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|DATABASE_URL|TOKEN|KEY", name):
                assert name.endswith("_FILE")
                assert value.startswith("/run/secrets/")


def test_only_the_proxy_and_grafana_have_a_network_that_is_not_internal() -> None:
    networks = COMPOSE["networks"]
    open_ones = {name for name, network in networks.items() if not network.get("internal")}
    assert open_ones == {"outside"}
    reached = {name for name, one in SERVICES.items() if "outside" in one.get("networks", [])}
    assert reached == {"proxy", "grafana"}
    assert reached == {name for name, one in SERVICES.items() if "ports" in one}


def test_the_times_that_containers_get_are_longer_than_ours() -> None:
    sink = SERVICES["sink"]
    assert seconds(sink["stop_grace_period"]) > limits.DRAIN_DEADLINE_S
    assert seconds(sink["healthcheck"]["timeout"]) > limits.READY_DEADLINE_S


def test_every_file_that_is_mounted_is_there() -> None:
    mounted = re.findall(r"- (\./deploy/[^:]+):", TEXT)
    assert len(mounted) >= 6
    assert [path for path in mounted if not (ROOT / path).exists()] == []


def test_prometheus_asks_the_sink_where_it_serves_its_metrics_and_finds_the_rules() -> None:
    port = SERVICES["sink"]["environment"]["VOX_SINK_METRICS_LISTEN"].partition(":")[2]
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    [job] = scraped["scrape_configs"]
    assert job["static_configs"] == [{"targets": [f"sink:{port}"]}]
    mounted = dict(volume.split(":")[:2] for volume in SERVICES["prometheus"]["volumes"][:2])
    assert mounted == {
        "./deploy/prometheus/prometheus.yml": "/etc/prometheus/prometheus.yml",
        "./deploy/prometheus/rules.yml": "/etc/prometheus/rules.yml",
    }
    assert scraped["rule_files"] == ["rules.yml"]  # beside the configuration
