"""deploy/grafana: a dashboard whose every panel asks for series that the sink exports.

Grafana itself is not run here: the structure is what its documentation of the JSON model names.
"""

import itertools
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.checkouts import ROOT
from support.debian import program
from support.promql import exported, grouped, labels_of, selected

FOLDER = ROOT / "deploy" / "grafana"
DASHBOARD = json.loads((FOLDER / "dashboards" / "vox-telemetry-sink.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
KNOWN = exported()
RECORDED = {
    rule["record"]
    for group in yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yml").read_text())[
        "groups"
    ]
    for rule in group["rules"]
    if "record" in rule
}
UNITS = {"none", "s", "bytes", "percentunit", "reqps", "eps", "ops"}
GRID_COLUMNS = 24


def provisioned(kind: str) -> dict[str, Any]:
    [file] = (FOLDER / "provisioning" / kind).iterdir()
    loaded: dict[str, Any] = yaml.safe_load(file.read_text())
    assert loaded["apiVersion"] == 1
    return loaded


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_asks_for_what_the_sink_exports(panel: dict[str, Any]) -> None:
    assert panel["targets"]
    for target in panel["targets"]:
        series = selected(target["expr"])
        assert series, target["expr"]
        labels = set()
        for name, matchers in series:
            if name in RECORDED:
                continue
            assert name in KNOWN, name
            assert {label for label, _, _ in matchers} <= labels_of(name, KNOWN), name
            labels |= labels_of(name, KNOWN)
        if labels:
            assert grouped(target["expr"]) <= labels, target["expr"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_has_a_unit_and_the_chosen_data_source(panel: dict[str, Any]) -> None:
    assert panel["type"] in {"stat", "timeseries"}
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert panel["datasource"] == chosen
    assert all(target["datasource"] == chosen for target in panel["targets"])
    references = [target["refId"] for target in panel["targets"]]
    assert len(references) == len(set(references))
    assert all(target["legendFormat"] for target in panel["targets"])


def test_prometheus_can_read_every_expression(tmp_path: Path) -> None:
    expressions = [target["expr"] for panel in PANELS for target in panel["targets"]]
    rules = [
        {"record": f"panel:{number}", "expr": one.replace("$__rate_interval", "5m")}
        for number, one in enumerate(expressions)
    ]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    command = [program("promtool"), "check", "rules", file]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr


def test_ids_and_titles_are_unique() -> None:
    for key in ("id", "title"):
        values = [panel[key] for panel in DASHBOARD["panels"]]
        assert len(values) == len(set(values)), key
    assert DASHBOARD["uid"] == "vox-telemetry-sink"
    assert isinstance(DASHBOARD["schemaVersion"], int)


def test_no_two_panels_lie_on_each_other_and_none_beyond_the_edge() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    assert all(place["x"] + place["w"] <= GRID_COLUMNS for place in places)
    for one, other in itertools.combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)


def test_variables_that_are_used_are_defined_and_ask_for_what_is_there() -> None:
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert variables.keys() == {"datasource", "instance"}
    assert variables["datasource"]["query"] == "prometheus"
    [series] = selected(variables["instance"]["query"]["query"])
    assert series.matchers == [("job", "=", "vox-telemetry-sink")]
    expressions = "".join(target["expr"] for panel in PANELS for target in panel["targets"])
    assert '$instance"' in expressions


def test_every_metric_of_the_sink_is_on_the_dashboard() -> None:
    shown = {
        series.name
        for panel in PANELS
        for target in panel["targets"]
        for series in selected(target["expr"])
    }
    counted = {name for name in KNOWN if name.startswith("vox_sink_")}
    families = {name.removesuffix("_sum") for name in counted if name.endswith("_sum")}
    plain = {name for name in counted if not any(name.startswith(f"{one}_") for one in families)}
    # What is received is what becomes of it, which is shown.
    assert plain - shown == {"vox_sink_batches_received_total"}
    for family in families:
        assert any(name.startswith(family) for name in shown), family


def test_grafana_is_told_of_a_source_and_of_the_folder() -> None:
    [source] = provisioned("datasources")["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    [provider] = provisioned("dashboards")["providers"]
    assert provider["type"] == "file"
    assert provider["options"]["path"] == "/var/lib/grafana/dashboards"
