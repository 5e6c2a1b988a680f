"""Which path a test module is named by, whatever folder pytest took for the root. Pure.

The root is a guess: without an ini file it is the common folder of all paths on the command line,
and the value of an option that a plugin added later is taken for a path. What such a folder lies in
(customers, people) is nothing of the project's, and names may be uploaded.
"""

import pytest


class Modules:
    """The paths of the test modules of a run."""

    def __init__(self, config: pytest.Config) -> None:
        """Take where pytest was started, and what it took for the root."""
        self._root = config.rootpath
        folders = [config.invocation_params.dir]
        if config.inipath is not None:
            folders.append(config.inipath.parent)
        # The outermost first: with an ini file names do not depend on where pytest was started.
        self._folders = sorted(folders, key=lambda folder: len(folder.parts))

    def path(self, module: str) -> str:
        """Return the path of `module`, which is relative to the root, for what may be named.

        That is the folder of the ini file or the one in which pytest was started; of a module that
        lies in neither only the file is left.
        """
        if any(self._root.is_relative_to(folder) for folder in self._folders):
            return module
        path = self._root / module
        for folder in self._folders:
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix()
        return path.name
