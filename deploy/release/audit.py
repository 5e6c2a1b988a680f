"""Ask a database of vulnerabilities, by pip-audit, about every version that the lock pins.

Exit codes: 0 none is known, 1 some are, 4 the database gave no answer about every pin. The last is
no pass. What is sent to the database are names and versions of public packages.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from locks import LOCK, Pin, pins

EXIT_FOUND = 1
EXIT_NOT_ASKED = 4
_TIMEOUT_S = 15  # of one request, pip-audit's own default


def ask(locked: Mapping[str, Pin], options: list[str]) -> subprocess.CompletedProcess[str]:
    """Run pip-audit over the pins, without markers: those of other platforms are asked for, too."""
    with TemporaryDirectory() as work:
        file = Path(work) / "requirements.txt"
        file.write_text("".join(f"{name}=={pin.version}\n" for name, pin in locked.items()))
        command = [
            *(sys.executable, "-m", "pip_audit", "--requirement", str(file)),
            *("--no-deps", "--disable-pip", "--progress-spinner", "off"),
            *("--format", "json", "--desc", "off", "--timeout", str(_TIMEOUT_S), *options),
        ]
        return subprocess.run(command, capture_output=True, text=True, check=False)


def answered(said: str) -> dict[str, Any] | None:
    """Return pip-audit's dependencies by name, or None where it did not get as far."""
    try:
        dependencies = json.loads(said)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return None
    return {one["name"]: one for one in dependencies}


def verdict(locked: Mapping[str, Pin], said: str, trouble: str) -> tuple[int, list[str]]:
    """Return the exit code, and what is to be said."""
    found = answered(said)
    if found is None:
        reason = (trouble.strip().splitlines() or ["it said nothing"])[-1]
        return EXIT_NOT_ASKED, [
            f"no answer from the database, so nothing is known of {len(locked)} packages: {reason}"
        ]
    asked = {name for name, one in found.items() if one.get("version") == locked[name].version}
    unasked = sorted(locked.keys() - asked)
    lines = [
        f"{name} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or '-'}"
        for name, one in found.items()
        for flaw in one.get("vulns", [])
    ]
    lines += [f"{name}: the database was not asked" for name in unasked]
    if unasked:
        return EXIT_NOT_ASKED, lines
    return (EXIT_FOUND, lines) if lines else (0, [f"none known in {len(locked)} packages"])


def main() -> int:
    """Audit deploy/requirements.lock, which holds the sink's lock and the tools of developers."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--osv-url", help="an OSV service of your own; default: the public one")
    parser.add_argument("--lock", type=Path, default=LOCK)
    wanted = parser.parse_args()
    options = ["--vulnerability-service", "osv"]
    if wanted.osv_url:
        options += ["--osv-url", wanted.osv_url]
    locked = pins(wanted.lock.read_text(encoding="utf-8"))
    done = ask(locked, options)
    code, lines = verdict(locked, done.stdout, done.stderr)
    sys.stdout.write("".join(f"audit: {line}\n" for line in lines))
    return code


if __name__ == "__main__":
    sys.exit(main())
