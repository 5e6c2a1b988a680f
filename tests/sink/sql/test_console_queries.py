"""What the console's statements may touch, looked up in the tree that Postgres' own parser makes."""

from importlib.resources import files
from typing import Any

import pytest

from support.citus_rules import nodes, query_faults, trees
from vox_telemetry_sink.sql import load_citus, load_queries

ADMIN, VIEWER = load_queries("console_admin.sql"), load_queries("console_viewer.sql")
SCHEMA = files("vox_telemetry_sink.sql").joinpath("schema.sql").read_text(encoding="utf-8")
VIEWS = {
    tree["view"]["relname"]: tree["query"]
    for tree in (*trees(SCHEMA), *trees(load_citus()))
    if tree["@"] == "ViewStmt"
}
K_ANONYMOUS = {
    tree["object"][-1]["sval"]
    for tree in trees(SCHEMA)
    if tree["@"] == "CommentStmt" and tree["comment"].startswith("k-anonymous: ")
}


def relations(sql: str) -> set[str]:
    [tree] = trees(sql)
    return {node["relname"] for node in nodes(tree, "RangeVar")}


@pytest.mark.parametrize("name", VIEWER)
def test_a_viewers_query_reads_k_anonymous_views_and_nothing_else(name: str) -> None:
    read = relations(VIEWER[name])
    # The k itself is a setting and tells of nobody.
    assert read
    assert read <= K_ANONYMOUS | ({"anonymity"} if name == "k_keys" else set())
    # Of everything: less the groups that are shown, each would be the hidden ones together.
    assert not read & {"daily_events", "daily_batches", "daily_refused"}
    [tree] = trees(VIEWER[name])
    columns = columns_of(tree)
    assert "key_id" not in columns
    assert "keys" not in columns
    functions = {node["funcname"][-1]["sval"] for node in nodes(tree, "FuncCall")}
    assert functions <= {"sum", "count", "min", "max"}


@pytest.mark.parametrize("name", sorted(K_ANONYMOUS))
def test_every_k_anonymous_view_hides_its_small_groups(name: str) -> None:
    assert name.startswith("daily_")
    [having] = [
        node["havingClause"] for node in nodes(VIEWS[name], "SelectStmt") if "havingClause" in node
    ]
    assert {node["relname"] for node in nodes(having, "RangeVar")} == {"anonymity"}
    assert [part["sval"] for part in having["name"]] == [">="]


@pytest.mark.parametrize("name", sorted(K_ANONYMOUS - {"daily_batches"}))  # its counts are NOT NULL
def test_what_few_keys_of_a_group_may_have_is_hidden_by_those(name: str) -> None:
    of_few = {
        target["name"]
        for target in nodes(VIEWS[name], "ResTarget")
        for call in nodes(target, "FuncCall")
        if call["funcname"][-1]["sval"] in ("avg", "sum", "min", "max")
        and {"metric_value", "event_count"} & columns_of(call)
    }
    if of_few:
        shown = VIEWS[name]["targetList"]
        cases = [target["val"] for target in shown if target["val"]["@"] == "CaseExpr"]
        plain = [target["val"] for target in shown if target["val"]["@"] == "ColumnRef"]
        assert len(cases) + len(plain) == len(shown)
        assert not of_few & columns_of(plain)
        for case in cases:
            assert columns_of(case["args"][0]["expr"]) & {"keys_of_mean", "keys_of_events"}
            assert "defresult" not in case


def columns_of(tree: Any) -> set[str]:
    return {
        part["sval"]
        for node in nodes(tree, "ColumnRef")
        for part in node["fields"]
        if "sval" in part
    }


@pytest.mark.parametrize("sql", [*ADMIN.values(), *VIEWER.values()], ids=[*ADMIN, *VIEWER])
def test_the_console_changes_nothing_and_keeps_to_what_citus_can(sql: str) -> None:
    [tree] = trees(sql)
    assert tree["@"] == "SelectStmt"
    assert not list(nodes(tree, "LockingClause"))
    assert list(query_faults(tree, VIEWS)) == []


@pytest.mark.parametrize("name", ADMIN)
def test_no_query_reads_what_is_in_an_event(name: str) -> None:
    [tree] = trees(ADMIN[name])
    assert not columns_of(tree) & {
        "metadata",
        "metric_value",
        "session_id",
        "coded_body",
        "signed_request",
    }
