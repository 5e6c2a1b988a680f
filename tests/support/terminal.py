"""Run a program on a terminal of its own and answer what it asks."""

import os
import pty
import subprocess
from collections.abc import Mapping
from pathlib import Path

from support.cli import RUN_WITHIN_S, Ran, command


def run_on_terminal(
    program: str, *args: str | Path, answers: Mapping[str, str], env: Mapping[str, str]
) -> Ran:
    """Run to the end; each answer is typed when its prompt has been shown. `out` is the screen."""
    ours, theirs = pty.openpty()
    # Its own session: getpass looks for the terminal of the session first, which is the tester's.
    process = subprocess.Popen(
        command(program, *args),
        env=os.environ | dict(env),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    waiting, screen, seen = dict(answers), b"", 0
    while True:
        try:
            read = os.read(ours, 4_096)
        except OSError:  # the program has ended and closed the terminal
            break
        if not read:
            break
        screen += read
        for prompt in list(waiting):
            if prompt.encode() in screen[seen:]:
                seen = len(screen)
                os.write(ours, waiting.pop(prompt).encode() + b"\n")
    code = process.wait(RUN_WITHIN_S)
    os.close(ours)
    return Ran(code, screen.decode(), "")
