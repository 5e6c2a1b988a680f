"""deploy/prometheus: rules over series that the sink exports, each alert tried and explained."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.checkouts import ROOT
from support.debian import program
from support.manifests import manifests
from support.promql import exported, grouped, labels_of, selected
from vox_telemetry_sink.front import ROUTES
from vox_telemetry_spec import limits
from vox_telemetry_spec.problems import ProblemType

FOLDER = ROOT / "deploy" / "prometheus"
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
KNOWN = exported()
# What each label can hold.
VALUES = {
    "problem": {*(problem.slug for problem in ProblemType), "cancelled"},
    "kind": {"unavailable", "refused"},
    "route": {*ROUTES, "other"},
    "status": {"200", "503"},  # those of /readyz
    "job": {"vox-telemetry-sink"},
}


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program("promtool"), *arguments], capture_output=True, text=True, check=False
    )


def name_of(rule: dict[str, Any]) -> str:
    return str(rule.get("alert") or rule["record"])


def test_promtool_takes_the_configuration_and_the_rules() -> None:
    checked = promtool("check", "config", FOLDER / "prometheus.yml")
    assert checked.returncode == 0, checked.stderr
    assert f"SUCCESS: {len(RULES)} rules found" in checked.stdout


def test_promtool_finds_every_alert_to_fire_and_to_stay_quiet_as_written() -> None:
    tested = promtool("test", "rules", FOLDER / "rules_test.yml")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_must_not() -> None:
    fires, quiet = set(), set()
    for case in yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]:
        for one in case["alert_rule_test"]:
            (fires if one["exp_alerts"] else quiet).add(one["alertname"])
    assert fires == quiet == ALERTS.keys()


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_a_rule_asks_for_series_and_labels_that_the_sink_exports(rule: dict[str, Any]) -> None:
    series = selected(rule["expr"])
    assert series
    labels = set()
    for name, matchers in series:
        if name in RECORDED:
            continue
        assert name in KNOWN, name
        labels |= labels_of(name, KNOWN)
        for label, operator, value in matchers:
            assert label in labels_of(name, KNOWN), (name, label)
            values = value.split("|") if "~" in operator else [value]
            assert set(values) <= VALUES[label], (name, label, value)
    assert grouped(rule["expr"]) <= labels | {"job"}


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_leads_to_its_entry_in_the_runbook(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["annotations"].keys() == {"summary", "runbook"}
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{alert.lower()}"
    assert rule["labels"]["severity"] in {"critical", "warning"}
    entry = RUNBOOK.split(f"\n### {alert}\n")[1].split("\n##")[0]
    for part in ("Symptom", "Meaning", "Look", "Do"):
        assert re.search(rf"^- \*\*{part}\*\*: \S", entry, re.MULTILINE), part


def test_the_runbook_explains_no_alert_that_there_is_not() -> None:
    assert sorted(re.findall(r"^### (\w+)$", RUNBOOK, re.MULTILINE)) == sorted(ALERTS)


def test_the_queue_is_near_full_at_three_quarters_of_its_limits() -> None:
    found = re.findall(r"(vox_sink_queue_\w+) > (\d+)", ALERTS["VoxSinkQueueNearFull"]["expr"])
    assert [(name, int(value)) for name, value in found] == [
        ("vox_sink_queue_batches", limits.QUEUE_MAX_BATCHES * 3 // 4),
        ("vox_sink_queue_bytes", limits.QUEUE_MAX_BYTES * 3 // 4),
    ]


def test_the_unaccounted_are_the_invariant_of_the_metrics_page() -> None:
    [rule] = [rule for rule in RULES if rule.get("record") == "vox_sink:batches_unaccounted"]
    signs = re.findall(r"(-)?\s*sum by \(job, instance\) \((\w+)\)", rule["expr"])
    assert signs == [
        ("", "vox_sink_batches_received_total"),
        ("-", "vox_sink_batches_stored_total"),
        ("-", "vox_sink_batches_duplicate_total"),
        ("-", "vox_sink_batches_rejected_total"),
        ("-", "vox_sink_batches_in_flight"),
    ]


def test_every_way_to_scrape_gives_the_job_that_the_rules_name() -> None:
    [job] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())["scrape_configs"]
    assert job["job_name"] == "vox-telemetry-sink"
    label = manifests()["servicemonitor.yaml"]["spec"]["jobLabel"]
    assert manifests()["service.yaml"]["metadata"]["labels"][label] == "vox-telemetry-sink"
