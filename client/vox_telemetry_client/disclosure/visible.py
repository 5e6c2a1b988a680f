r"""Text of which nothing is hidden: what has no picture of its own is written as `\u202e`. Pure.

A sign that turns the direction of writing, or has no width, would let one text look like another.
"""

import re
from pathlib import PurePath

_LINES = "\n\t"
# Printable by their category, and yet seen by nobody: Unicode's Default_Ignorable_Code_Point
# (DerivedCoreProperties.txt), beside what is not printable anyway, and the empty Braille pattern.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def visible(text: str) -> str:
    """Return the text with every unprintable sign but line end and tab spelt out."""
    if not text.isprintable():
        text = "".join(
            sign if sign.isprintable() or sign in _LINES else _spelt_out(sign) for sign in text
        )
    return _UNSEEN.sub(lambda found: _spelt_out(found[0]), text)


def _spelt_out(sign: str) -> str:
    return sign.encode("unicode_escape").decode()


def at_home(text: str, home: PurePath | None) -> str:
    """Return a path, or a sentence with paths, with `~` for the home folder."""
    if home is None or not home.is_absolute() or home == home.parent:  # the root is nobody's
        return text
    # Only where the path begins: /srv/home/op is nobody's home.
    begins = rf"(?<![^\s'\"`(=:]){re.escape(str(home))}[/\\]"
    inside = re.sub(begins, "~/", text)
    return "~" if inside == str(home) else inside
