import pytest

from support.checkouts import CONTRACTS, REAL, added, edited
from vox_telemetry_spec.guards.checkout import Checkout
from vox_telemetry_spec.guards.errors import GuardError
from vox_telemetry_spec.guards.rule_tables import RULES, rule_ids, rule_tables

STACKS = f"{CONTRACTS}/forbidden/stacks.v1.json"
TAXONOMY_CODE = "spec/vox_telemetry_spec/taxonomy.py"
BENCHMARK = f"{CONTRACTS}/telemetry/usage-event-benchmark.v1.schema.json"


def test_this_checkouts_rules_are_explained() -> None:
    assert list(rule_ids(REAL)) == []


def test_policy_rules_and_forbidden_rules_are_in_the_tables() -> None:
    parts = rule_tables(REAL)[RULES]
    assert (
        "| `policy.opt-in` | S2, and this end has not opted in to the family |" in parts["checks"]
    )
    assert "| `stack.panic` | a Rust panic |" in parts["forbidden"]
    assert "| `name.prompt` | prompts are content |" in parts["forbidden"]


@pytest.mark.parametrize(
    ("broken", "findings"),
    [
        (
            added("spec/vox_telemetry_spec/new.py", 'RULE = "json.brand-new"'),
            [
                "rule 'json.brand-new' is given by the code and has no meaning in guards/rule_tables.py"
            ],
        ),
        (
            edited(TAXONOMY_CODE, '"policy.opt-in"', '"policy.opted"'),
            [
                (
                    "rule 'policy.opted' is given by the code and has no meaning in "
                    "guards/rule_tables.py"
                ),
                (
                    "rule 'policy.opt-in' has a meaning in guards/rule_tables.py and is given by no "
                    "code"
                ),
            ],
        ),
    ],
)
def test_what_is_broken_on_purpose_is_found(broken: Checkout, findings: list[str]) -> None:
    assert list(rule_ids(broken)) == findings


def test_a_keyword_that_no_contract_uses_any_more_is_found() -> None:
    broken = REAL
    for path in REAL.paths(f"{CONTRACTS}/telemetry/usage-", ".schema.json"):
        broken = added(path, REAL.text(path).replace('"maxProperties"', '"title"'), broken)
    assert list(rule_ids(broken)) == [
        "rule 'contract.maxProperties' has a meaning in guards/rule_tables.py and is given by no code"
    ]


def test_a_new_forbidden_rule_changes_the_table() -> None:
    renamed = edited(STACKS, '"id": "stack.panic"', '"id": "stack.other"')
    assert rule_tables(renamed)[RULES] != rule_tables(REAL)[RULES]


def test_rules_without_a_reason_are_refused() -> None:
    with pytest.raises(GuardError, match=r"stacks\.v1\.json is no list of rules: "):
        rule_tables(edited(STACKS, '"reason"', '"because"'))
