"""Every usage-event contract, run through the checker on its own hand-written examples."""

import json
from datetime import UTC, datetime
from functools import cache

import jsonschema_rs
import pytest

from vox_telemetry_spec.checking import Checker
from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.taxonomy import Family, SensitivityClass, TransmissionClass
from vox_telemetry_spec.violations import Violation

NOW = datetime(2026, 11, 21, tzinfo=UTC)
UPLOADS = [
    family
    for family in Registry.load().families
    if family.transmission_class is TransmissionClass.APPROVED_USAGE_UPLOAD
]
FAMILIES = pytest.mark.parametrize("family", UPLOADS, ids=[family.family for family in UPLOADS])


@cache
def checker() -> Checker:
    return Checker.load()


def examples(family: Family) -> dict[str, list[dict[str, object]]]:
    name = (
        str(family.schema_ref).removeprefix("contracts/telemetry/").removesuffix(".v1.schema.json")
    )
    return json.loads(read_contract(f"contracts/examples/{name}.examples.json"))


def check(family: Family, event: object) -> list[Violation]:
    s2 = family.sensitivity_class is SensitivityClass.S2
    return checker().check_event(
        event,
        0,
        now=NOW,
        ceiling=SensitivityClass.S2 if s2 else SensitivityClass.S1,
        opted_in=frozenset({family.family}) if s2 else frozenset(),
    )


@FAMILIES
def test_examples_file_has_the_promised_shape_and_size(family: Family) -> None:
    schema = json.loads(read_contract("contracts/examples/examples.schema.json"))
    jsonschema_rs.validate(schema, examples(family))
    assert examples(family)["contract"] == family.schema_ref


@FAMILIES
def test_valid_examples_are_accepted(family: Family) -> None:
    for example in examples(family)["valid"]:
        assert check(family, example["event"]) == [], example["comment"]


@FAMILIES
def test_invalid_examples_are_refused_where_and_why_they_say(family: Family) -> None:
    for example in examples(family)["invalid"]:
        found = check(family, example["event"])
        refused = [v for v in found if v.rule.startswith(("contract.", "policy."))]
        assert refused == [Violation(0, example["pointer"], example["rule"])], example["comment"]


@FAMILIES
def test_examples_use_every_member_of_the_metadata(family: Family) -> None:
    members = set(
        json.loads(read_contract(str(family.schema_ref)))["properties"]["metadata"]["properties"]
    )
    used = {name for example in examples(family)["valid"] for name in example["event"]["metadata"]}
    assert used == members


def test_s2_contracts_admit_what_their_s1_twin_admits() -> None:
    twins = [f for f in UPLOADS if f.family.endswith("_s2")]
    for s2 in twins:
        for s1 in UPLOADS:
            if s1.metric_type == s2.metric_type:
                contract = checker().contracts.of(s2)
                assert contract is not None
                for example in examples(s1)["valid"]:
                    assert list(contract.violations(example["event"], 0)) == []
