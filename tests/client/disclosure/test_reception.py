from dataclasses import replace
from http import HTTPStatus

import pytest

from vox_telemetry_client.disclosure.admission import Admission
from vox_telemetry_client.disclosure.reception import Reception, Request
from vox_telemetry_client.disclosure.replies import Reply

HOST = "127.0.0.1:8765"
COOKIE = "vox_telemetry_view_8765=the-session"
OPEN = Request("GET", "/open/the-token", [HOST], [])
LOOK = Request("GET", "/pending", [HOST], [COOKIE])


@pytest.fixture
def reception() -> Reception:
    drawn = iter(("the-token", "the-session"))
    return Reception(
        Admission(8_765, lambda: next(drawn)),
        lambda path: Reply(HTTPStatus.OK, f"page {path}".encode()),
        lambda status, words: Reply(status, words.encode()),
    )


def test_the_token_gives_a_cookie_and_leads_to_a_clean_url(reception: Reception) -> None:
    reply = reception.answer(OPEN)
    assert (reply.status, reply.body) == (303, b"")
    assert dict(reply.headers)["Location"] == "/"
    assert dict(reply.headers)["Set-Cookie"].startswith(COOKIE)


def test_the_token_is_dead_afterwards_and_says_so(reception: Reception) -> None:
    reception.answer(OPEN)
    reply = reception.answer(OPEN)
    assert reply.status == 403
    assert b"this address has been used: it is good once" in reply.body
    assert reply.headers == ()


def test_the_browser_that_was_let_in_may_go_back_to_the_address(reception: Reception) -> None:
    reception.answer(OPEN)
    reply = reception.answer(replace(OPEN, cookies=[COOKIE]))
    assert (reply.status, dict(reply.headers)) == (303, {"Location": "/"})


def test_who_came_by_a_link_of_another_page_is_told_how_to_go_on(reception: Reception) -> None:
    reception.answer(OPEN)
    reply = reception.answer(replace(LOOK, path="/", cookies=[]))
    assert reply.status == 403
    assert b"it came by a link on another page" in reply.body


def test_head_does_not_use_the_token(reception: Reception) -> None:
    assert reception.answer(replace(OPEN, method="HEAD")).status == 403
    assert reception.answer(OPEN).status == 303


@pytest.mark.parametrize("path", ["/", "/pending", "/style.css", "/nothing", "/open/guess"])
def test_without_the_cookie_every_path_answers_403_in_words(
    reception: Reception, path: str
) -> None:
    reply = reception.answer(Request("GET", path, [HOST], []))
    assert reply.status == 403
    assert b"open the address that `vox-telemetry view` has shown" in reply.body


def test_another_host_is_refused_before_anything_else(reception: Reception) -> None:
    reply = reception.answer(replace(OPEN, hosts=["rebound.example:8765"]))
    assert reply.status == 421
    assert reception.answer(replace(LOOK, hosts=["rebound.example:8765"])).status == 421
    assert reception.answer(OPEN).status == 303  # the token is as good as it was


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"])
def test_only_get_and_head_are_answered(reception: Reception, method: str) -> None:
    for asked in (replace(OPEN, method=method), replace(LOOK, method=method)):
        reply = reception.answer(asked)
        assert (reply.status, dict(reply.headers)) == (405, {"Allow": "GET, HEAD"})


def test_who_is_let_in_gets_the_page_of_the_path(reception: Reception) -> None:
    assert reception.answer(LOOK).body == b"page /pending"
