"""Errors of the guards.

SpecError
└── GuardError    the guards cannot look: no checkout, no git, or a program that does not describe
                  itself
"""

from vox_telemetry_spec.errors import SpecError


class GuardError(SpecError):
    """A guard cannot look, which is not the same as finding nothing."""
