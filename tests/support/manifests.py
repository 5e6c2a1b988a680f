"""The manifests of deploy/kubernetes, read as kubectl reads them."""

from collections.abc import Iterator
from typing import Any

import yaml

from support.checkouts import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = "kustomization.yaml"


def manifests() -> dict[str, dict[str, Any]]:
    """Give the one object of each file by the file's name."""
    files = sorted(path for path in FOLDER.iterdir() if path.name != KUSTOMIZATION)
    return {path.name: yaml.safe_load(path.read_text()) for path in files}


def kustomization() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / KUSTOMIZATION).read_text())
    return loaded


def pods() -> dict[str, dict[str, Any]]:
    """Give the pod template of each file that has one."""
    specs = {name: one.get("spec", {}) for name, one in manifests().items()}
    jobs = {name: spec.get("jobTemplate", {}).get("spec", spec) for name, spec in specs.items()}
    return {name: spec["template"] for name, spec in jobs.items() if "template" in spec}


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each container with the file in which it is."""
    for name, pod in pods().items():
        for container in pod["spec"]["containers"]:
            yield name, container


def quantity(text: str) -> int:
    """Read an amount of memory, as 256Mi."""
    return int(text[:-2]) * {"Ki": 1_024, "Mi": 1_048_576, "Gi": 1_073_741_824}[text[-2:]]
