import pytest

from vox_telemetry_client.disclosure.routes import Page, Route, route

BATCH = "019abcde-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", Route(Page.OVERVIEW)),
        ("/insights", Route(Page.INSIGHTS)),
        ("/insights/before/77", Route(Page.INSIGHTS_BEFORE, number=77)),
        ("/pending", Route(Page.PENDING)),
        (f"/pending/after/{BATCH}", Route(Page.PENDING_AFTER, BATCH)),
        (f"/pending/{BATCH}", Route(Page.PENDING_BATCH, BATCH)),
        (f"/pending/{BATCH}/from/50", Route(Page.PENDING_FROM, BATCH, 50)),
        (f"/pending/{BATCH}/event/0", Route(Page.PENDING_EVENT, BATCH)),
        (f"/pending/{BATCH}/raw", Route(Page.PENDING_RAW, BATCH)),
        (f"/rejected/{BATCH}.2", Route(Page.REJECTED_BATCH, f"{BATCH}.2")),
        (f"/rejected/after/{BATCH}", Route(Page.REJECTED_AFTER, BATCH)),
        ("/sent/before/9", Route(Page.SENT_BEFORE, number=9)),
        ("/sent/0", Route(Page.SENT_RECEIPT)),
        ("/decisions", Route(Page.DECISIONS)),
        ("/style.css", Route(Page.STYLE)),
    ],
)
def test_each_path_has_its_page(path: str, expected: Route) -> None:
    assert route(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//",
        "/pending/",
        "/pending/../journal.jsonl",
        "/pending/%2e%2e/journal.jsonl",
        f"/pending/{BATCH}/raw/../../../etc/passwd",
        f"/pending/{BATCH.upper()}",
        f"/pending/{BATCH}.json",
        f"/pending/{BATCH}\n",
        "/sent/-1",
        "/sent/01",
        "/sent/\u0661",
        f"/sent/{'9' * 30}",
        "/assets/style.css",
        "/templates/base.html",
        "/style.css/",
        "http://127.0.0.1/pending",
    ],
)
def test_no_other_path_has_one(path: str) -> None:
    assert route(path) is None
