import pytest
import yaml

from vox_telemetry_spec.strict_yaml import load_yaml


def test_plain_data_is_read() -> None:
    text = b"a: [1, 'x', null, 2.5, true]\nb: {c: d}\n"
    assert load_yaml(text) == {"a": [1, "x", None, 2.5, True], "b": {"c": "d"}}


def test_an_empty_document_is_none() -> None:
    assert load_yaml(b"") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a: 1\nb: 2\na: 3\n", "the mapping at line 1 has a key twice"),
        (b"a:\n  b: 1\n  b: 2\n", "the mapping at line 2 has a key twice"),
        (b"- {a: 1}\n- {a: 1, 'a': 2}\n", "the mapping at line 2 has a key twice"),
        (b"a: &x [1]\nb: *x\n", "got an alias"),
        (b"a: &x [*x]\n", "got an alias"),
        (b"--- 1\n--- 2\n", "single document"),
        (b"a: !!python/object/apply:os.getcwd []\n", "could not determine a constructor"),
        (b"a: [\n", "line 2"),
    ],
)
def test_what_is_not_one_plain_document_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(yaml.YAMLError, match=message):
        load_yaml(text)
