"""The forbidden-field engine: refuses content, places, people and secrets, at both ends alike.

rules       the rules as data (`contracts/forbidden/*.json`), read and checked
normalise   one spelling for look-alikes: compatibility forms, ignorables, confusables
decode      the texts that a string holds in an encoded form
names       member names, word by word
values      strings, by pattern
search      many patterns at once, by the validator's engine
hidden      patterns that find whatever `decode` could read
tokens      which of many strings the rules need not look at
scanner     the walk over an event
"""

from vox_telemetry_spec.forbidden.scanner import Scanner, load_scanner

__all__ = ["Scanner", "load_scanner"]
