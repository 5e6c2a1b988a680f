from support.described import KEYS_LIST, KEYS_SHOW, SEND, described


def test_a_command_is_found_by_the_words_that_a_line_begins_with() -> None:
    (program,) = described(SEND, KEYS_LIST, KEYS_SHOW).programs
    assert program.command(["keys", "show", "x"]) == KEYS_SHOW
    assert program.command(["keys"]) is None
    assert program.command([]) is None


def test_all_commands_come_with_their_program() -> None:
    assert list(described(SEND, KEYS_LIST).all_commands()) == [
        ("vox-telemetry", SEND),
        ("vox-telemetry", KEYS_LIST),
    ]
