"""The example's events, with times that a sink takes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "cpython-lanes.jsonl"


def usable_example(folder: Path) -> Path:
    """Return the example; where its times lie outside the window, a copy moved to yesterday."""
    lines = [json.loads(line) for line in EXAMPLE.read_text().splitlines()]
    newest = max(datetime.fromisoformat(line["recorded_at"]) for line in lines)
    now = datetime.now(UTC)
    if timedelta() <= now - newest <= timedelta(days=300):
        return EXAMPLE
    print(f"   the example's times ({newest:%Y-%m-%d}) are too old, using a copy of yesterday")
    for line in lines:
        moved = datetime.fromisoformat(line["recorded_at"]) + (now - newest - timedelta(days=1))
        line["recorded_at"] = moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    copy = folder / EXAMPLE.name
    copy.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return copy
