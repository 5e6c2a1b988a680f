"""The flags that say what a key gets: name, sensitivity, families, validity."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from vox_telemetry_sink.key_rows import KeyGrant
from vox_telemetry_spec.limits import (
    KEY_FAMILIES_MAX_COUNT,
    KEY_NAME_MAX_CHARS,
    KEY_VALIDITY_MAX_DAYS,
)
from vox_telemetry_spec.registry import Registry
from vox_telemetry_spec.taxonomy import Family, SensitivityClass, TransmissionClass


class Ceiling(StrEnum):
    """What `--max-sensitivity` takes; S3 never travels."""

    S0 = "S0"
    S1 = "S1"
    S2 = "S2"


Name = Annotated[str, typer.Option(help="What you call this client.")]
MaxSensitivity = Annotated[
    Ceiling, typer.Option(help="The most sensitive class; S2 takes --family as well.")
]
FamilyNames = Annotated[
    list[str] | None,
    typer.Option(
        "--family",
        help="A family that it may send, to be repeated; without it all of S0 and S1 that "
        "--max-sensitivity allows.",
    ),
]
ValidDays = Annotated[
    int | None,
    typer.Option(min=1, max=KEY_VALIDITY_MAX_DAYS, help="Days that it is good; without, no end."),
]


def granted(name: str, ceiling: Ceiling, families: list[str] | None) -> KeyGrant:
    """Return what the flags grant, without a validity.

    Raises:
        typer.BadParameter: a name that cannot be shown, S2 without a named family, or a family
            that is unknown, may not be uploaded, or is more sensitive than the ceiling.

    """
    sensitivity = SensitivityClass(ceiling.value)
    if sensitivity is SensitivityClass.S2 and not families:
        raise typer.BadParameter(
            "got S2 without --family, expected each S2 family by name: S2 is agreed to one by one",
            param_hint="--max-sensitivity",
        )
    named = sorted(set(families or ()))
    if len(named) > KEY_FAMILIES_MAX_COUNT:
        raise typer.BadParameter(
            f"got {len(named)} families, expected at most {KEY_FAMILIES_MAX_COUNT}",
            param_hint="--family",
        )
    known = {family.family: family for family in Registry.load().families}
    for family in named:
        _check_family(family, known.get(family), sensitivity)
    return KeyGrant(checked_name(name), sensitivity, named or None)


def checked_name(name: str) -> str:
    """Return a name without the blanks around it.

    Raises:
        typer.BadParameter: one that cannot be shown on a line.

    """
    stripped = name.strip()
    if not stripped:
        raise typer.BadParameter("got a blank name, expected some text", param_hint="--name")
    if len(stripped) > KEY_NAME_MAX_CHARS or not stripped.isprintable():
        raise typer.BadParameter(
            f"expected at most {KEY_NAME_MAX_CHARS} printable characters", param_hint="--name"
        )
    return stripped


def _check_family(name: str, family: Family | None, ceiling: SensitivityClass) -> None:
    if (
        family is None
        or family.transmission_class is not TransmissionClass.APPROVED_USAGE_UPLOAD
        or family.sensitivity_class is SensitivityClass.S3
    ):
        raise typer.BadParameter(
            f"'{name}' is no family that may be uploaded, expected one of docs/taxonomy.md",
            param_hint="--family",
        )
    if family.sensitivity_class > ceiling:
        sensitivity = family.sensitivity_class.value
        raise typer.BadParameter(
            f"'{name}' is {sensitivity}, expected --max-sensitivity {sensitivity} with it",
            param_hint="--family",
        )


def limits_of(grant_families: list[str] | None, max_sensitivity: str, end: datetime | None) -> str:
    """Return what limits a key in a few words, for people."""
    what = f" of {', '.join(grant_families)}" if grant_families else ""
    until = f", until {end:%Y-%m-%d %H:%M} UTC" if end else ""
    return f"up to {max_sensitivity}{what}{until}"
