"""What Citus forbids in a statement, looked for in the tree that Postgres' own parser makes of it."""

from collections.abc import Iterator
from typing import Any

from pglast import parse_sql

from vox_telemetry_sink.citus import DISTRIBUTED

COLUMN_OF = {name: column for name, column, _ in DISTRIBUTED}
COLUMN_OF |= {"event_default": "batch_id"}  # a partition
UNIQUE = ("CONSTR_PRIMARY", "CONSTR_UNIQUE")
Tree = dict[str, Any]


def trees(sql: str) -> list[Tree]:
    """Parse; each statement as dictionaries, its kind under `@`."""
    return [raw.stmt(skip_none=True) for raw in parse_sql(sql)]


def nodes(tree: Any, kind: str) -> Iterator[Tree]:
    """Give every node of a kind, the outer ones first."""
    if isinstance(tree, dict):
        if tree.get("@") == kind:
            yield tree
        for part in tree.values():
            yield from nodes(part, kind)
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            yield from nodes(part, kind)


def tables(tree: Any, views: dict[str, Tree]) -> set[str]:
    """Give the distributed tables that a tree reads or changes, through views as well."""
    named = {node["relname"] for node in nodes(tree, "RangeVar")}
    through = [tables(views[name], views) for name in named & views.keys()]
    return (named & COLUMN_OF.keys()).union(*through)


def schema_faults(tree: Tree) -> Iterator[str]:
    """Look at a statement that makes or changes a table."""
    kind = tree["@"]
    name = tree.get("relation", {}).get("relname", "")
    if kind in ("CreateTrigStmt", "RuleStmt"):
        yield f"a trigger or a rule on {name}"
    if kind in ("AlterTableStmt", "IndexStmt") and name.startswith("event_"):
        yield f"{name} is changed and not its parent"
    for constraint in nodes(tree, "Constraint"):
        what = constraint["contype"]["name"]
        if what == "CONSTR_FOREIGN" and {name, constraint["pktable"]["relname"]} & COLUMN_OF.keys():
            yield f"a foreign key of {name} with a distributed table"
    for columns in _unique(tree):
        if name in COLUMN_OF and COLUMN_OF[name] not in columns:
            yield f"{name} has something unique without {COLUMN_OF[name]}"


def query_faults(tree: Tree, views: dict[str, Tree]) -> Iterator[str]:
    """Look at a statement that reads or writes rows."""
    touched = tables(tree, views)
    if not touched:
        return
    if any(nodes(tree, "LockingClause")):
        yield "rows of several shards are locked"
    if _recurses(tree, views):
        yield "a recursive CTE beside a distributed table"
    yield from _select_faults(tree, views)
    for cte in nodes(tree, "CommonTableExpr"):
        if cte["ctequery"]["@"] != "SelectStmt":
            yield "a CTE that changes rows"
    for link in nodes(tree, "SubLink"):
        yield from _sublink_faults(link["subselect"], views)
    yield from _change_faults(tree)


def _select_faults(tree: Tree, views: dict[str, Tree]) -> Iterator[str]:
    for select in nodes(tree, "SelectStmt"):
        if "groupClause" in select and any(nodes(select["targetList"], "SubLink")):
            yield "a subquery beside aggregates"
    for join in nodes(tree, "JoinExpr"):
        if any(_calls_in_a_union(join[side], views) for side in ("larg", "rarg")):
            yield "a join of a union that calls a function for each row"


def _calls_in_a_union(side: Tree, views: dict[str, Tree]) -> bool:
    """Look at what is joined itself; what groups its rows is made first."""
    select: Tree = views.get(side.get("relname", "")) or side.get("subquery", {})
    if select.get("groupClause") or select.get("@") != "SelectStmt":
        return False
    if select["op"]["name"] == "SETOP_UNION":
        return bool(tables(select, views)) and any(nodes(select, "RangeFunction"))
    return any(_calls_in_a_union(inner, views) for inner in select.get("fromClause", ()))


def _change_faults(tree: Tree) -> Iterator[str]:
    for change in (*nodes(tree, "UpdateStmt"), *nodes(tree, "DeleteStmt")):
        if change["relation"]["relname"] in COLUMN_OF and "ctid" in set(_names(change)):
            yield "a ctid names a row of each shard"
    for update in nodes(tree, "UpdateStmt"):
        column = COLUMN_OF.get(update["relation"]["relname"])
        if column in {target["name"] for target in update["targetList"]}:
            yield "the distribution column is changed"
    for insert in nodes(tree, "InsertStmt"):
        column = COLUMN_OF.get(insert["relation"]["relname"])
        if column and column not in {target["name"] for target in insert.get("cols", ())}:
            yield "an insert without the distribution column"


def _unique(tree: Tree) -> Iterator[set[str]]:
    if tree["@"] == "IndexStmt" and tree.get("unique"):
        yield {part.get("name", "") for part in tree["indexParams"]}
    for column in nodes(tree, "ColumnDef"):
        for constraint in column.get("constraints", ()):
            if constraint["contype"]["name"] in UNIQUE:
                yield {column["colname"]}
    for element in (*tree.get("tableElts", ()), *nodes(tree, "AlterTableCmd")):
        constraint = element.get("def_", element.get("def", element))
        if constraint["@"] == "Constraint" and constraint["contype"]["name"] in UNIQUE:
            yield {key["sval"] for key in constraint["keys"]}


def _recurses(tree: Any, views: dict[str, Tree]) -> bool:
    """Say whether one is met that is not inside a CTE that is made first."""
    if isinstance(tree, (list, tuple)):
        return any(_recurses(part, views) for part in tree)
    if not isinstance(tree, dict):
        return False
    if tree.get("@") == "RangeVar" and tree["relname"] in views:
        return _recurses(views[tree["relname"]], views)
    if tree.get("@") == "WithClause" and tree.get("recursive"):
        return True
    made_first = tree.get("ctematerialized", {}).get("name") == "CTEMaterializeAlways"
    return not made_first and any(_recurses(part, views) for part in tree.values())


def _sublink_faults(select: Tree, views: dict[str, Tree]) -> Iterator[str]:
    if not tables(select, views):
        return
    own = {
        part.get("alias", {}).get("aliasname", part["relname"])
        for part in nodes(select.get("fromClause"), "RangeVar")
    }
    outer = {names[0] for names in _columns(select) if len(names) == 2} - own
    if outer and (names := [n for n in _columns(select) if n[-1] == "batch_id"]) and len(names) > 1:
        return  # joined with the outer row where both lie
    if outer:
        yield "a correlated subquery without the distribution column"
    if not select.get("targetList"):
        yield "a subquery of no columns"


def _columns(tree: Any) -> list[list[str]]:
    return [
        [field["sval"] for field in column["fields"] if "sval" in field]
        for column in nodes(tree, "ColumnRef")
    ]


def _names(tree: Any) -> Iterator[str]:
    for column in _columns(tree):
        yield from column[-1:]
