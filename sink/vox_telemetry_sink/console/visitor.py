"""Who looks at the console, and what that role may see; pure."""

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What a console token is for."""

    ADMIN = "admin"  # sees rows, and may approve and revoke keys
    VIEWER = "viewer"  # sees k-anonymous aggregates only


class Visitor(NamedTuple):
    """Somebody signed in; `csrf_token` goes into each form and comes back with it.

    `name` and `token_id` are those of the token; `notice` is what the next page says of an action.
    """

    name: str
    role: Role
    csrf_token: str
    token_id: str = ""
    notice: str | None = None

    @property
    def is_admin(self) -> bool:
        """Tell whether rows may be shown and keys changed."""
        return self.role is Role.ADMIN
