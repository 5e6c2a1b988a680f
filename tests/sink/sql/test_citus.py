"""No statement of the sink uses what Citus forbids (issue 7 point 5), and what differs is held."""

from importlib.resources import files

import pytest

from support.citus_rules import COLUMN_OF, nodes, query_faults, schema_faults, trees
from vox_telemetry_sink.citus import DISTRIBUTED, LOCAL, REFERENCE
from vox_telemetry_sink.sql import load_citus, load_migrations, load_queries

SCHEMA = files("vox_telemetry_sink.sql").joinpath("schema.sql").read_text(encoding="utf-8")
# Not run on a cluster: retention_store takes their fellows `…_on_every_shard` there.
ONE_MACHINE_ONLY = {
    "delete_aged_default",
    "delete_aged_batches",
    "delete_aged_rejections",
    "delete_aged_duplicates",
}
ON_A_CLUSTER = {name: q for name, q in load_queries().items() if name not in ONE_MACHINE_ONLY}
VIEWS = {
    tree["view"]["relname"]: tree["query"]
    for tree in (*trees(SCHEMA), *trees(load_citus()))
    if tree["@"] == "ViewStmt"
}
DISTRIBUTES_EARLY = "        PERFORM create_distributed_table(partition_name, 'batch_id', colocate_with => 'event');\n"


def test_every_table_has_its_place() -> None:
    made = [
        tree["relation"]["relname"]
        for tree in trees(SCHEMA)
        if tree["@"] == "CreateStmt" and "partbound" not in tree
    ]
    placed = [*(name for name, _, _ in DISTRIBUTED), *REFERENCE, *LOCAL]
    assert sorted(made) == sorted(placed)


@pytest.mark.parametrize(
    "sql", [SCHEMA, *(m.text for m in load_migrations())], ids=lambda sql: sql[:30]
)
def test_no_table_is_made_as_citus_forbids(sql: str) -> None:
    assert [fault for tree in trees(sql) for fault in schema_faults(tree)] == []


@pytest.mark.parametrize("name", ON_A_CLUSTER)
def test_no_query_does_what_citus_forbids(name: str) -> None:
    [tree] = trees(ON_A_CLUSTER[name])
    assert list(query_faults(tree, VIEWS)) == []


@pytest.mark.parametrize("name", VIEWS)
def test_no_view_does_what_citus_forbids(name: str) -> None:
    assert list(query_faults(VIEWS[name], VIEWS)) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("CREATE TABLE batch (a int PRIMARY KEY, batch_id uuid)", "batch has something unique"),
        ("CREATE TABLE event (batch_id uuid, a int, UNIQUE (a))", "event has something unique"),
        ("CREATE UNIQUE INDEX ON rejection (rejection_id)", "rejection has something unique"),
        ("ALTER TABLE batch ADD UNIQUE (key_id)", "batch has something unique"),
        ("CREATE TABLE event (b uuid REFERENCES batch)", "a foreign key of event"),
        ("ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES batch", "a foreign key of t"),
        ("CREATE INDEX ON event_2026_11 (family)", "event_2026_11 is changed"),
        ("CREATE TRIGGER t AFTER INSERT ON batch EXECUTE FUNCTION f()", "a trigger or a rule"),
    ],
)
def test_a_table_as_citus_forbids_is_found(statement: str, fault: str) -> None:
    [tree] = trees(statement)
    assert any(found.startswith(fault) for found in schema_faults(tree))


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("SELECT FROM batch WHERE key_id = $1 FOR UPDATE", "rows of several shards"),
        ("WITH RECURSIVE a AS (SELECT 1) SELECT * FROM a, all_events", "a recursive CTE"),
        ("WITH a AS (DELETE FROM event RETURNING 1) SELECT * FROM a", "a CTE that changes"),
        ("SELECT NOT EXISTS (SELECT FROM event_default)", "a subquery of no columns"),
        (
            "SELECT (SELECT count(*) FROM event WHERE event.family = batch.key_id) FROM batch",
            "a correlated subquery",
        ),
        (
            "SELECT 1 FROM all_families LEFT JOIN client_key ON client_key.key_id = all_families.key_id",
            "a join of a union",
        ),
        (
            "SELECT day, count(*) > (SELECT k_keys FROM anonymity) FROM all_events GROUP BY day",
            "a subquery beside aggregates",
        ),
        ("DELETE FROM batch WHERE ctid = ANY ($1)", "a ctid names"),
        ("UPDATE batch SET batch_id = $1", "the distribution column is changed"),
        ("INSERT INTO rejection (key_id) VALUES ($1)", "an insert without"),
    ],
)
def test_a_query_that_citus_forbids_is_found(statement: str, fault: str) -> None:
    [tree] = trees(statement)
    assert any(found.startswith(fault) for found in query_faults(tree, VIEWS))


def test_the_view_of_one_machine_would_be_found() -> None:
    plain = {t["view"]["relname"]: t["query"] for t in trees(SCHEMA) if t["@"] == "ViewStmt"}
    found = list(query_faults(plain["daily_events"], plain))
    assert found == ["a recursive CTE beside a distributed table"]


@pytest.mark.parametrize("name", sorted(ONE_MACHINE_ONLY))
def test_what_is_for_one_machine_only_is_refused_by_citus(name: str) -> None:
    [tree] = trees(load_queries()[name])
    assert "a ctid names a row of each shard" in list(query_faults(tree, VIEWS))


def test_the_function_differs_from_that_of_one_machine_by_the_line_that_distributes() -> None:
    start, end = "CREATE FUNCTION ensure_event_partitions", "$$;\n"
    plain = SCHEMA[SCHEMA.index(start) :]
    plain = plain[: plain.index(end)]
    spread = load_citus().replace("CREATE OR REPLACE", "CREATE")
    spread = spread[spread.index(start) :]
    assert spread.count(DISTRIBUTES_EARLY) == 1
    assert spread[: spread.index(end)].replace(DISTRIBUTES_EARLY, "") == plain


def test_the_view_differs_from_that_of_one_machine_by_being_made_first() -> None:
    plain = SCHEMA[SCHEMA.index("WITH RECURSIVE chain") :]
    plain = plain[: plain.index(";")]
    assert f"AS MATERIALIZED (\n{plain}\n)\nSELECT key_id, origin_key_id" in load_citus()


def test_every_distributed_table_is_looked_at() -> None:
    assert {"batch", "event", "event_default", "rejection", "duplicate_tally"} == COLUMN_OF.keys()
    assert len([t for t in trees(load_citus()) if next(nodes(t, "CreateFunctionStmt"), None)]) == 1
