"""One spelling for texts that look alike, so that a rule needs to know one form only.

In order: compatibility decomposition (NFKD: full width, ligatures, mathematical letters; accents
come apart), dropping of what is not seen (zero-width, bidi controls, variation selectors, accents),
look-alikes of Latin letters and of `/ \\ : . - ~ @`, digits of other scripts. Case is kept, because
the published shapes of secrets need it; names are folded by their reader.
"""

import unicodedata

from vox_telemetry_spec.forbidden.rules import Normalisation


class Normaliser:
    """The character tables, made ready for `str.translate`."""

    def __init__(self, tables: Normalisation) -> None:
        """Expand the ranges."""
        self._table: dict[int, str | None] = {
            ord(seen): meant for seen, meant in tables.confusable.items()
        }
        for first, last in tables.ignorable:
            self._table.update(dict.fromkeys(range(ord(first), ord(last) + 1)))

    def __call__(self, text: str) -> str:
        """Return the one spelling; ASCII without control characters is its own."""
        if text.isascii() and text.isprintable():
            return text
        # Before the decomposition too: it would take a spacing tilde or accent apart.
        shown = unicodedata.normalize("NFKD", text.translate(self._table)).translate(self._table)
        return "".join(_plain(char) for char in shown)


def _plain(char: str) -> str:
    if char.isascii():
        return char
    category = unicodedata.category(char)
    if category in {"Mn", "Me", "Cf"}:
        return ""
    return str(unicodedata.decimal(char)) if category == "Nd" else char
