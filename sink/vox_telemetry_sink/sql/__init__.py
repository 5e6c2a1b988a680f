"""All SQL of the sink: named queries, migrations, and the schema that they add up to."""

import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

_NAME = re.compile(r"^-- (?P<name>[a-z][a-z0-9_]*) --$", re.MULTILINE)
_MIGRATION_FILE = re.compile(r"(?P<version>\d{4})_(?P<name>[a-z0-9_]+)\.sql")


class Migration(NamedTuple):
    """One step of the schema; `sha256` proves that an applied step was not edited afterwards."""

    version: int
    name: str
    sha256: bytes
    text: str

    def statements(self) -> list[str]:
        """Return the statements one by one, as a Citus cluster takes those that make an index.

        A statement ends with the line that ends in a semicolon outside of a `$$` body;
        tests/sink/sql/test_init.py compares that with Postgres' own parser.
        """
        found: list[list[str]] = [[]]
        in_body = False
        for line in self.text.splitlines(keepends=True):
            found[-1].append(line)
            in_body ^= line.count("$$") % 2 == 1
            if line.rstrip().endswith(";") and not in_body:
                found.append([])
        return [text for lines in found if (text := "".join(lines).strip())]


def load_queries(file: str = "queries.sql") -> dict[str, str]:
    """Return the statements of a file of ours by name."""
    text = files(__name__).joinpath(file).read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    return {name: query.strip() for name, query in zip(parts[::2], parts[1::2], strict=True)}


@cache
def load_migrations() -> tuple[Migration, ...]:
    """Return all migrations, oldest first, read once: `/readyz` asks for them each time.

    Raises:
        ValueError: a file in migrations/ is not named NNNN_what.sql.

    """
    return tuple(
        sorted(
            _migration(path.name, path.read_bytes())
            for path in files(__name__).joinpath("migrations").iterdir()
        )
    )


def load_citus() -> str:
    """Return the statements that follow the migrations on a Citus cluster."""
    return files(__name__).joinpath("citus.sql").read_text(encoding="utf-8")


def _migration(file_name: str, content: bytes) -> Migration:
    found = _MIGRATION_FILE.fullmatch(file_name)
    if found is None:
        raise ValueError(f"got a migration file '{file_name}', expected NNNN_what.sql")
    return Migration(
        int(found["version"]), found["name"], hashlib.sha256(content).digest(), content.decode()
    )
