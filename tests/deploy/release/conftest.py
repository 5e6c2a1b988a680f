import importlib
from collections.abc import Callable
from types import ModuleType

import pytest

from support.checkouts import ROOT


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Import a script of deploy/release by its name."""
    monkeypatch.syspath_prepend(str(ROOT / "deploy" / "release"))
    return importlib.import_module
