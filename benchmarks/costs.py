"""What a process and all that it started cost, from /proc (Linux)."""

import os
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_KIB: Final = 1_024


def is_available() -> bool:
    """Tell whether this system has the /proc of Linux."""
    return (_PROC / "self" / "stat").exists()


def processor_s(root: int | None) -> float | None:
    """Return the processor time of a process and its descendants, those that ended included.

    None without /proc, or for a process that is not ours to look at.
    """
    if root is None or not is_available():
        return None
    # proc(5): utime, stime, and cutime, cstime of the children that were waited for.
    ticks = (sum(map(int, stat[11:15])) for stat in _family(root).values())
    return sum(ticks) / _TICKS_PER_S


def peak_bytes(root: int) -> int:
    """Return the most memory that a process or one of its descendants has ever held (VmHWM)."""
    return max(map(_peak, _family(root)))


def _family(root: int) -> dict[int, list[str]]:
    """Return the fields of `stat` after the name, of a process and its descendants, by pid."""
    stats: dict[int, list[str]] = {}
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has just ended
            continue
        stats[int(path.parent.name)] = text.rpartition(")")[2].split()
    return {pid: stat for pid, stat in stats.items() if _descends(pid, root, stats)}


def _descends(pid: int, root: int, stats: dict[int, list[str]]) -> bool:
    while pid != root and pid in stats:
        pid = int(stats[pid][1])
    return pid == root


def _peak(pid: int) -> int:
    status = (_PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
    sizes = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    return sum(sizes) * _KIB  # a process that has ended shows none
