"""Everything together: pages behind a reception behind a door, for as long as a block lasts."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

from vox_telemetry_client.config import Config
from vox_telemetry_client.disclosure.admission import Admission
from vox_telemetry_client.disclosure.batch_pages import BatchPages
from vox_telemetry_client.disclosure.door import Door
from vox_telemetry_client.disclosure.pages import Pages
from vox_telemetry_client.disclosure.reasons import Reasons
from vox_telemetry_client.disclosure.reception import Reception
from vox_telemetry_client.disclosure.rendering import Templates
from vox_telemetry_client.disclosure.site import Site
from vox_telemetry_client.disclosure.visible import at_home
from vox_telemetry_client.settings import now

_TOKEN_BYTES = 32  # what `secrets` itself takes for enough


@contextmanager
def serving(config: Config, port: int | None = None) -> Iterator[str]:
    """Serve the pages inside the block; yield the address with the token.

    Raises:
        DisclosureError: the port cannot be listened on.

    """
    with Door(port) as door:
        admission = Admission(door.port, partial(secrets.token_urlsafe, _TOKEN_BYTES))
        site = _site(config, Templates(_tilde()))
        with door.open_to(Reception(admission, site.page, site.refusal)):
            yield admission.address


def _site(config: Config, templates: Templates) -> Site:
    reasons = Reasons(config.opt_in_s2)
    pages = Pages(config, reasons, now, version("vox-telemetry"))
    return Site(pages, BatchPages(config, reasons, now), templates)


def _tilde() -> Callable[[str], str]:
    try:
        home = Path.home()
    except RuntimeError:  # a user without one
        return lambda text: text
    return partial(at_home, home=home)
