"""The tables of operating-client.md are what the code decides."""

import re
from pathlib import Path

import pytest

from support.checkouts import ROOT
from vox_telemetry_client.setting_files import read_policy, read_user_settings
from vox_telemetry_client.switches import (
    PRECEDENCE,
    Decision,
    FileSays,
    Switches,
    may_record,
    switched_off,
)

PAGE = (ROOT / "docs" / "operating-client.md").read_text(encoding="utf-8")
SILENT, OFF = FileSays("/x.toml"), FileSays("/x.toml", enabled=False)
RANKS = re.findall(r"^\| (\d) \| `([\w-]+)` \| (.+) \|$", PAGE, re.MULTILINE)


def words(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def decided(**environ: str) -> Decision | None:
    return switched_off(Switches(SILENT, SILENT, environ))


def test_the_sections_stand_in_the_order_of_an_operator() -> None:
    sections = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    listed = re.findall(r"\]\(#([a-z-]+)\)", PAGE[: PAGE.index("## Install")])
    anchors = [title.lower().replace(" ", "-") for title in sections]
    assert listed == [anchor for anchor in anchors if anchor != "a-large-backlog"]
    walk = ["Install", "The first key", "Consent and switches", "Enqueue", "Review", "Upload"]
    assert [title for title in sections if title in walk] == walk


def test_the_precedence_is_the_codes() -> None:
    assert [int(rank) for rank, _, _ in RANKS] == [1, 2, 3, 4, 5]
    assert tuple(source for _, source, _ in RANKS) == PRECEDENCE


def test_the_words_that_switch_off_are_the_codes() -> None:
    master, wish = words(RANKS[1][2]), words(RANKS[2][2])
    assert len(master) == 4
    assert all(decided(VOX_TELEMETRY=word) is not None for word in master)
    assert len(wish) == 2
    assert all(decided(DO_NOT_TRACK=word) is None for word in ("", *wish))


def test_the_words_that_switch_a_kind_on_are_the_codes() -> None:
    [line] = [line for line in PAGE.splitlines() if line.endswith("any other word means off.")]
    for word in (*words(line), "maybe"):
        switches = Switches(SILENT, SILENT, {"VOX_BENCHMARK_TELEMETRY": word.upper()})
        assert may_record(switches, "benchmark_event").allowed is (word != "maybe")


@pytest.mark.parametrize(
    ("kind", "switch", "unset"),
    re.findall(r"^\| `(\w+_event)` \| `(\w+)` \| (.+) \|$", PAGE, re.MULTILINE),
)
def test_the_switch_of_each_kind_is_the_codes(kind: str, switch: str, unset: str) -> None:
    assert may_record(Switches(SILENT, SILENT, {switch: "0"}), kind).source == switch
    fallback = words(unset)
    if fallback:
        assert may_record(Switches(SILENT, SILENT, {fallback[0]: "0"}), kind).source == fallback[0]
    assert may_record(Switches(SILENT, SILENT, {}), kind).allowed


def test_the_order_of_recording_is_the_codes() -> None:
    [text] = re.findall(r"forbids it: (.+), then the switch of the kind", PAGE, re.DOTALL)
    told = []
    files, environ = [OFF, OFF], {"VOX_TELEMETRY": "off", "VOX_BENCHMARK_TELEMETRY": "0"}
    for undo in (
        lambda: files.__setitem__(0, SILENT),
        lambda: environ.pop("VOX_TELEMETRY"),
        lambda: files.__setitem__(1, SILENT),
        lambda: environ.pop("VOX_BENCHMARK_TELEMETRY"),
    ):
        told.append(may_record(Switches(*files, environ), "benchmark_event").source)
        undo()
    assert told == [*words(text), "VOX_BENCHMARK_TELEMETRY"]


def test_the_shown_files_are_understood(tmp_path: Path) -> None:
    policy, user = re.findall(r"^```toml\n(.+?)^```", PAGE, re.MULTILINE | re.DOTALL)
    folder = tmp_path
    (folder / "policy.toml").write_text(policy)
    (folder / "config.toml").write_text(user)
    assert read_policy(folder / "policy.toml").enabled is False
    assert read_user_settings(folder / "config.toml").says.enabled is True
