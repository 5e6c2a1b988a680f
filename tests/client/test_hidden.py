import copy
import pickle
from io import StringIO

import pytest
from rich.console import Console
from rich.pretty import Pretty

from vox_telemetry_client.hidden import Hidden


def test_nothing_shows_what_is_hidden() -> None:
    hidden = Hidden("s3cret")
    console = Console(file=StringIO())
    console.print(Pretty(hidden, expand_all=True), [hidden], {"a": hidden})
    assert isinstance(console.file, StringIO)
    texts = [repr(hidden), str(hidden), f"{hidden}", repr([hidden]), console.file.getvalue()]
    assert all("s3cret" not in text and "Hidden(***)" in text for text in texts)
    assert hidden.reveal() == "s3cret"


@pytest.mark.parametrize("away", [pickle.dumps, copy.copy, copy.deepcopy])
def test_what_is_hidden_is_not_carried_off(away) -> None:
    with pytest.raises(TypeError, match="a hidden value cannot be pickled"):
        away(Hidden(b"s3cret"))
