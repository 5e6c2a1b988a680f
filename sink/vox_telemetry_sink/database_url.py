"""What a database URL looks like, before anybody connects with it."""

import re
from urllib.parse import urlsplit

_SCHEMES = ("postgresql", "postgres")
_HOST_AND_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[^:\[\]]*)(?::[0-9]{1,5})?")


def is_postgres_url(url: str) -> bool:
    """Tell a URL that asyncpg can take apart; what it does not find out is the database's part."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    hosts = parts.netloc.rpartition("@")[2].split(",")
    return parts.scheme in _SCHEMES and all(map(_HOST_AND_PORT.fullmatch, hosts))
