"""`python -m vox_telemetry_spec.guards`: one line a finding; exit 0 for none, else 1."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from vox_telemetry_spec.errors import SpecError
from vox_telemetry_spec.guards import command_compliance, data_ssot
from vox_telemetry_spec.guards.checkout import Checkout, find_root
from vox_telemetry_spec.guards.programs import changes_since, describe_programs

EXIT_FOUND = 1


def main(args: Sequence[str]) -> int:
    """Run one command; usage errors exit with 2, as argparse does."""
    wanted = _parser().parse_args(args)
    try:
        root = find_root(wanted.root or Path.cwd())
        found = _run(wanted, root)
    except SpecError as exc:
        found = [str(exc)]
    for finding in found:
        sys.stdout.write(f"{wanted.command}: {finding}\n")
    if not found:
        sys.stdout.write(f"{wanted.command}: OK\n")
    return EXIT_FOUND if found else 0


def _run(wanted: argparse.Namespace, root: Path) -> list[str]:
    checkout = Checkout.read(root)
    if wanted.command == command_compliance.NAME:
        description = describe_programs(root)
        if wanted.write:
            _write(root, command_compliance.generated(checkout, description))
            # The page of commands shows the catalogue, which has only now been written.
            _write(root, command_compliance.generated(Checkout.read(root), description))
        return command_compliance.findings(Checkout.read(root), description)
    if wanted.write:
        _write(root, data_ssot.generated(checkout))
    return data_ssot.findings(Checkout.read(root), changes_since(root, wanted.base))


def _write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"wrote {path}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m vox_telemetry_spec.guards")
    commands = parser.add_subparsers(dest="command", required=True)
    for guard in (data_ssot, command_compliance):
        one = commands.add_parser(guard.NAME, help=guard.HELP, description=guard.HELP)
        one.add_argument("--root", type=Path, help="the checkout; default: found from here up")
        one.add_argument("--write", action="store_true", help="write what can be generated first")
        if guard is data_ssot:
            one.add_argument("--base", help="revision to compare with; default: the last tag")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
