"""Generated parts of the documents: what stands between two HTML comments.

<!-- generated: NAME (make docs) -->
…
<!-- end of NAME -->
"""

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from vox_telemetry_spec.guards.checkout import Checkout

# path of the document -> name of the part -> its text
Parts: TypeAlias = "Mapping[str, Mapping[str, str]]"


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    """Return a Markdown table; a bar inside a cell is escaped."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def render(text: str, parts: Mapping[str, str]) -> tuple[str, list[str]]:
    """Return a document with its parts as they should be, and the parts without a place."""
    missing = []
    for name, content in parts.items():
        begin, end = f"<!-- generated: {name} (make docs) -->", f"<!-- end of {name} -->"
        head, found, rest = text.partition(begin)
        _, closed, tail = rest.partition(end)
        if found and closed:
            text = f"{head}{begin}\n{content}\n{end}{tail}"
        else:
            missing.append(name)
    return text, missing


def documents(checkout: Checkout, parts: Parts) -> tuple[dict[str, str], list[str]]:
    """Return the documents that differ as they should be, and findings that writing cannot mend."""
    changed, findings = {}, []
    for path, of_this in parts.items():
        text = checkout.text(path)
        should, missing = render(text, of_this)
        findings += [f"{path} has no place for the generated part '{name}'" for name in missing]
        if should != text:
            changed[path] = should
    return changed, findings


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
