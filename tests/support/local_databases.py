"""Databases as other programs leave them, made by plain SQL and never by our code."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

# The original's statement (its agents.rs); our own store must hold the same columns.
RESEARCH_METRICS = """
CREATE TABLE research_metrics (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id TEXT NOT NULL,
    metric_type TEXT NOT NULL,
    metric_value REAL,
    metadata_json TEXT,
    created_at TEXT NOT NULL DEFAULT (datetime('now'))
)
"""
METADATA = '{"name":"ci_build_timings"}'


def make_database(path: Path, *statements: str) -> Path:
    """Make an SQLite file with these statements, in the default (rollback) journal mode."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
    return path


def original_database(path: Path, rows: Iterable[Sequence[Any]]) -> Path:
    """Make a database of the original with rows of (session, type, value, metadata, created_at)."""
    make_database(path, RESEARCH_METRICS, "CREATE TABLE agents (id INTEGER PRIMARY KEY, name TEXT)")
    with closing(sqlite3.connect(path)) as connection:
        connection.executemany(
            "INSERT INTO research_metrics (session_id, metric_type, metric_value, metadata_json, "
            "created_at) VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        connection.commit()
    return path


def query(path: Path, statement: str) -> list[tuple[Any, ...]]:
    """Return rows as Python's own sqlite3 sees them."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()
