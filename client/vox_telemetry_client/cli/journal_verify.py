"""`vox-telemetry journal verify`: whether receipts still are what the sink signed."""

from collections import Counter
from collections.abc import Iterator

import typer

from vox_telemetry_client import key_list
from vox_telemetry_client.cli import output, streams
from vox_telemetry_client.cli.journal_damage import Damage
from vox_telemetry_client.cli.options import AsJson
from vox_telemetry_client.delivery import plain
from vox_telemetry_client.errors import EXIT_KEPT_OR_REFUSED
from vox_telemetry_client.history import entries
from vox_telemetry_client.journal_lines import Acknowledged
from vox_telemetry_client.proving import Checked, Finding, prove
from vox_telemetry_client.settings import naming_the_spool, settings, spool_to_read
from vox_telemetry_client.sink_keys import all_sink_keys


def verify(*, as_json: AsJson = False) -> None:
    """Check the signature of every receipt again, without a network; changes nothing."""
    config = settings()
    path = spool_to_read(config).folder.journal
    keys = all_sink_keys(key_list.read())
    damage = Damage()
    counts = Counter(dict.fromkeys(map(str, Finding), 0))

    def checked() -> Iterator[Checked]:
        for entry in entries(path):
            if entry.line is None:
                damage.add(entry.number)
            elif isinstance(entry.line, Acknowledged):
                found = prove(entry.line, keys)
                counts[found.finding] += 1
                yield found

    with naming_the_spool(config):
        if as_json:
            streams.document("receipts", checked(), lambda: {"totals": counts, **damage.members()})
        else:
            streams.table(("TIME", "BATCH", "RECEIPT", "KEY", "WHY"), map(_row, checked()))
            output.line(", ".join(f"{count} {name}" for name, count in counts.items()))
    damage.tell()
    if counts[Finding.WRONG]:
        raise typer.Exit(EXIT_KEPT_OR_REFUSED)


def _row(one: Checked) -> tuple[str, ...]:
    shown = (one.at, one.batch_id, str(one.finding), one.key_id or "-", one.reason)
    # Whoever can write the journal must not reach the terminal through it.
    return tuple(plain(cell) for cell in shown)
