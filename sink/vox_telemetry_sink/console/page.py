"""The one way in which a page is made: a template, the visitor it is for, and what it shows."""

from pathlib import Path
from typing import Final

from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Template
from litestar.template import TemplateConfig

from vox_telemetry_sink.console.visitor import Visitor

TEMPLATES: Final = Path(__file__).parent / "templates"
TEMPLATE_CONFIG: Final = TemplateConfig(directory=TEMPLATES, engine=JinjaTemplateEngine)


def page(template: str, visitor: Visitor, **shown: object) -> Template:
    """Return a page for a visitor; every value is escaped by the template engine."""
    return Template(template, context={"visitor": visitor, **shown})
