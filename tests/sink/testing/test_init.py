import subprocess
import sys

import pytest

from vox_telemetry_sink import testing


def test_every_public_name_can_be_imported() -> None:
    assert {
        name for name in testing.__all__ if not isinstance(getattr(testing, name), type)
    } == set()
    assert dir(testing) == testing.__all__


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        testing.nothing  # noqa: B018 -- the access is what is tested


def test_the_package_alone_imports_no_dependency() -> None:
    code = (
        "import sys, vox_telemetry_sink.testing;"
        "print(*sorted({one.partition('.')[0] for one in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path = {sys.path!r};{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stdout.split())
    assert loaded - sys.stdlib_module_names - {"__main__"} == {"vox_telemetry_sink"}
