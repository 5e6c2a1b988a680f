import pytest

from vox_telemetry_client.counting import counted, n_batches, n_events, noun


@pytest.mark.parametrize(("number", "said"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows")])
def test_one_is_no_plural(number: int, said: str) -> None:
    assert counted(number, "row", "rows") == said


def test_what_they_do_goes_with_their_number() -> None:
    assert n_batches(1, " is kept", " are kept") == "1 batch is kept"
    assert n_batches(3, " is kept", " are kept") == "3 batches are kept"
    assert (n_batches(2), n_events(1), noun(1, "it", "them")) == ("2 batches", "1 event", "it")
