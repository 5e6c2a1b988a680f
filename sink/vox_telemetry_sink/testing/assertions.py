"""What a test wants to be sure of, with messages that say what was got and what was expected.

A message holds counts, types, batch ids, rule ids and pointers, and never a value of an event.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from vox_telemetry_sink.testing.accounting import Accounts, differences
from vox_telemetry_sink.testing.errors import PluginError
from vox_telemetry_sink.testing.machine import TelemetryClient
from vox_telemetry_sink.testing.places import places_of
from vox_telemetry_sink.testing.sink import TelemetrySink
from vox_telemetry_sink.testing.stored import EventRow, RejectionRow


class TelemetryAssertions:
    """Assertions about one sink and, where the test has one, one operator's machine."""

    def __init__(self, sink: TelemetrySink, client: TelemetryClient | None) -> None:
        """Take what the test uses."""
        self._sink = sink
        self._client = client

    def stored(
        self, count: int, *, metric_type: str | None = None, session_id: str | None = None
    ) -> list[EventRow]:
        """Assert that the sink holds so many events, of a type or a session where named.

        Returns:
            These events, to look at.

        """
        __tracebackhide__ = True
        found = self._sink.events(metric_type=metric_type, session_id=session_id)
        if len(found) != count:
            kind = f" of type {metric_type}" * bool(metric_type)
            kind += " of the session that was named" * bool(session_id)
            raise AssertionError(
                f"got {len(found)} stored events{kind}, expected {count}; "
                f"stored in all: {_counted(one.metric_type for one in self._sink.events())}"
            )
        return found

    def nothing_stored(self) -> None:
        """Assert that the sink holds no event."""
        __tracebackhide__ = True
        self.stored(0)

    def pending(self, count: int) -> None:
        """Assert that so many events wait on the operator's machine."""
        __tracebackhide__ = True
        found = self._machine("pending").status()["pending"]
        if found["events"] != count:
            raise AssertionError(
                f"got {found['events']} pending events in {found['batches']} batches, "
                f"expected {count} events"
            )

    def nothing_pending(self) -> None:
        """Assert that no event waits on the operator's machine."""
        __tracebackhide__ = True
        self.pending(0)

    def rejected(self, *, rule: str | None = None, pointer: str | None = None) -> RejectionRow:
        """Assert that the sink refused a batch, by a rule or at a place of an event where named.

        What the client itself refuses never gets here: `enqueue` raises for that.

        Args:
            rule: a rule id, as `vox-telemetry check` and docs/reference/rules.md have it.
            pointer: a JSON pointer, such as `/metadata/prompt`.

        Returns:
            The first such refusal.

        """
        __tracebackhide__ = True
        found = self._sink.rejections()
        for one in found:
            if _is_by(one, rule, pointer):
                return one
        wanted = [f"by {rule}"] * bool(rule) + [f"at {pointer}"] * bool(pointer)
        raise AssertionError(
            f"got no refused batch{' ' * bool(wanted)}{' '.join(wanted)}, expected one; "
            f"refused in all: {_counted(_reasons(found))}"
        )

    def nothing_rejected(self) -> None:
        """Assert that the sink refused no batch of a key that it knows."""
        __tracebackhide__ = True
        found = self._sink.rejections()
        if found:
            raise AssertionError(
                f"got {len(found)} refused batches, expected none; {_counted(_reasons(found))}"
            )

    def everything_accounted_for(self) -> None:
        """Assert that no event is lost, doubled or half-way between the two ends.

        Enqueued = acknowledged + pending + rejected (+ what a person discarded), by the journal of
        the machine and by its folders; and the sink holds exactly what was acknowledged.
        """
        __tracebackhide__ = True
        client = self._machine("everything_accounted_for")
        journal = client.journal()
        known = {one["batch_id"] for line in journal for one in line.get("batches", ())}
        of_client = Counter(
            one.batch_id
            for one in self._sink.events()
            if one.batch_id in known or one.key_id == client.key_id
        )
        accounts = Accounts(
            journal=journal,
            pending=client.status()["pending"]["events"],
            set_aside={one["batch_id"]: one["events"] for one in client.set_aside()},
            stored=of_client,
        )
        found = list(differences(accounts))
        if found:
            raise AssertionError("not accounted for: " + "; ".join(found))

    def never_sent(self, text: str) -> None:
        """Assert that a text (a canary) is in nothing that is known to be sent, in any letter case.

        Searched are: the body and the signed header fields of every stored batch, every row, every
        refusal and the sink's log; and, since the sink keeps no body that it refused, what the
        machine has set aside, and what it has tried to send and still holds. The text is looked
        for as it is, not encoded.

        Raises:
            ValueError: an empty text, which is in everything.

        """
        __tracebackhide__ = True
        if not text:
            raise ValueError("got an empty text, expected a canary")
        found = [*self._in_batches(text), *self._in_rows(text), *self._in_refusals(text)]
        if found:
            raise AssertionError(
                f"got the text in {len(found)} places, expected none: {'; '.join(found)}"
            )

    def _in_batches(self, text: str) -> Iterator[str]:
        for batch in self._sink.batches():
            body = json.loads(batch.payload or "null")
            for place in places_of(text, body):
                yield f"body of batch {batch.batch_id}: {place}"
            for place in places_of(text, batch.signed_request):
                yield f"signed request of batch {batch.batch_id}: {place}"

    def _in_rows(self, text: str) -> Iterator[str]:
        for row in self._sink.events():
            values = {"session_id": row.session_id, "metadata": row.metadata}
            for place in places_of(text, values | {"metric_value": row.metric_value}):
                yield f"row {row.event_index} of batch {row.batch_id}: {place}"

    def _in_refusals(self, text: str) -> Iterator[str]:
        for number, one in enumerate(self._sink.rejections()):
            if list(places_of(text, [one.problem, one.violations])):
                yield f"refusal {number} of the sink"
        log = self._sink.log.read_text(encoding="utf-8", errors="replace")
        if list(places_of(text, log)):
            yield "the sink's log"
        for name, payload in self._unstored():
            for place in places_of(text, payload):
                yield f"body of batch {name}: {place}"

    def _unstored(self) -> Iterator[tuple[str, object]]:
        if self._client is not None:
            for one in self._client.set_aside():
                shown = self._client.run("rejected", "show", one["id"], "--json").json()
                yield f"{one['batch_id']}, set aside", shown["payload"]
            for batch_id in self._client.tried():
                shown = self._client.run("show", batch_id, "--json").json()
                yield f"{batch_id}, tried and still pending", shown["payload"]

    def _machine(self, name: str) -> TelemetryClient:
        if self._client is None:
            raise PluginError(f"assert_telemetry.{name} needs the fixture telemetry_client, too")
        return self._client


def _is_by(one: RejectionRow, rule: str | None, pointer: str | None) -> bool:
    if rule is None and pointer is None:
        return True
    return any(
        rule in (None, found_rule) and pointer in (None, found_pointer)
        for found_pointer, found_rule in one.violations
    )


def _reasons(found: Sequence[RejectionRow]) -> Iterator[str]:
    for one in found:
        yield from (f"{rule} at {pointer}" for pointer, rule in one.violations)
        if not one.violations:
            yield one.problem


def _counted(kinds: Iterator[str]) -> str:
    counted = Counter(kinds)
    return ", ".join(f"{kind} {number}" for kind, number in sorted(counted.items())) or "nothing"
