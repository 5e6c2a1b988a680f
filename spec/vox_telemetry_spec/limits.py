"""Every limit of the contract, defined once; the unit is in the name, the source beside it.

Sources: `wire` is spec/telemetry-remote-sink-spec.md, `row` the original tool's research_metrics
contract, whose limits are measured in UTF-8 bytes although it calls them characters.
"""

from typing import Final

# wire 4: sizes of one upload.
CODED_BODY_MAX_BYTES: Final = 1_048_576
DECODED_BODY_MAX_BYTES: Final = 4_194_304
BATCH_MAX_EVENTS: Final = 2_000
JSON_MAX_DEPTH: Final = 16
ZSTD_WINDOW_MAX_BYTES: Final = 8_388_608  # RFC 9659 section 3

# row: RESEARCH_METRICS_*_MAX_CHARS and _MAX_BYTES of the original.
SESSION_ID_MAX_BYTES: Final = 512
METRIC_TYPE_MAX_BYTES: Final = 128
METADATA_MAX_BYTES: Final = 262_144

# wire 6.2 to 6.4: freshness (both ways around the sink's clock), nonce, coverage.
SIGNATURE_MAX_SKEW_S: Final = 300
NONCE_MIN_CHARS: Final = 16
COMPONENTS_MAX_COUNT: Final = 16
SIGNATURE_BASE_MAX_BYTES: Final = 16_384

# wire 5.3: how far an event's own time may lie from the checker's clock.
RECORDED_AT_MAX_AHEAD_S: Final = 600
RECORDED_AT_MAX_AGE_S: Final = 400 * 86_400

# wire 7 and 8: how long a server can make a client wait, and what is read of an answer.
ANSWER_MAX_BYTES: Final = 65_536
RETRY_AFTER_MAX_S: Final = 3_600

# wire 9: the original's recommendation for one key.
RATE_PER_S: Final = 10.0
RATE_BURST: Final = 30

# wire 11: an enrolment has about 250 bytes; 20 characters of 5 bits are 100 bits of randomness.
ENROLMENT_MAX_BYTES: Final = 4_096
ENROLMENT_CODE_CHARS: Final = 20
KEY_NAME_MAX_CHARS: Final = 128
KEY_FAMILIES_MAX_COUNT: Final = 64

# wire 13: a signed receipt has about 800 bytes with its fields; a longer one is no proof of ours.
RECEIPT_PROOF_MAX_BYTES: Final = 8_192

# trial rows: RESEARCH_TRIAL_STRING_MAX_CHARS of the original.
TRIAL_STRING_MAX_CHARS: Final = 128

# retention: the original's safe identifiers; a century, so that a cutoff is always a real date.
IDENTIFIER_MAX_CHARS: Final = 128
RETENTION_MAX_DAYS: Final = 36_500

# redaction: RFC 2104 section 3 discourages keys shorter than the hash's output.
SALT_MIN_BYTES: Final = 32

# The sink's own bounds; a client sees them only as 408, 422 (a cut list) and 503.
RECEIVE_DEADLINE_S: Final = 30.0  # wire 4: a coded body of 1 MiB at 280 kbit/s
HEADERS_MAX_BYTES: Final = 65_536  # wire 4: twice what nginx takes, ours are under 1 KiB
DISCARDED_BODY_MAX_BYTES: Final = 8_388_608  # read on after 413, or the sender sees a reset only
VIOLATIONS_MAX_COUNT: Final = 100  # of an answer: under ANSWER_MAX_BYTES at 600 bytes each
GROUP_MAX_BATCHES: Final = 64  # group commit: measured gain levels off at 16
GROUP_MAX_BYTES: Final = 4_194_304  # decoded; the driver copies a group while it sends it
QUEUE_MAX_BATCHES: Final = 256
QUEUE_MAX_BYTES: Final = 67_108_864  # decoded bytes waiting to be written, a worker
OVERLOAD_RETRY_AFTER_S: Final = 2
KEY_CACHE_AGE_S: Final = 1.0  # a revocation reaches every worker within twice this
KEY_CACHE_MAX_KEYS: Final = 4_096
STORE_CONNECT_DEADLINE_S: Final = 5.0
STORE_STATEMENT_DEADLINE_MS: Final = 10_000
STORE_STATEMENT_DEADLINE_S: Final = 12.0  # the driver's own, for a server that is gone silently
STORE_LOCK_DEADLINE_MS: Final = 5_000
STORE_POOL_MAX_CONNECTIONS: Final = 8
CONNECTIONS_MAX_COUNT: Final = 256  # a worker: with their bodies 256 MiB at most
KEEP_ALIVE_IDLE_MAX_S: Final = 15
DRAIN_DEADLINE_S: Final = 45  # longer than RECEIVE_DEADLINE_S and one group's write together
ENROLMENT_RATE_PER_S: Final = 1.0  # a worker, all strangers together; a code is used once
ENROLMENT_RATE_BURST: Final = 10
INVITE_EXPIRY_MAX_S: Final = 30 * 86_400  # a code waits in a mail or a note: a month at most
ROTATION_OVERLAP_MAX_S: Final = 90 * 86_400
KEY_VALIDITY_MAX_DAYS: Final = 3_650
# The day is for RECORDED_AT_MAX_AHEAD_S and for clocks of sinks and operators that differ.
BATCH_ID_KNOWN_S: Final = RECORDED_AT_MAX_AGE_S + 86_400
OPERATOR_LOCK_DEADLINE_MS: Final = 500  # a tenth of what a writer waits behind an exclusive lock
LOCK_TRIES_MAX_COUNT: Final = 10
LOCK_RETRY_PAUSE_S: Final = 0.5  # writers that waited behind us go first
PARTITIONS_CHECK_INTERVAL_S: Final = 86_400.0  # partitions are made four months ahead
RETENTION_CHUNK_MAX_COUNT: Final = 1_000  # a transaction: over in well under a second
RETENTION_POLICY_MAX_BYTES: Final = 65_536  # ours has under 4 KiB
EXPORT_FETCH_MAX_COUNT: Final = 500  # in memory at a time: 128 MiB of metadata at the very most
EXPORT_ROW_GROUP_BYTES: Final = 16_777_216  # uncompressed; a reader takes in one at a time
ANONYMITY_MIN_KEYS: Final = 20  # the original's k, for any aggregate that is shown
ANONYMITY_MAX_KEYS: Final = 1_000_000
REJECTIONS_MAX_COUNT: Final = 10_000  # that one list shows
# Console: OWASP Session Management Cheat Sheet, "Session Expiration": idle 15 to 30 minutes where
# little is at risk, at most the 4 to 8 hours of somebody's day.
CONSOLE_IDLE_MAX_S: Final = 1_800
CONSOLE_SESSION_MAX_S: Final = 28_800
CONSOLE_USE_KEPT_EVERY_S: Final = 60  # a look at a page writes to the database no more often
CONSOLE_SECRET_BYTES: Final = 32  # 256 bits; OWASP asks for 64 in a session id
CONSOLE_TOKEN_ID_BYTES: Final = 8
CONSOLE_TOKEN_DEFAULT_DAYS: Final = 90
CONSOLE_TOKEN_MAX_DAYS: Final = 366
CONSOLE_SIGN_IN_RATE_PER_S: Final = 0.2  # a worker, for one token or for all unknown ones together
CONSOLE_SIGN_IN_BURST: Final = 10
CONSOLE_FORM_MAX_BYTES: Final = 4_096  # the largest, of the sign-in page, has about 300
CONSOLE_FORM_MAX_FIELDS: Final = 8
CONSOLE_NEXT_MAX_CHARS: Final = 512  # a path of ours with the filters of a page
JWK_MAX_BYTES: Final = 4_096  # a public Ed25519 JWK has about 100
RECEIPT_KEY_FILE_MAX_BYTES: Final = 4_096  # an Ed25519 key in PKCS#8 PEM has 119
AUDIT_FETCH_BATCHES: Final = 8  # in memory at a time: 8 MiB of bodies
AUDIT_CLOCK_SLACK_S: Final = 60  # from the check of `created` until `received_at` is taken
CONFIG_FILE_MAX_BYTES: Final = 65_536
SECRET_FILE_MAX_BYTES: Final = 4_096  # a database URL of several hosts has a few hundred
REQUEST_ID_MIN_CHARS: Final = 8
REQUEST_ID_MAX_CHARS: Final = 128
READY_DEADLINE_S: Final = 5.0  # an orchestrator's probe waits no longer
METRICS_SAMPLE_INTERVAL_S: Final = 1.0
# How far the place of a fault is looked for: twice a batch of 100 real events, 0.1 s.
JSON_PLACED_MAX_CHARS: Final = 65_536
# Checks beside the event loop. Measured: 4 MiB of broken JSON take 0.1 s, of well-formed 0.5 s, of
# nothing but numbers such as 1e300 6 s, so that 64 KiB take 0.1 s at most.
CHECK_INLINE_MAX_BYTES: Final = 65_536  # coded or not; 100 real events have 35 KB
CHECK_INLINE_MAX_S: Final = 0.1  # a key whose check took longer goes beside the loop a while
CHECK_BESIDE_S: Final = 60.0
CHECK_THREADS_MAX_COUNT: Final = 2
CHECKS_PER_KEY_MAX_COUNT: Final = 1  # one key leaves a thread to the others
EMBEDDED_WATCH_INTERVAL_S: Final = 1.0
EMBEDDED_RESTART_WAIT_MIN_S: Final = 1.0
EMBEDDED_RESTART_WAIT_MAX_S: Final = 30.0
DISK_FREE_WARN_BYTES: Final = 5 * 1_073_741_824
DISK_FREE_FAIL_BYTES: Final = 536_870_912  # Postgres stops at a full disk
STORE_CLOCK_WARN_S: Final = 5.0
# The garbage collector of a worker; the allocations of some 60 batches of 100 events.
COLLECT_AFTER_COUNT: Final = 20_000
COLLECT_OLDER_AFTER_COUNT: Final = (20, 50)  # collections of the generation before
# The console's reading, beside a sink that writes on the same pool.
CONSOLE_STATEMENT_DEADLINE_MS: Final = 5_000  # half of STORE_STATEMENT_DEADLINE_MS
CONSOLE_PAGE_DEADLINE_S: Final = 10.0  # all of a page's queries, and waiting for a turn
CONSOLE_READS_MAX_COUNT: Final = 2  # at a time, of STORE_POOL_MAX_CONNECTIONS
CONSOLE_FILTER_MAX_CHARS: Final = 200  # a key id has 43, names of families and rules under 64
CONSOLE_ROWS_MAX_COUNT: Final = 200  # that one table of a page shows
CONSOLE_NEWEST_MAX_COUNT: Final = 50  # rejections, one by one
CONSOLE_ENDS_SOON_S: Final = 14 * 86_400  # two weeks to rotate a key
CONSOLE_LIVE_INTERVAL_S: Final = 5  # a person looks, no machine: it is seldom enough for a query
CONSOLE_LIVE_RECENT_S: Final = 60.0  # that "recent" means
