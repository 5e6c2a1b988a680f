"""Lists that are longer than a page: what is said of the rest is true."""

import html
import re
from datetime import UTC, datetime

import httpx
import pytest

from support.client_world import consent_to, put
from support.operator_machine import looking_at
from vox_telemetry_client.config import Config
from vox_telemetry_client.limits import VIEW_KINDS_MAX_ROWS, VIEW_PAGE_ROWS
from vox_telemetry_client.metrics_store import MetricsStore
from vox_telemetry_client.spool import Spool
from vox_telemetry_spec.problems import Problem


def _links(answer: httpx.Response) -> dict[str, str]:
    """Return where the buttons below a list lead to, by what they say."""
    found = re.findall(r'<a class="button" href="([^"]*)">([^<]*)</a>', answer.text)
    return {html.unescape(words): target for target, words in found}


@pytest.mark.parametrize("room", ["pending", "rejected"])
def test_a_list_of_batches_leads_to_later_ones_and_promises_no_number(
    spool: Spool, config: Config, room: str
) -> None:
    consent_to("https://t.example")
    for batch in put(spool, events=VIEW_PAGE_ROWS + 3, max_events=1):
        if room == "rejected":
            spool.set_aside(batch.batch_id, Problem())
    with looking_at(config) as visitor:
        first = _links(visitor.get(f"/{room}"))
        assert list(first) == ["Later batches"]
        second = visitor.get(first["Later batches"])
    assert len(re.findall(rf'<th scope="row"><a href="/{room}/', second.text)) == 3
    assert _links(second) == {"To the oldest": f"/{room}"}


def test_metric_types_are_all_counted_where_not_all_are_listed(config: Config) -> None:
    with MetricsStore(config.store, now=lambda: datetime.now(UTC)) as kept:
        for number in range(VIEW_KINDS_MAX_ROWS + 7):
            kept.append("x:y", f"type_{number}")
    with looking_at(config) as visitor:
        assert "recorded rows of 107 metric types" in visitor.get("/").text
        page = visitor.get("/insights").text
    assert "Rows by metric type, the most first: 100 of 107 types</caption>" in page
    assert len(re.findall(r"<code>type_[0-9]+</code></th>", page)) == VIEW_KINDS_MAX_ROWS
