from dataclasses import replace

import pytest

from vox_telemetry_client.config import Config
from vox_telemetry_client.consent import Consent, State
from vox_telemetry_client.disclosure.decisions import (
    configured,
    consent_history,
    precedence,
    upload_url,
)
from vox_telemetry_client.journal_lines import Cleaned, ConsentDecided
from vox_telemetry_client.limits import VIEW_PAGE_ROWS
from vox_telemetry_client.switches import Facts, FileSays, Switches

AT = "2026-11-22T12:00:00.000Z"


def _facts(policy: FileSays | None = None, **environ: str) -> Facts:
    switches = Switches(policy or FileSays("/etc/vox/p.toml"), FileSays("/home/op/c.toml"), environ)
    return Facts(switches, None, "https://t.example/v1/batches", "")


def test_each_source_speaks_for_itself_the_strongest_first() -> None:
    found = precedence(_facts(DO_NOT_TRACK="1"))
    assert [(one.rank, one.source, one.forbids) for one in found] == [
        (1, "policy-file", False),
        (2, "VOX_TELEMETRY", False),
        (3, "DO_NOT_TRACK", True),
        (4, "user-configuration", False),
        (5, "consent", True),
    ]
    assert found[2].reason == "DO_NOT_TRACK is set: nothing is sent, unset it to send"


def test_two_that_forbid_are_both_told() -> None:
    off = FileSays("/etc/vox/p.toml", enabled=False)
    found = precedence(_facts(off, VOX_TELEMETRY="off"))
    assert [one.source for one in found if one.forbids] == [
        "policy-file",
        "VOX_TELEMETRY",
        "consent",
    ]


def test_no_secret_is_among_what_is_configured(config: Config) -> None:
    given = replace(config, upload_token="s3cret", upload_url="https://t.example")
    shown = {one.name: one.value for one in configured(given, "none")}
    assert shown["Upload token"] == "set"
    assert shown["Upload URL"] == "https://t.example/v1/batches"
    assert "s3cret" not in str(shown)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "not set in the environment or your configuration"),
        ("  ", "not set in the environment or your configuration"),
        ("http://t.example", "cannot be used: "),
        ("https://op:s3cret@t.example", "cannot be used: "),
    ],
)
def test_a_url_that_nothing_is_sent_to_is_said(config: Config, url: str | None, said: str) -> None:
    shown = upload_url(replace(config, upload_url=url))
    assert shown.startswith(said)
    assert "s3cret" not in shown


def test_the_newest_decisions_of_the_journal_come_first() -> None:
    lines = [
        (number, ConsentDecided(f"{number:03}", Consent(State.DENIED, AT)))
        for number in range(VIEW_PAGE_ROWS + 5)
    ]
    found = consent_history([*lines, (0, None), (1, Cleaned(AT, [], ""))])
    assert (len(found), found[0].at, found[-1].at) == (VIEW_PAGE_ROWS, "054", "005")
