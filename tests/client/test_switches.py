from itertools import product

import pytest

from vox_telemetry_client.consent import Consent, State, granted
from vox_telemetry_client.errors import ConsentError, SwitchedOffError
from vox_telemetry_client.switches import (
    PRECEDENCE,
    Facts,
    FileSays,
    Source,
    Switches,
    may_record,
    may_send,
    switched_off,
    verdicts,
)

AT = "2026-11-22T12:00:00.000Z"
URL, OTHER_URL = "https://sink.example/v1/batches", "https://other.example/v1/batches"
SHA, OTHER_SHA = "a" * 64, "b" * 64

SILENT = FileSays("/x.toml")
FILES = {
    SILENT: False,
    FileSays("/x.toml", enabled=True): False,
    FileSays("/x.toml", enabled=False): True,
    FileSays("/x.toml", trouble="is no TOML"): True,
}
MASTERS = {"": False, "on": False, "debug": False, " OFF ": True, "0": True, "False": True}
WISHES = {"": False, "0": False, "1": True, "anything": True}


def consent(url: str = URL, sha256: str = SHA) -> Consent:
    return granted(None, at=AT, url=url, contract="v1", contract_sha256=sha256)


CONSENTS: dict[tuple[Consent | None, str], bool] = {
    (None, ""): True,
    (None, "/c.json is damaged"): True,
    (Consent(State.DENIED, AT), ""): True,
    (consent(url=OTHER_URL), ""): True,
    (consent(sha256=OTHER_SHA), ""): True,
    (consent(), ""): False,
}


def facts(
    policy: FileSays = SILENT,
    user: FileSays = SILENT,
    given: tuple[Consent | None, str] = (consent(), ""),
    **environ: str,
) -> Facts:
    return Facts(Switches(policy, user, environ), given[0], URL, SHA, given[1])


def test_the_truth_table_of_sending() -> None:
    """Any of the five forbids, none allows what another forbids, and the strongest is named."""
    rows = list(product(FILES, MASTERS, WISHES, FILES, CONSENTS))
    allowed = 0
    for policy, master, wish, user, given in rows:
        decision = may_send(facts(policy, user, given, VOX_TELEMETRY=master, DO_NOT_TRACK=wish))
        forbids = {
            "policy-file": FILES[policy],
            "VOX_TELEMETRY": MASTERS[master],
            "DO_NOT_TRACK": WISHES[wish],
            "user-configuration": FILES[user],
            "consent": CONSENTS[given],
        }
        strongest = next((name for name, no in forbids.items() if no), None)
        assert decision.allowed is (strongest is None)
        assert decision.source == (strongest or "consent")
        assert bool(decision.reason) is not decision.allowed
        assert (decision.covers_from is not None) is decision.allowed
        allowed += decision.allowed
    assert (len(rows), allowed) == (2_304, 24)


def test_the_precedence_is_the_order_in_which_reasons_are_told() -> None:
    off = FileSays("/x.toml", enabled=False)
    environ = {"VOX_TELEMETRY": "off", "DO_NOT_TRACK": "1"}
    told = []
    policy, user, given = off, off, (None, "")
    for _ in PRECEDENCE:
        decision = may_send(facts(policy, user, given, **environ))
        told.append(decision.source)
        match decision.source:
            case Source.POLICY:
                policy = SILENT
            case Source.USER:
                user = SILENT
            case Source.CONSENT:
                given = (consent(), "")
            case variable:
                del environ[variable]
    assert tuple(told) == PRECEDENCE
    assert may_send(facts(policy, user, given, **environ)).allowed


@pytest.mark.parametrize("value", ["off", "OFF", "0", "false", "False", " off ", "FALSE\n", "no"])
def test_the_master_switch_says_off(value: str) -> None:
    with pytest.raises(SwitchedOffError, match=r"^VOX_TELEMETRY is"):
        may_send(facts(VOX_TELEMETRY=value)).require()


@pytest.mark.parametrize("value", ["", "1", "on", "true", "debug"])
def test_the_master_switch_says_nothing(value: str) -> None:
    assert switched_off(facts(VOX_TELEMETRY=value).switches) is None


@pytest.mark.parametrize("value", ["1", "true", "yes", "anything"])
def test_do_not_track_is_obeyed(value: str) -> None:
    with pytest.raises(SwitchedOffError, match=r"^DO_NOT_TRACK is set"):
        may_send(facts(DO_NOT_TRACK=value, VOX_TELEMETRY="on")).require()


@pytest.mark.parametrize("value", ["", "0", "false", " FALSE "])
def test_do_not_track_that_says_no_is_no_wish(value: str) -> None:
    assert may_send(facts(DO_NOT_TRACK=value)).allowed


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None, ""), "consent has not been granted: `vox-telemetry consent grant`"),
        ((None, "/c.json is damaged"), "/c.json is damaged, so it is no consent"),
        ((Consent(State.DENIED, AT), ""), f"denied at {AT}: `vox-telemetry consent deny --purge`"),
        ((consent(url=OTHER_URL), ""), f"granted for {OTHER_URL}, not for the URL"),
        ((consent(sha256=OTHER_SHA), ""), "for another contract than this program has"),
    ],
)
def test_missing_consent_says_what_to_do(given: tuple[Consent | None, str], said: str) -> None:
    with pytest.raises(ConsentError, match=said.replace("(", r"\(")):
        may_send(facts(given=given)).require()


def test_allowed_says_where_to_and_since_when() -> None:
    decision = may_send(facts())
    assert decision.url == URL
    assert decision.require().isoformat() == "2026-11-22T12:00:00+00:00"


RECORDING = [
    # metric type, VOX_TELEMETRY, VOX_BENCHMARK_TELEMETRY, VOX_SYNTAX_K_TELEMETRY, who forbids
    ("benchmark_event", "", "", "", None),
    ("benchmark_event", "", "1", "", None),
    ("benchmark_event", "", " True ", "", None),
    ("benchmark_event", "", "0", "", "VOX_BENCHMARK_TELEMETRY"),
    ("benchmark_event", "", "no", "", "VOX_BENCHMARK_TELEMETRY"),
    ("benchmark_event", "", "maybe", "", "VOX_BENCHMARK_TELEMETRY"),  # not understood is off
    ("benchmark_event", "", "0", "1", "VOX_BENCHMARK_TELEMETRY"),
    ("benchmark_event", "", "1", "0", None),
    ("benchmark_event", "off", "1", "1", "VOX_TELEMETRY"),
    ("syntax_k_event", "", "", "", None),
    ("syntax_k_event", "", "0", "", "VOX_BENCHMARK_TELEMETRY"),  # falls back
    ("syntax_k_event", "", "0", "  ", "VOX_BENCHMARK_TELEMETRY"),
    ("syntax_k_event", "", "1", "", None),
    ("syntax_k_event", "", "0", "1", None),  # its own switch wins
    ("syntax_k_event", "", "1", "0", "VOX_SYNTAX_K_TELEMETRY"),
    ("syntax_k_event", "", "", "off", "VOX_SYNTAX_K_TELEMETRY"),
    ("syntax_k_event", "off", "", "1", "VOX_TELEMETRY"),  # the original forgot this one
    ("model_call_event", "", "0", "0", None),
    ("model_call_event", "0", "1", "1", "VOX_TELEMETRY"),
]


@pytest.mark.parametrize(("metric_type", "master", "benchmark", "syntax_k", "who"), RECORDING)
def test_the_truth_table_of_recording(
    metric_type: str, master: str, benchmark: str, syntax_k: str, who: str | None
) -> None:
    environ = {
        "VOX_TELEMETRY": master,
        "VOX_BENCHMARK_TELEMETRY": benchmark,
        "VOX_SYNTAX_K_TELEMETRY": syntax_k,
    }
    decision = may_record(Switches(SILENT, SILENT, environ), metric_type)
    assert (decision.allowed, decision.source) == (who is None, who or "default")
    off = FileSays("/x.toml", enabled=False)
    assert may_record(Switches(off, SILENT, environ), metric_type).source == "policy-file"
    by_user = may_record(Switches(SILENT, off, environ), metric_type)
    assert by_user.source == (who if who == "VOX_TELEMETRY" else "user-configuration")


def test_do_not_track_stops_no_row_that_stays_here() -> None:
    switches = Switches(SILENT, SILENT, {"DO_NOT_TRACK": "1"})
    assert may_record(switches, "benchmark_event").allowed
    unasked = may_record(switches, "benchmark_event", asked=False)
    assert unasked.reason == "DO_NOT_TRACK is set: nothing is recorded, unset it to record"


def test_what_forbids_to_record_and_to_send_says_which_of_both_it_would_allow() -> None:
    off = Switches(SILENT, SILENT, {"VOX_TELEMETRY": "off"})
    said = "VOX_TELEMETRY is 'off': telemetry is switched off, unset it to "
    assert may_record(off, "benchmark_event").reason == f"{said}record"
    sending = switched_off(off)
    assert sending is not None
    assert sending.reason == f"{said}send"


def test_each_source_says_its_own_word_in_the_order_of_precedence() -> None:
    found = verdicts(facts(policy=FileSays("/p", enabled=False), DO_NOT_TRACK="1"))
    assert tuple(source for source, _ in found) == PRECEDENCE
    said = {source: decision for source, decision in found if decision is not None}
    assert [source for source, decision in said.items() if not decision.allowed] == [
        Source.POLICY,
        Source.DO_NOT_TRACK,
    ]
    assert said[Source.CONSENT].allowed
