"""The upload: for each batch, oldest first, sign, send, and do what the answer asks (wire 7).

The caller holds the upload lock. A batch leaves `pending/` only by a matching receipt, by a refusal
of this very batch (then it lies in `rejected/`), or by a split, or after the sink has failed on it
alone in several runs (`failing`). Whatever else happens, everything stays, and the run stops unless
the trouble may be that of one batch.
"""

from datetime import timedelta

from msgspec import structs

from vox_telemetry_client.advising import why
from vox_telemetry_client.allowance import NO_LIMITS, Allowance, RunLimits
from vox_telemetry_client.batch import Batch
from vox_telemetry_client.delivery import Sent, Verdict, clock_offset_s, judge
from vox_telemetry_client.errors import BeforeConsentError, TelemetryError
from vox_telemetry_client.failing import Failing
from vox_telemetry_client.foreign import set_foreign_aside
from vox_telemetry_client.journal_lines import Attempt, Proof
from vox_telemetry_client.limits import BACKOFF_BASE_S, BATCH_RETRY_MAX_S
from vox_telemetry_client.own_problems import BEFORE_CONSENT, FAILED_ALONE
from vox_telemetry_client.pacing import TokenBucket
from vox_telemetry_client.report import Outcome, Report, Result
from vox_telemetry_client.retrying import Patience
from vox_telemetry_client.signing import fresh_nonce, signed_headers
from vox_telemetry_client.split import halve
from vox_telemetry_client.spool import Spool
from vox_telemetry_client.state import (
    keep_earliest,
    keep_failed_runs,
    read_earliest,
    read_failed_runs,
)
from vox_telemetry_client.unapproved import not_approved
from vox_telemetry_client.waiting import Waiting
from vox_telemetry_client.world import Sender, World
from vox_telemetry_spec.problems import Duty, Problem
from vox_telemetry_spec.receipt import Receipt
from vox_telemetry_spec.times import format_time


class Uploader:
    """One run over everything that is pending."""

    def __init__(
        self, spool: Spool, sender: Sender, world: World, limits: RunLimits = NO_LIMITS
    ) -> None:
        """Take the spool, whose upload lock the caller holds, and what the run may use."""
        self._spool = spool
        self._sender = sender
        self._world = world
        self._bucket = TokenBucket()
        self._allowance = Allowance(limits)
        self._failing = Failing(read_failed_runs(spool.folder.state))
        self._attempts = 0
        self._report = Report()
        self._waiting = Waiting(spool, self._failing)
        self._patience = Patience(self._failing, world.random, self._wait)

    def run(self) -> Report:
        """Upload what is pending and return what became of each batch; trouble is in the report."""
        try:
            self._report.foreign = set_foreign_aside(self._spool)
            self._waiting.begin()
            self._allowance.begin(self._world.now())
            self._obey_earlier_answer()
            try:
                while self._report.stopped is None and (batch_id := self._waiting.head()):
                    self._deliver(batch_id)
            finally:
                self._spool.finish_received()
                self._remember_failures()
        except TelemetryError as exc:
            self._report.stopped = str(exc)
            self._report.error = exc
            if self._attempts and (batch_id := self._waiting.head()):
                self._end(Outcome(batch_id, Result.KEPT, self._attempts))
        self._report.keep(*self._waiting.rest())
        return self._report

    def _obey_earlier_answer(self) -> None:
        """Wait until the time that an earlier run was told, or stop where that is too long."""
        now = self._world.now()
        earliest = read_earliest(self._spool.folder.state, now)
        if earliest is None or self._waiting.head() is None:
            return
        wait_s = (earliest - now).total_seconds()
        if wait_s > BATCH_RETRY_MAX_S:
            self._report.stopped = (
                f"the sink asked not to be called before {format_time(earliest)} "
                f"(in {wait_s:.0f} s); run the upload again then"
            )
            return
        self._wait(wait_s, "the sink asked for a pause")

    def _deliver(self, batch_id: str) -> None:
        self._attempts = 0
        batch = self._spool.approved(batch_id)
        if batch is None:
            if self._spool.waits(batch_id):
                self._set_aside(batch_id, 0, not_approved(self._spool.folder, batch_id))
            else:
                self._waiting.pop()  # a person has taken it away meanwhile
            return
        try:
            self._permit(batch)  # before any wait, so that a backlog without consent takes no time
            self._allowance.batch()
            verdict = self._patience.attempt(lambda: self._attempt(batch))
        except BeforeConsentError:
            self._keep(batch, BEFORE_CONSENT)
        else:
            self._obey(batch, verdict)

    def _obey(self, batch: Batch, verdict: Verdict) -> None:
        """Do what the answer asks."""
        if verdict.duty is Duty.ACKNOWLEDGE and verdict.receipt is not None:
            self._acknowledge(batch.batch_id, verdict.receipt, verdict)
            result = Result.DUPLICATE if verdict.duplicate else Result.ACKNOWLEDGED
            self._end(Outcome(batch.batch_id, result, self._attempts, batch.event_count))
        elif verdict.duty is Duty.SET_ASIDE:
            self._set_aside(batch.batch_id, batch.event_count, verdict.problem)
        elif verdict.duty is Duty.SPLIT:
            self._split(batch, verdict.problem)
        elif verdict.duty is Duty.RETRY and verdict.may_be_the_batch:
            self._go_on(batch, verdict)
        else:
            self._keep(batch, verdict.problem)
            self._stop(verdict)

    def _go_on(self, batch: Batch, verdict: Verdict) -> None:
        """Leave a batch on which the sink fails, and try the next unless the sink is down."""
        if self._failing.failed(batch.batch_id):
            detail = verdict.problem.detail or verdict.problem.title
            failed = structs.replace(FAILED_ALONE, status=verdict.status, detail=detail)
            self._set_aside(batch.batch_id, batch.event_count, failed)
            return
        self._keep(batch, verdict.problem)
        is_last = self._waiting.head() is None
        if self._failing.sink_is_down or (is_last and not self._failing.took_one):
            self._stop(verdict)
        elif not is_last:
            pause_s = self._world.random() * BACKOFF_BASE_S
            self._wait(pause_s, "the sink fails on a batch, the next one is tried")

    def _stop(self, verdict: Verdict) -> None:
        self._report.stopped = why(verdict, self._sender)
        self._report.stopped_by = verdict.problem.type

    def _acknowledge(self, batch_id: str, receipt: Receipt, verdict: Verdict) -> None:
        pinned = self._sender.sink_key
        self._spool.receive(
            batch_id,
            receipt,
            duplicate=verdict.duplicate,
            proof=Proof(verdict.proof, None if pinned is None else pinned.key_id),
            attempt=(Attempt(self._spool.at(), batch_id, verdict.duty, verdict.status),),
        )

    def _attempt(self, batch: Batch) -> Verdict:
        verdict = self._request(batch)
        if self._corrects_clock(verdict.problem):
            verdict = self._request(batch)
        if verdict.duty is Duty.RETRY and verdict.retry_after_s:
            earliest = self._world.now() + timedelta(seconds=verdict.retry_after_s)
            keep_earliest(self._spool.folder.state, earliest)
        return verdict

    def _request(self, batch: Batch) -> Verdict:
        wait_s = self._bucket.take(self._world.now().timestamp())
        if wait_s or self._attempts:  # else it was asked just now
            self._sleep(wait_s)
            self._permit(batch)
        now = self._world.now()
        self._allowance.request(len(batch.payload), now)
        signed_at = now + timedelta(seconds=self._report.clock_offset_s or 0.0)
        headers = signed_headers(
            batch,
            self._sender.target,
            self._sender.key,
            created=int(signed_at.timestamp()),
            nonce=fresh_nonce(self._world.random_bytes),
        )
        reply = self._world.post(headers | self._sender.headers, batch.payload)
        self._attempts += 1
        sent = Sent(
            batch.batch_id,
            batch.payload_sha256,
            batch.event_count,
            headers,
            self._sender.sink_key,
        )
        verdict = judge(reply, sent, now=self._world.now())
        if verdict.receipt is None:  # else it is recorded with its receipt
            self._spool.attempted(batch.batch_id, verdict.duty, verdict.status)
        return verdict

    def _permit(self, batch: Batch) -> None:
        """Ask all switches and consent anew, and whether consent covers this batch."""
        covers_from = self._world.may_send().require()
        if not self._spool.covered(batch, covers_from):
            raise BeforeConsentError(BEFORE_CONSENT.title)

    def _corrects_clock(self, problem: Problem) -> bool:
        """Take the sink's time once, when that is what it minds (wire 6.4)."""
        if self._report.clock_offset_s is None:
            self._report.clock_offset_s = clock_offset_s(problem, self._world.now())
            return self._report.clock_offset_s is not None
        return False

    def _wait(self, wait_s: float, reason: str) -> None:
        self._allowance.pause(wait_s, self._world.now())
        self._world.on_wait(wait_s, reason)
        self._sleep(wait_s)

    def _sleep(self, wait_s: float) -> None:
        """Sleep; what was received is finished in time that nobody else needs."""
        if wait_s:
            self._spool.finish_received()
        self._world.sleep(wait_s)

    def _split(self, batch: Batch, problem: Problem) -> None:
        halves = halve(
            batch,
            self._world.contracts(),
            now=self._world.now(),
            random=self._world.random_bytes,
        )
        if not halves:
            self._set_aside(batch.batch_id, batch.event_count, problem)
            return
        self._spool.split(batch.batch_id, halves)
        self._end(Outcome(batch.batch_id, Result.SPLIT, self._attempts, batch.event_count))
        self._waiting.push(half.batch_id for half in halves)

    def _set_aside(self, batch_id: str, events: int, problem: Problem) -> None:
        self._spool.set_aside(batch_id, problem)
        self._end(Outcome(batch_id, Result.SET_ASIDE, self._attempts, events, problem))

    def _keep(self, batch: Batch, problem: Problem) -> None:
        outcome = Outcome(batch.batch_id, Result.KEPT, self._attempts, batch.event_count, problem)
        self._end(outcome)

    def _end(self, outcome: Outcome) -> None:
        self._waiting.pop()
        self._attempts = 0
        if outcome.result is not Result.KEPT:
            taken = outcome.result in {Result.ACKNOWLEDGED, Result.DUPLICATE}
            self._failing.answered(outcome.batch_id, taken=taken)
        self._report.add(outcome)
        self._world.on_outcome(outcome)

    def _remember_failures(self) -> None:
        path = self._spool.folder.state
        runs = {one: count for one, count in self._failing.runs().items() if self._spool.waits(one)}
        if runs != read_failed_runs(path):
            keep_failed_runs(path, runs)
