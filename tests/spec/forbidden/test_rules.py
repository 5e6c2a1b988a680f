"""Every rule against its own examples, the files against their schema, the patterns against RE2."""

import json
import re

import jsonschema_rs
import pytest

from vox_telemetry_spec.data import read_contract
from vox_telemetry_spec.errors import RegistryError
from vox_telemetry_spec.forbidden import load_scanner
from vox_telemetry_spec.forbidden.rules import (
    FOLDER,
    VALUE_FILES,
    NameRule,
    ValueRule,
    compile_pattern,
    load_name_rules,
    load_value_rules,
)

SCANNER = load_scanner()
VALUE_RULES = load_value_rules()
NAME_RULES = load_name_rules().rules
FILES = (*VALUE_FILES, "names", "normalisation")


@pytest.mark.parametrize("rule", VALUE_RULES, ids=lambda rule: rule.id)
def test_a_value_rule_refuses_its_matches_and_lets_its_passes_go(rule: ValueRule) -> None:
    for text in rule.matches:
        assert rule.id in rules_of({"lane": text}), text
    for text in rule.passes:
        assert rules_of({"lane": text}) == set(), text


@pytest.mark.parametrize("rule", NAME_RULES, ids=lambda rule: rule.id)
def test_a_name_rule_refuses_its_matches_and_lets_its_passes_go(rule: NameRule) -> None:
    for name in rule.matches:
        assert rule.id in rules_of({name: 1}), name
    for name in rule.passes:
        assert rules_of({name: 1}) == set(), name


@pytest.mark.parametrize("name", FILES)
def test_a_file_obeys_the_schema_beside_it(name: str) -> None:
    schema = json.loads(read_contract(f"{FOLDER}/forbidden-rules.v1.schema.json"))
    jsonschema_rs.validator_for(schema).validate(
        json.loads(read_contract(f"{FOLDER}/{name}.v1.json"))
    )


def test_rule_ids_are_unique() -> None:
    ids = [rule.id for rule in (*VALUE_RULES, *NAME_RULES)]
    assert len(ids) == len(set(ids))


def test_patterns_are_of_the_re2_subset_so_that_any_language_can_run_them() -> None:
    for rule in VALUE_RULES:
        for pattern in (*rule.patterns, *getattr(rule, "unless", [])):
            assert not re.search(r"\(\?(?:[=!>(P]|<[=!])|\\[1-9]|[*+?}]\+", pattern), rule.id
            repeats = [
                int(n) for pair in re.findall(r"\{(\d+),?(\d*)\}", pattern) for n in pair if n
            ]
            assert max(repeats, default=0) <= 1000, rule.id


def test_a_damaged_pattern_is_named_with_its_rule() -> None:
    with pytest.raises(RegistryError, match=r"pattern of rule path\.x is damaged: .+"):
        compile_pattern("path.x", "(")


def rules_of(event: dict[str, object]) -> set[str]:
    return {violation.rule for violation in SCANNER.scan(event, 0)}
