import pytest

from support.checkouts import ROOT
from vox_telemetry_spec.guards.changelog import UNWATCHED, Changes, changelog

WATCHED_FILE = "client/vox_telemetry_client/transport.py"
THEN = """\
# Changelog

## [Unreleased]

### Added

- A command.

### Telemetry

- New: one kind
  of event.

## [0.1.0] - 2026-01-01

### Telemetry

- Old.
"""


def found(path: str, now: str, then: str = THEN) -> list[str]:
    return list(changelog(Changes("abc", ["docs/walk.md", path], then), now))


@pytest.mark.parametrize(
    "path",
    [
        "spec/vox_telemetry_spec/contracts/telemetry/usage-event-new.v1.schema.json",
        "spec/vox_telemetry_spec/signature.py",
        "spec/vox_telemetry_spec/brand_new.py",
        "spec/telemetry-remote-sink-spec.md",
        "client/vox_telemetry_client/uploader.py",
        "client/vox_telemetry_client/enqueue.py",
        "client/vox_telemetry_client/signing.py",
        WATCHED_FILE,
        "sink/vox_telemetry_sink/enforce.py",
    ],
)
def test_a_change_of_what_is_sent_without_a_new_bullet_is_found(path: str) -> None:
    assert found(path, THEN) == [
        (
            f"{path} changed since abc without a new bullet under Telemetry in [Unreleased] of "
            "CHANGELOG.md"
        )
    ]


@pytest.mark.parametrize(
    "path",
    [
        "sink/vox_telemetry_sink/store.py",
        "tests/spec/test_wire.py",
        "spec/vox_telemetry_spec/guards/closed.py",
        "spec/vox_telemetry_spec/contracts/cli/command-registry.yaml",
        "client/vox_telemetry_client/cli/review.py",
    ],
)
def test_other_changes_need_none(path: str) -> None:
    assert found(path, THEN) == []


def test_a_new_bullet_tells_of_it() -> None:
    assert (
        found(WATCHED_FILE, THEN.replace("  of event.\n", "  of event.\n- More is sent.\n")) == []
    )


@pytest.mark.parametrize(
    "now",
    [
        THEN.replace("- A command.\n", "- A command.\n- More is sent.\n"),  # not under Telemetry
        THEN.replace("- Old.\n", "- Old.\n- More is sent.\n"),  # in a version that was out already
        THEN.replace("one kind\n  of event.", "one\n  kind of event."),  # the same words
        THEN.replace("  of event.\n", "  of event.\n-\n"),  # empty
        "# Changelog\n",
        "",
    ],
)
def test_what_is_no_new_bullet_tells_nothing(now: str) -> None:
    assert len(found(WATCHED_FILE, now)) == 1


def test_a_bullet_of_a_version_that_was_cut_since_counts() -> None:
    cut = THEN.replace(
        "## [Unreleased]\n", "## [Unreleased]\n\n## [0.2.0] - 2026-02-02\n", 1
    ).replace("  of event.\n", "  of event.\n- More is sent.\n")
    assert found(WATCHED_FILE, cut) == []


def test_without_a_changelog_then_every_bullet_is_new() -> None:
    assert found(WATCHED_FILE, THEN, then="") == []


def test_many_files_are_counted() -> None:
    paths = [f"client/vox_telemetry_client/new_{n}.py" for n in range(5)]
    (finding,) = changelog(Changes("abc", paths, THEN), THEN)
    assert finding.startswith(
        "client/vox_telemetry_client/new_0.py, client/vox_telemetry_client/new_1.py, "
        "client/vox_telemetry_client/new_2.py and 2 more changed since abc"
    )


def test_what_is_unwatched_exists() -> None:
    vectors = "spec/vox_telemetry_spec/vectors/"
    assert [path for path in UNWATCHED if not (ROOT / path).exists() and path != vectors] == []
