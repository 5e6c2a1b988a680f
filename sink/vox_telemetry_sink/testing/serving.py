"""`python -m vox_telemetry_sink.testing.serving …`: the real program, ended with its starter."""

import os
import signal
from threading import Thread

from vox_telemetry_sink.cli import run
from vox_telemetry_sink.testing.processes import wait_for_the_end_of_input


def main() -> None:
    """Run `vox-telemetry-sink` with these arguments until its input ends."""
    Thread(target=_end_with_the_starter, daemon=True).start()
    run()


def _end_with_the_starter() -> None:
    wait_for_the_end_of_input()
    os.kill(os.getpid(), signal.SIGTERM)  # as an operator ends it: what was begun is answered


if __name__ == "__main__":
    main()
