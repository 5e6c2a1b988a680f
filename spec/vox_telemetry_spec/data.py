"""Reads the contract files that ship inside this package; the only I/O of the contract."""

from importlib.resources import files
from pathlib import PurePosixPath


def read_contract(path: str) -> bytes:
    """Return the bytes of a packaged file; `path` starts with `contracts/`, as in the registry.

    Raises:
        FileNotFoundError: no such file is packaged.

    """
    return files("vox_telemetry_spec").joinpath(*PurePosixPath(path).parts).read_bytes()
