import pytest

from vox_telemetry_client.timing_names import Place, place_of


@pytest.mark.parametrize(
    ("function", "scope", "own"),
    [
        ("test_y", "tests/client/test_x.py", "tests.client.test_x.test_y"),
        ("test_y", "tests.client.test_x", "tests.client.test_x.test_y"),  # pytest's JUnit
        ("test_y[canary/../x]", "tests.test_x.TestC", "tests.test_x.TestC.test_y"),
        ("testAdd(int, int)[1]", "com.example.SumTest", "com.example.SumTest.testAdd"),
        ("testAdd{String}[2]", "com.example.Outer$Inner", "com.example.Outer.Inner.testAdd"),
        ("TestParse/user@canary", "internal/parse", "internal.parse.TestParse"),
        ("TestParse", "github.com/owner/repository/internal/parse", "internal.parse.TestParse"),
        ("TestParse", "github.com/owner/repository", "TestParse"),
        ("tests::works", "my_crate::parser", "my_crate::parser.tests::works"),
        ("works", "./src/a.test.js", "src.a.test.js.works"),
        ("test_y", r"tests\windows\test_x.py", "tests.windows.test_x.test_y"),
        ("test_y", "../../somebody/test_x.py", "test_x.test_y"),
        ("test_y", "......home.somebody.test_x", "test_x.test_y"),
        ("test_y", "", "test_y"),
    ],
)
def test_a_name_is_module_classes_and_function(function: str, scope: str, own: str) -> None:
    assert place_of(function, [scope]).own == own


@pytest.mark.parametrize(
    "function",
    [
        "",
        "rejects canary@example.org",
        "[1] a=canary",
        "(canary)",
        "1 + 2 = 3",
        "/home/canary",
        r"C:\canary",
        "https://canary.example/x",
        "x" * 1_025,
    ],
)
def test_words_places_and_parameters_get_in_nowhere_not_even_as_a_digest(function: str) -> None:
    assert place_of(function, ["tests.test_x"]) == Place(None, ("tests.test_x",))


@pytest.mark.parametrize(
    "scope", ["Login form", "/home/canary/a.test.js", r"C:\canary\x", "file://canary/x", "..", ""]
)
def test_a_scope_of_words_or_places_is_left_out(scope: str) -> None:
    assert place_of("works", [scope, "src/a.js"]) == Place(
        "src.a.js.works", ("src.a.js",), ("src.a.js",)
    )
    assert place_of("does work", [scope]).names == ()


DIGEST_OF_A = "a696b1239fc5"


def test_a_long_name_is_cut_and_stays_apart_by_its_digest() -> None:
    first, second = (place_of(f"test_{'y' * 130}", [f"tests.{one}"]).own for one in "ab")
    assert (len(first or ""), len(second or "")) == (128, 128)
    assert first != second
    # SHA-256 of the whole name, by coreutils.
    assert (first or "").endswith("y-" + DIGEST_OF_A)
    assert len(place_of("y" * 120, ["t.t.t.t"]).own or "") == 128


def test_letters_that_no_token_has_are_spelled_anew() -> None:
    one, other = (place_of(name, ["t"]).own for name in ("test_ä", "test_ö"))
    assert one != other
    assert (one or "").startswith("t.test__-")


def test_lone_surrogates_do_no_harm() -> None:
    assert place_of("test_\udc80", ["t"]).names == ("t",)


@pytest.mark.parametrize(
    ("scope", "file"),
    [
        (".home.alice.secret.tests.test_x", "test_x"),  # pytest, of a file outside of the root
        (".home.alice.secret.tests.test_x.TestC", "TestC"),
    ],
)
def test_an_absolute_path_with_dots_gives_its_last_part_alone(scope: str, file: str) -> None:
    assert place_of("test_a", [scope]).own == f"{file}.test_a"


@pytest.mark.parametrize(
    "scope", ["file:/home/alice/a.js", "tests:/home/alice", r"srv:\home\alice"]
)
def test_a_scheme_before_an_absolute_path_does_not_hide_it(scope: str) -> None:
    assert place_of("works", [scope]) == Place("works", ())


@pytest.mark.parametrize("address", ["10.1.2.3", "12:34:56"])
def test_digits_alone_are_no_code(address: str) -> None:
    assert place_of(address, ["10.1.2.3"]) == Place(None, ())


@pytest.mark.parametrize("address", ["v1.10.1.2.3", "2001:db8::1"])
def test_what_may_be_an_address_is_asked_by_itself_too(address: str) -> None:
    assert place_of(address, ["m"]).pieces == (address,)
