"""One example or more for the help of each command; a test parses every one of them."""

import typer

_BATCH = "019abcde-0000-7000-8000-000000000001"
_KEY = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

EXAMPLES = {
    "record": (
        "record --type benchmark_event --session bench:my-project --value 12.5",
        "record --type benchmark_event --session bench:my-project --metadata -",
        "record --junit report.xml --repository my-project",
    ),
    "status": ("status", "status --json"),
    "show": (f"show {_BATCH}", "show 019abcde"),
    "export": ("export --out pending.jsonl", "export --json"),
    "view": ("view", "view --no-open --port 8765"),
    "upload": ("upload --dry-run", "upload", "upload --url https://telemetry.example.org"),
    "doctor": ("doctor", "doctor --offline --json"),
    "completion": ("completion bash > ~/.local/share/bash-completion/completions/vox-telemetry",),
    "journal": ("journal --since 2026-11-01", "journal --batch 019abcde --json"),
    "journal verify": ("journal verify", "journal verify --json"),
    "keys generate": ("keys generate",),
    "keys import": ("keys import key.pem",),
    "keys show": ("keys show", f"keys show {_KEY}"),
    "keys list": ("keys list",),
    "keys use": (f"keys use {_KEY}",),
    "keys rotate": ("keys rotate",),
    "keys enrol": ("keys enrol --url https://telemetry.example.org",),
    "keys remove": (f"keys remove {_KEY}",),
    "consent grant": ("consent grant --url https://telemetry.example.org",),
    "consent deny": ("consent deny --purge",),
    "consent status": ("consent status",),
    "prune plan": ("prune plan", "prune plan --db metrics.sqlite3"),
    "prune apply": ("prune apply --i-understand",),
    "prune spool plan": ("prune spool plan",),
    "prune spool apply": ("prune spool apply --i-understand",),
    "rejected list": ("rejected list",),
    "rejected show": (f"rejected show {_BATCH}",),
    "rejected retry": (f"rejected retry {_BATCH}",),
    "rejected discard": (f"rejected discard {_BATCH} --i-understand",),
}


def add_examples(app: typer.Typer, path: tuple[str, ...] = ()) -> None:
    """Put its examples at the end of the help of each command that has none there."""
    for command in app.registered_commands:
        name = command.name or command.callback.__name__ if command.callback else ""
        if command.epilog is None:
            command.epilog = _told(*path, name)
    for group in app.registered_groups:
        here = (*path, group.name or "")
        if told := _told(*here):  # a group that is a command as well
            group.epilog = told
        if group.typer_instance is not None:
            add_examples(group.typer_instance, here)


def _told(*path: str) -> str | None:
    lines = EXAMPLES.get(" ".join(path), ())
    told = "\n\n".join(f"vox-telemetry {line}" for line in lines)
    return f"Examples:\n\n{told}" if lines else None
