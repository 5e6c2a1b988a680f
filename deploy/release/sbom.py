"""Write a bill of materials (CycloneDX, JSON) of each installation that a release offers.

Each is read from an environment of its own, into which the built wheel was installed at the
versions of the lock: what is listed is what was installed on this platform, with its licences and
the graph.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from locks import LOCK, ROOT

VARIANTS = {"client": "", "sink": "[sink]", "all": "[embedded,otel,parquet]"}
_BIN = Path(sys.executable).parent


def install(wheel: Path, extras: str, into: Path) -> None:
    """Make an environment that holds the wheel, its extras, and nothing else."""
    uv = str(_BIN / "uv")
    run = [uv, "venv", "--quiet", "--python", sys.executable, str(into)]
    subprocess.run(run, check=True)
    wanted = f"vox-telemetry{extras} @ {wheel.resolve().as_uri()}"
    where = ["--python", str(into), "--constraint", str(LOCK)]
    subprocess.run([uv, "pip", "install", "--quiet", *where, wanted], check=True)


def describe(environment: Path, to: Path, epoch_s: int) -> None:
    """Write the bill of what an environment holds; of one commit always the same bytes."""
    command = [
        *(str(_BIN / "cyclonedx-py"), "environment", str(environment)),
        *("--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"),
        *("--output-reproducible", "--output-file", str(to)),
    ]
    subprocess.run(command, env=os.environ | {"SOURCE_DATE_EPOCH": str(epoch_s)}, check=True)


def main() -> int:
    """Write DIST/vox-telemetry-VARIANT.cdx.json for each variant."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--epoch-s", type=int, required=True, help="time of the commit")
    parser.add_argument("--only", choices=VARIANTS, action="append", help="default: every variant")
    wanted = parser.parse_args()
    for name in wanted.only or VARIANTS:
        to = wanted.out / f"vox-telemetry-{name}.cdx.json"
        with TemporaryDirectory() as work:
            install(wanted.wheel, VARIANTS[name], Path(work) / "environment")
            describe(Path(work) / "environment", to, wanted.epoch_s)
        sys.stdout.write(f"sbom: wrote {to}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
