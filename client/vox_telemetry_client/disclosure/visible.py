r"""Text of which nothing is hidden: what has no picture of its own is written as `\u202e`. Pure.

A sign that turns the direction of writing, or has no width, would let one text look like another.
"""

from pathlib import PurePath

_LINES = "\n\t"


def visible(text: str) -> str:
    """Return the text with every unprintable sign but line end and tab spelt out."""
    if text.isprintable():
        return text
    return "".join(
        sign if sign.isprintable() or sign in _LINES else sign.encode("unicode_escape").decode()
        for sign in text
    )


def at_home(text: str, home: PurePath | None) -> str:
    """Return a path, or a sentence with paths, with `~` for the home folder."""
    if home is None or home == home.parent:  # the root is nobody's home
        return text
    inside = text.replace(f"{home}{'/' if '/' in str(home) else chr(92)}", "~/")
    return "~" if inside == str(home) else inside
