"""What an expression of PromQL asks for: series by name, and the labels it selects or groups by."""

import re
from typing import NamedTuple

from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from vox_telemetry_sink import metrics

_STRING = re.compile(r'"[^"]*"')
_SERIES = re.compile(r"\b((?:vox_sink|process|python|up)(?:[_:][a-z0-9_]+)*)\b(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'([a-z_]+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
# Given to each series by the scrape, or by Prometheus itself.
OF_THE_SCRAPE = frozenset({"job", "instance"})


class Series(NamedTuple):
    """One selector: a name, and each label with its operator and value."""

    name: str
    matchers: list[tuple[str, str, str]]


def selected(expression: str) -> list[Series]:
    """Give the series that an expression selects."""
    return [
        Series(name, _MATCHER.findall(matchers)) for name, matchers in _SERIES.findall(expression)
    ]


def grouped(expression: str) -> set[str]:
    """Give the labels that an expression groups by."""
    lists = _GROUPING.findall(_STRING.sub('""', expression))
    return {label.strip() for labels in lists for label in labels.split(",")}


def exported() -> dict[str, set[str]]:
    """Give each series that a sink exports with its labels, from the objects that count."""
    found: dict[str, set[str]] = {"up": set()}
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            for family in metric.describe():
                for name in _names(family.name, family.type):
                    found[name] = {*metric._labelnames, *(["le"] if "_bucket" in name else [])}
    for family in REGISTRY.collect():
        if family.name.startswith(("process_", "python_")):
            for sample in family.samples:
                found.setdefault(sample.name, set()).update(sample.labels)
    return found


def _names(name: str, kind: str) -> list[str]:
    endings = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
    return [f"{name}{ending}" for ending in endings.get(kind, [""])]


def labels_of(name: str, known: dict[str, set[str]]) -> set[str]:
    """Give the labels that a series may be asked for by."""
    return known[name] | OF_THE_SCRAPE
