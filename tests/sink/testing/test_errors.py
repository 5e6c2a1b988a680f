from vox_telemetry_sink.errors import SinkError
from vox_telemetry_sink.testing import errors


def test_the_tree_is_the_one_in_the_docstring() -> None:
    assert errors.PluginError.__mro__[1] is SinkError
    below = {one.__name__ for one in errors.PluginError.__subclasses__()}
    assert below == {"NoPostgresError", "ProgramFailedError"}
    assert all(name in (errors.__doc__ or "") for name in below)
