"""Run pytest on tests of another project, in a folder and a process of their own."""

import os
import subprocess
import sys
from pathlib import Path

from support.cli import Ran

RUN_WITHIN_S = 120
# Nothing of what our own runs load, which takes a second; the plugin by the name of its entry point.
NO_AUTOLOAD = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
PLUGIN = ("-p", "vox_telemetry")
# With one of these set pytest says more, and the same words twice.
_OF_CI = ("CI", "BUILD_NUMBER")


def written(folder: Path, **files: str) -> Path:
    """Write these Python files, by name, and settings that keep ours away; return the folder."""
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n", encoding="utf-8")
    for name, source in files.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    return folder


def command(*args: str) -> list[str]:
    """Give the command line of a run; set NO_AUTOLOAD for it."""
    return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *args]


def run_pytest(folder: Path, *args: str, **env: str) -> Ran:
    """Run the tests of a folder to their end, with the plugins that `args` name."""
    done = subprocess.run(
        command(*args),
        cwd=folder,
        env=_plain_environment() | NO_AUTOLOAD | env,
        capture_output=True,
        text=True,
        check=False,
        timeout=RUN_WITHIN_S,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _OF_CI}
