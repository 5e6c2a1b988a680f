import hashlib
import re
from importlib.resources import files

import pytest
from pglast import parse_sql

from vox_telemetry_sink.sql import Migration, load_migrations, load_queries


def test_every_query_has_its_name_and_ends_with_one_semicolon() -> None:
    queries = load_queries()
    assert (
        queries["add_key"].splitlines()[-1] == "ON CONFLICT (key_id) DO NOTHING RETURNING key_id;"
    )
    for name, query in queries.items():
        statement = "".join(line for line in query.splitlines() if not line.startswith("--"))
        assert statement.endswith(";"), name
        assert statement.count(";") == 1, name


@pytest.mark.parametrize("migration", load_migrations(), ids=lambda one: one.name)
def test_a_migration_is_taken_apart_as_postgres_would(migration: Migration) -> None:
    ours = migration.statements()
    assert [parse_sql(one) for one in ours] == [(raw,) for raw in parse_sql(migration.text)]


def test_what_follows_the_last_semicolon_is_not_lost() -> None:
    migration = Migration(1, "a", b"", "SELECT 1;\n\nSELECT 2\n")
    assert migration.statements() == ["SELECT 1;", "SELECT 2"]


def test_no_query_is_left_unused() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("", "console")
        for path in files("vox_telemetry_sink").joinpath(folder).iterdir()
        if path.name.endswith(".py")
    )
    for name in load_queries():
        assert f'QUERIES["{name}"]' in sources, name


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_no_query_of_the_console_is_left_unused(role: str) -> None:
    module = files("vox_telemetry_sink.console").joinpath(f"{role}_figures.py")
    source = module.read_text(encoding="utf-8")
    for name in load_queries(f"console_{role}.sql"):
        assert f'_QUERIES["{name}"]' in source or f'_fetch("{name}"' in re.sub(
            r"\(\s+", "(", source
        )


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    migrations = load_migrations()
    assert [migration.version for migration in migrations] == list(range(1, len(migrations) + 1))
    first = files("vox_telemetry_sink.sql").joinpath("migrations/0001_first_tables.sql")
    assert migrations[0].sha256 == hashlib.sha256(first.read_bytes()).digest()
