from vox_telemetry_spec.errors import SpecError
from vox_telemetry_spec.guards import errors


def test_every_error_is_in_the_tree_of_the_docstring() -> None:
    declared = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, SpecError)
    }
    assert declared == {word for word in (errors.__doc__ or "").split() if word.endswith("Error")}
