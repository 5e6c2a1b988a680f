"""A project of docker-compose.yml that belongs to one test: own names, own port, removed at its end."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
from docker.errors import ImageNotFound

from support.checkouts import ROOT
from support.containers import ENGINE_ANSWERS_WITHIN_S
from support.world import free_port

RUN_WITHIN_S = 300
# What a clean clone brings, of what docker-compose.yml and its smoke test read.
_COPIED_FILES = (".dockerignore", "docker-compose.yml", "pyproject.toml", "README.md", "LICENSE")
_COPIED_FOLDERS = ("client", "deploy", "docs/examples", "sink", "spec")
# Where no registry is reached, the proxy's image is made; Compose takes this file by its name.
_STAND_IN = {
    "services": {"proxy": {"build": {"context": str(ROOT / "tests/deploy/caddy_image")}}},
}


@dataclass(frozen=True)
class Project:
    """A checkout of its own, and Compose called in it."""

    folder: Path
    name: str
    port: int
    words: tuple[str, ...]
    environment: dict[str, str]

    def run(self, *args: str, code: int = 0) -> str:
        """Run a command of Compose; give its stdout."""
        done = subprocess.run(
            [*self.words, *args],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RUN_WITHIN_S,
            check=False,
        )
        assert done.returncode == code, f"{args}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def inspected(self) -> dict[str, Any]:
        """Give what the engine tells of each container, by its service."""
        label = "com.docker.compose"
        with closing(docker.from_env(timeout=ENGINE_ANSWERS_WITHIN_S)) as client:
            found = client.containers.list(
                all=True, filters={"label": f"{label}.project={self.name}"}
            )
            return {container.labels[f"{label}.service"]: container.attrs for container in found}

    def networks(self) -> dict[str, dict[str, bool]]:
        """Give each service's networks, and whether they are cut off from the outside."""
        with closing(docker.from_env(timeout=ENGINE_ANSWERS_WITHIN_S)) as client:
            return {
                service: {
                    name: client.networks.get(one["NetworkID"]).attrs["Internal"]
                    for name, one in found["NetworkSettings"]["Networks"].items()
                    if one["NetworkID"]
                }
                for service, found in self.inspected().items()
            }

    def image(self) -> Any:
        """Give what the engine tells of the sink's image."""
        with closing(docker.from_env(timeout=ENGINE_ANSWERS_WITHIN_S)) as client:
            return client.images.get(self.environment["SINK_IMAGE"]).attrs

    def remove(self) -> None:
        """Remove containers, networks, volumes and the images made here."""
        self.run("down", "--volumes", "--remove-orphans", "--timeout", "2")
        with closing(docker.from_env(timeout=ENGINE_ANSWERS_WITHIN_S)) as client:
            for name in ("SINK_IMAGE", "CADDY_IMAGE"):
                with suppress(ImageNotFound):
                    client.images.remove(self.environment[name], force=True)


def base_image() -> Any:
    """Give what the engine tells of the image on which the sink's is built."""
    with closing(docker.from_env(timeout=ENGINE_ANSWERS_WITHIN_S)) as client:
        return client.images.get("python:3.11-slim").attrs


def compose_words() -> tuple[str, ...] | None:
    """Give the words that call Compose here: the one beside this Python, else the engine's own."""
    beside = Path(sys.executable).parent / "docker-compose"
    if beside.exists():
        return (str(beside),)
    try:
        asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return ("docker", "compose") if asked.returncode == 0 else None


@contextmanager
def composed(folder: Path, words: tuple[str, ...]) -> Iterator[Project]:
    """Copy the checkout, hand out a project in it, and remove whatever it made."""
    left_out = shutil.ignore_patterns("__pycache__", *_own_secrets())
    for name in _COPIED_FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=left_out)
    for name in _COPIED_FILES:
        shutil.copy(ROOT / name, folder / name)
    (folder / "docker-compose.override.yml").write_text(json.dumps(_STAND_IN), encoding="utf-8")
    name, port = f"voxtest{secrets.token_hex(4)}", free_port()
    own = {
        "COMPOSE_PROJECT_NAME": name,
        "SINK_IMAGE": f"{name}-sink",
        "CADDY_IMAGE": f"{name}-caddy",
        "SINK_PORT": str(port),
    }
    project = Project(folder, name, port, words, os.environ | own)
    try:
        yield project
    finally:
        project.remove()


def _own_secrets() -> list[str]:
    return [path.name for path in (ROOT / "deploy/secrets").iterdir() if path.name[0] != "."]
