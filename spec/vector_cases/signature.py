"""Signature vectors: a request, the keys that the sink knows and its clock."""

from vector_cases import signature_bad, signature_good
from vector_cases.form import Json, document
from vector_cases.message import KEYS
from vector_cases.signature_notes import NOTES


def vectors() -> Json:
    """Return signature.v1.json."""
    cases = [*signature_good.cases(), *signature_bad.cases()]
    return document("signature", NOTES, cases, keys=[key.described() for key in KEYS])
