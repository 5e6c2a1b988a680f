"""Who looks at the console, and what that role may see; pure."""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a console token is for."""

    ADMIN = "admin"  # sees rows, and may approve and revoke keys
    VIEWER = "viewer"  # sees k-anonymous aggregates only


class Visitor(NamedTuple):
    """Somebody signed in; `csrf_token` goes into each form and comes back with it."""

    name: str
    role: Role
    csrf_token: str
