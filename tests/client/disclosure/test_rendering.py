import pytest

from vox_telemetry_client.disclosure.rendering import Templates, asset, moment, said


@pytest.fixture
def templates() -> Templates:
    return Templates(lambda text: text.replace("/home/op/", "~/"))


def _refusal(templates: Templates, words: str) -> str:
    return templates.page(
        "refusal.html", title="t", words=words, status=403, is_admitted=False
    ).decode()


def test_values_are_escaped_and_the_home_folder_is_a_tilde(templates: Templates) -> None:
    page = _refusal(templates, "/home/op/<script>alert('x')</script>\u202e")
    assert r"~/&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;\u202e" in page
    assert "<script>" not in page


def test_a_name_that_is_missing_is_an_error(templates: Templates) -> None:
    with pytest.raises(Exception, match="'words' is undefined"):
        templates.page("refusal.html", title="t", is_admitted=False)


def test_commands_of_a_message_are_code(templates: Templates) -> None:
    assert said("run `a <b>` or `c`") == "run <code>a &lt;b&gt;</code> or <code>c</code>"
    assert said("one ` alone <") == "one ` alone &lt;"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-22T12:00:00.123Z", "2026-11-22 12:00:00 UTC"),
        ("yesterday\x1b", r"yesterday\x1b"),
        ("", ""),
    ],
)
def test_times_are_written_for_a_person(text: str, shown: str) -> None:
    assert moment(text) == shown


def test_the_assets_are_packaged_and_ask_for_nothing_else() -> None:
    style = asset("style.css").decode()
    assert "url(" not in style
    assert "@import" not in style
    assert asset("icon.svg").startswith(b"<svg ")
