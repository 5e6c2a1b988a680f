"""The only door to jinja2 and its markupsafe: our templates, and how values are written."""

from collections.abc import Callable
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from vox_telemetry_client.counting import noun
from vox_telemetry_client.disclosure.visible import visible
from vox_telemetry_spec.limits import VIOLATIONS_MAX_COUNT
from vox_telemetry_spec.times import parse_time

_PACKAGE = "vox_telemetry_client.disclosure"


class Templates:
    """Every value is escaped; a name that a template misspells is an error, not an empty place."""

    def __init__(self, at_home: Callable[[str], str]) -> None:
        """Compile nothing yet; `at_home` writes `~` for the home folder."""
        self._environment = Environment(
            loader=PackageLoader(_PACKAGE),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= {
            "home": lambda text: visible(at_home(str(text))),
            "said": lambda text: said(visible(at_home(str(text)))),
            "visible": lambda text: visible(str(text)),
            "count": lambda number: f"{number:,}",
            "noun": noun,
            "moment": moment,
        }
        self._environment.globals["violations_max_count"] = VIOLATIONS_MAX_COUNT

    def page(self, template: str, **facts: object) -> bytes:
        """Return a page in UTF-8."""
        text = self._environment.get_template(template).render(**facts)
        return text.encode(errors="backslashreplace")


def said(text: str) -> Markup:
    """Return a message with its commands, which stand between backticks, set as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # one stands alone: it is no quotation
        return escape(text)
    code = Markup("<code>{}</code>")
    return Markup().join(
        code.format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def asset(name: str) -> bytes:
    """Return a packaged file of this name; callers name one of ours."""
    return files(_PACKAGE).joinpath("assets", name).read_bytes()


def moment(text: str) -> str:
    """Return an RFC 3339 time as a person reads it, and anything else as it is."""
    found = parse_time(text)
    return visible(text) if found is None else f"{found:%Y-%m-%d %H:%M:%S} UTC"
