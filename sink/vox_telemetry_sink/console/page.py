"""The one way in which a page is made: a template, the visitor it is for, and what it shows."""

from http import HTTPStatus
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig

from vox_telemetry_sink.console.visitor import Visitor
from vox_telemetry_sink.console.words import FILTERS

TEMPLATES: Final = Path(__file__).parent / "templates"
_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,  # a name that nobody gave is a bug, not an empty place
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_ENVIRONMENT.filters.update(FILTERS)
TEMPLATE_CONFIG: Final = TemplateConfig(instance=JinjaTemplateEngine.from_environment(_ENVIRONMENT))


def page(template: str, visitor: Visitor | None, **shown: object) -> Template:
    """Return a page for a visitor; every value is escaped by the template engine."""
    return Template(template, context={"visitor": visitor, **shown})


def failure_page(status: HTTPStatus, words: str, visitor: Visitor | None) -> bytes:
    """Return the page that says why there is no other, for any layer."""
    template = _ENVIRONMENT.get_template("failure.html")
    return template.render(visitor=visitor, status=status, words=words).encode()
