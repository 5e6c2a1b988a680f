"""Limits of this client alone, not of the contract: a sink neither knows nor checks them.

The contract's limits are in `vox_telemetry_spec.limits`. Units are in the names, sources beside.
"""

from typing import Final

SPOOL_MAX_BYTES: Final = 10 * 1_024 * 1_024  # DEFAULT_MAX_SPOOL_BYTES of the original
BATCH_OLD_AFTER_S: Final = 7 * 86_400  # DEFAULT_MAX_SPOOL_AGE of the original
SET_ASIDE_KEPT_S: Final = 30 * 86_400  # a month for a person to look, then `prune spool` takes it
LEFTOVER_AFTER_S: Final = 86_400  # no write takes a day, so whoever began it has gone
PRUNED_AT_ONCE_MAX_FILES: Final = 1_000  # one journal line for so many ids: 40 KiB
FOREIGN_AT_ONCE_MAX_FILES: Final = 1_000  # likewise; the next upload moves the others
DAMAGED_LINES_SHOWN_MAX: Final = 20  # a screen; the count of the others is said

# What is held in memory of a backlog: about 1 MiB. Each window costs one reading of the journal,
# 0.2 s where it has 200,000 lines, and the rate of requests makes 2,000 batches take minutes.
WINDOW_BATCHES: Final = 2_000
# Receipts that share an fsync, where requests go out without a pause: the work of a tenth of a
# second. What a power cut takes of them is sent again and found to be there.
RECEIVED_MAX_BATCHES: Final = 64
RECEIVED_MAX_S: Final = 1.0  # the same for a slow sink
LISTED_MAX_BATCHES: Final = 100  # named in a report or a status; of the others the count is said

# What is read as one JSON document; anything longer is read as JSON Lines, line by line. Six times
# the 8,828 events of a whole CPython test run, and a bounded memory all the same.
DOCUMENT_MAX_BYTES: Final = 16 * 1_024 * 1_024
# One event: its metadata (262,144 bytes in the row contract) with room for the rest.
LINE_MAX_BYTES: Final = 1_048_576
# What `enqueue` holds of a call's events; twice the 8,828 events of that test run. More go to disk.
DRAFT_MEMORY_MAX_BYTES: Final = 4 * 1_024 * 1_024
# The memory of what was enqueued: 32 bytes an event, so the newest 262,144 of them.
SEEN_MAX_BYTES: Final = 8 * 1_024 * 1_024
PROGRESS_FROM_BYTES: Final = 4 * 1_024 * 1_024  # less is checked before a bar has been read
REFUSED_SHOWN_MAX_LINES: Final = 20  # a screen; the count of the others is said

# One request: a sink that accepts and is silent must not hold the operator's terminal for long.
CONNECT_TIMEOUT_S: Final = 10.0
SILENCE_TIMEOUT_S: Final = 30.0
REQUEST_TIMEOUT_S: Final = 60.0

# One run: five attempts at a batch, with full jitter, wait 15 s at most unless the sink asks more.
BATCH_MAX_ATTEMPTS: Final = 5
BACKOFF_BASE_S: Final = 1.0
BACKOFF_MAX_S: Final = 30.0
BATCH_RETRY_MAX_S: Final = 120.0  # the longest wait that a person at a terminal is made to sit out

# A batch that fails after all attempts may be at fault itself: the next ones are tried once each,
# and when this many in a row have failed, the sink is down and the run ends.
FAILING_MAX_BATCHES: Final = 3
FAILED_ALONE_MAX_RUNS: Final = 3  # then it is set aside: three runs are no accident any more
FAILED_ALONE_MAX_COUNTED: Final = 1_000  # 50 KiB of state; a sink that fails on more is at fault

STATE_MAX_BYTES: Final = 262_144  # a thousand counts of 45 bytes, five times over

INTERRUPT_GRACE_S: Final = 5.0  # for the request under way; half of what containers are given

CLOCK_OFFSET_MAX_S: Final = 100 * 366 * 86_400  # a machine without a battery begins in 1970

SPOOL_LOCK_WAIT_S: Final = (
    10.0  # held for 2 s for 500,000 events, so this long means a stopped process
)
UPLOAD_LOCK_WAIT_S: Final = 0.5  # `status` touches the lock for a moment; an upload keeps it
RECORD_WAIT_S: Final = 2.0  # a program that records is kept waiting by another writer this long
TIMING_BUSY_PAUSE_S: Final = 30.0  # a store that made a timing wait is not asked meanwhile
PRUNE_WAIT_S: Final = 10.0  # a person waits; the original may be writing
KEYRING_WAIT_S: Final = 60.0  # a desktop may be asking the operator for a password
KEY_LIST_WAIT_S: Final = 10.0  # held for milliseconds, so this long means a stopped process
KEY_FILE_MAX_BYTES: Final = 16_384  # an Ed25519 key in PEM has 120, one of OpenSSH 400
KEY_OVERLAP_DEFAULT_H: Final = 72  # that of the sink's `keys rotate`
KEY_OVERLAP_MAX_H: Final = 2_160  # likewise: 90 days
SECRET_LINE_MAX_CHARS: Final = 1_024  # a code or a passphrase that is read from a pipe

# The policy, the user's configuration, the consent: read before every request, so bounded.
SETTINGS_MAX_BYTES: Final = 65_536
SWITCH_POLL_S: Final = 1.0  # how soon a pause between requests notices that consent is withdrawn
PURGE_WAIT_S: Final = 65.0  # a running upload stops after its request (REQUEST_TIMEOUT_S) at most

# What is kept and shown of a sink's problem document: enough to act on, too little to flood.
PROBLEM_TEXT_MAX_CHARS: Final = 500
PROBLEM_MAX_VIOLATIONS: Final = 100

# The local store: the original clamps the limit of its lists to 1..10,000.
LIST_MAX_ROWS: Final = 10_000
LIST_DEFAULT_ROWS: Final = 100
STORE_PAGE_ROWS: Final = 200  # read at once: 50 MiB where every row has the longest metadata
POLICY_MAX_BYTES: Final = 1_048_576  # a retention policy; the packaged one has 3 KiB

# The doctor: a person waits, and what it asks for is small.
DOCTOR_SILENCE_S: Final = 10.0
DOCTOR_REQUEST_S: Final = 20.0
SPOOL_NEARLY_FULL: Final = 0.8  # share of the quota from which a person should look
CLOCK_WARN_S: Final = 30.0  # a tenth of what a signature may be off (wire 6.4)
CERTIFICATE_ENDS_SOON_S: Final = 14 * 86_400  # two weeks: time for a person to renew it

# The disclosure page: one person looks, in one browser, which opens six connections to a host.
VIEW_MAX_CONNECTIONS: Final = 16
VIEW_SILENCE_S: Final = 10.0
VIEW_REQUEST_MAX_S: Final = 30.0  # as SILENCE_TIMEOUT_S; a page of 1 MiB takes milliseconds
VIEW_PAGE_ROWS: Final = 50  # of batches, events, receipts or rows: two screens
VIEW_KINDS_MAX_ROWS: Final = 100  # of metric types; a screen or two
VIEW_DAYS_MAX_ROWS: Final = 30  # a month
VIEW_METADATA_MAX_CHARS: Final = 200  # of one row of the local store; two lines

# A JUnit file, which may come from anywhere: what is read of it, what one tag may hold in memory
# (the message of a failure is an attribute), how deep suites may lie (Ant writes three levels), and
# how many functions are summed up: six times the 8,828 of a whole CPython test run.
JUNIT_MAX_BYTES: Final = 256 * 1_024 * 1_024
JUNIT_TAG_MAX_BYTES: Final = 4 * 1_024 * 1_024
JUNIT_CHUNK_BYTES: Final = 65_536
JUNIT_MAX_DEPTH_ELEMENTS: Final = 64
JUNIT_MAX_ROOTS: Final = 1_000
TIMINGS_MAX_FUNCTIONS: Final = 52_968
