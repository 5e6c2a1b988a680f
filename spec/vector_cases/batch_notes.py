"""What each flag of the batch vectors is about."""

from vector_cases.form import note

NOTES = {
    "Plain": note("BASIC", "A batch as any client sends it.", "Nothing works."),
    "Spelling": note(
        "CAN_OF_WORMS", "The same document, spelt otherwise: white space, order, escapes.",
        "A sink that compares text refuses honest clients.",
    ),
    "Null": note(
        "TYPE_CONFUSION", "metric_value null means no scalar; it is not 0, and not absent.",
        "Averages are pulled to zero.",
    ),
    "Number": note("EDGE_CASE", "Integers, fractions and the ends of a double.", "Lost precision."),
    "Boundary": note("EDGE_CASE", "At a limit, which is still allowed.", "Off by one."),
    "OverLimit": note("MISSING_STEP", "One beyond a limit.", "The limit is not there."),
    "Large": note("EDGE_CASE", "As many events as allowed, or one more.", "Off by one."),
    "Envelope": note(
        "MISSING_STEP", "The envelope breaks its closed schema.", "What nobody approved is stored.",
    ),
    "Closed": note(
        "MISSING_STEP", "A member that the contract does not declare, or a value of another type.",
        "Content leaves the machine in a field that nobody looked at.",
    ),
    "NotAscii": note(
        "ENCODING", "Names and tokens are ASCII, whatever looks like it.", "Look-alikes get in.",
    ),
    "Time": note(
        "EDGE_CASE", "Times that do not exist, are written otherwise, or lie outside the window.",
        "Ends disagree on the day, or old data comes as new.",
    ),
    "Policy": note("MISSING_STEP", "A kind that no contract declares.", "Open-ended telemetry."),
    "Places": note(
        "BASIC", "All faults are told with the event's place, at most 100 of them, never a value.",
        "The operator mends one thing at a time, or the answer leaks.",
    ),
    "IdempotencyKey": note(
        "MISSING_STEP", "The signed header must be the payload's batch_id, as a quoted string.",
        "A batch is stored under the id of another.",
    ),
    "Json": note("PARSER_DIFFERENTIAL", "No strict JSON (see json.v1.json).", "Two meanings."),
}  # fmt: skip
