from support.described import CLI, HELP, KEYS_SHOW, TWO, agreeing, described
from vox_telemetry_spec.guards.cli_page import cli_page

PAGE = """\
A program.

| option | meaning |
| --- | --- |
| `--version` | Print the version. |

| exit code | meaning |
| --- | --- |
| 0 | done |
| 2 | usage |

### `vox-telemetry send FILE...`

Send it all. Side effect: network-upload.

| argument | meaning |
| --- | --- |
| `FILE...` | What to send. |

| option | meaning |
| --- | --- |
| `--json` | Print one JSON document. |

### `vox-telemetry keys list`

List the keys. Side effect: none.

| option | meaning |
| --- | --- |
| `--json` | Print one JSON document. |"""


def test_the_page_says_what_the_help_says() -> None:
    assert cli_page(agreeing(), TWO)[CLI] == {"vox-telemetry": PAGE}


def test_the_other_page_holds_the_help_word_for_word() -> None:
    assert cli_page(agreeing(), TWO)[HELP] == {
        "vox-telemetry": (
            "### vox-telemetry keys --help\n\n```text\nUsage: vox-telemetry keys\n```"
        )
    }


def test_an_effect_that_nobody_declared_is_said_too() -> None:
    page = cli_page(agreeing(), described(KEYS_SHOW))[CLI]["vox-telemetry"]
    assert page.endswith("### `vox-telemetry keys show`\n\nShow a key. Side effect: not declared.")
