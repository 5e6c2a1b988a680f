"""The keeper's side: verify, enforce, write to Postgres, answer with a receipt."""

import importlib.util
import sys

# One module of each library that the extra adds and every command needs.
_EXTRA = ("litestar", "asyncpg", "uvicorn")


def main() -> None:
    """Run `vox-telemetry-sink`, or say how to install what it needs."""
    if any(importlib.util.find_spec(name) is None for name in _EXTRA):
        print(  # noqa: T201 -- the only thing this installation can do
            "vox-telemetry-sink: the server's parts are not installed: "
            "pip install 'vox-telemetry[sink]'",
            file=sys.stderr,
        )
        raise SystemExit(1)
    from vox_telemetry_sink.cli import run  # noqa: PLC0415 -- needs the extra looked for above

    run()
