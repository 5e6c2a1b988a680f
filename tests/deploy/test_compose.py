"""docker-compose.yml for real: its images, its containers, and uploads through it from outside.

So deploy/Dockerfile, deploy/compose/make_secrets.py, deploy/compose/roles.sql and deploy/smoke.py are run.
One test, since the containers take most of its time, and several processes share the tests of a file.
"""

import json
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from support.composed import Project, base_image, compose_words, composed
from support.containers import engine_answers, leave_out

SERVICES = {"db", "migrate", "sink", "proxy"}
MIB = 1_048_576
OVER_THE_BASE_MAX_BYTES = 150 * MIB  # 130 MB when this was written
SECRETS = {
    "database_password": 999,
    "database_url": 65532,
    "grafana_password": 472,
    "postgres_password": 999,
    "receipt_key": 65532,
}
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    words = compose_words() if engine_answers() else None
    if words is None:
        reason = "no Docker engine answers, or there is no Compose: start one, sh tests/docker-compose.sh"
        leave_out(reason)
    with composed(tmp_path / "clone", words) as made:
        yield made


@pytest.mark.timeout(600)
def test_a_clean_clone_serves_uploads_over_tls_hardened_and_over_a_restart_of_its_database(
    project: Project,
) -> None:
    project.run("--progress", "quiet", "build", "sink", "proxy")
    the_image_holds_the_venv_and_no_more(project)
    secrets_are_made_once_each_for_its_reader(project)
    project.run("up", "--detach", "--wait", "--no-build")
    every_container_is_hardened(project)
    the_images_own_health_check_asks_whether_the_process_answers(project)
    no_secret_shows_in_what_the_engine_tells_or_logs(project)
    only_the_proxy_is_reached_from_outside(project)
    the_smoke_test_passes(project)
    authority = project.folder / "authority.pem"
    root = "/data/caddy/pki/authorities/local/root.crt"
    authority.write_text(project.run("exec", "-T", "proxy", "cat", root))
    the_sink_itself_says_that_a_body_is_too_large(project, authority)
    the_console_is_hidden(project, authority)
    an_upload_that_breaks_off_leaves_no_address_in_the_log(project, authority)
    sigterm_ends_the_sink_in_order(project)


def the_image_holds_the_venv_and_no_more(project: Project) -> None:
    image = project.image()
    assert image["Config"]["User"] == "65532:65532"
    assert image["Config"]["Entrypoint"] == ["vox-telemetry-sink"]
    assert "/livez" in image["Config"]["Healthcheck"]["Test"][-1]
    title = "org.opencontainers.image.title"
    assert image["Config"]["Labels"][title] == "vox-telemetry-sink"
    inside = (
        "import importlib.util as u, pathlib, shutil;"
        "print([n for n in ('gcc', 'cc', 'make') if shutil.which(n)],"
        " [n for n in ('pip', 'hatchling', 'pytest') if u.find_spec(n)],"
        " [*map(str, pathlib.Path('/src').glob('*'))])"
    )
    ran = project.run(
        "run", "--rm", "--no-deps", "--entrypoint", "python", "secrets", "-I", "-c", inside
    )
    assert ran.strip() == "[] [] []"
    assert image["Size"] - base_image()["Size"] < OVER_THE_BASE_MAX_BYTES


def secrets_are_made_once_each_for_its_reader(project: Project) -> None:
    folder = project.folder / "deploy" / "secrets"
    said = project.run("run", "--rm", "secrets")
    made = {path.name: path.stat() for path in folder.iterdir() if path.name != ".gitignore"}
    assert {name: found.st_uid for name, found in made.items()} == SECRETS
    assert {found.st_mode & 0o777 for found in made.values()} == {0o400}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(re.findall(r"deploy/secrets/(\w+)", said)) == sorted(SECRETS)
    assert project.run("run", "--rm", "secrets") == ""
    again = {path.name: path.stat() for path in folder.iterdir() if path.name != ".gitignore"}
    assert again == made
    (folder / "database_url").rename(folder / "away")
    project.run("run", "--rm", "secrets", code=1)
    (folder / "away").rename(folder / "database_url")


def every_container_is_hardened(project: Project) -> None:
    containers = project.inspected()
    assert set(containers) == SERVICES
    for service, found in containers.items():
        host = found["HostConfig"]
        assert host["ReadonlyRootfs"], service
        assert host["CapDrop"] == ["ALL"], service
        added = ["CAP_NET_BIND_SERVICE"] if service == "proxy" else []
        assert [f"CAP_{name.removeprefix('CAP_')}" for name in host["CapAdd"] or []] == added
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
        assert host["Memory"] > 0, service
        assert host["PidsLimit"] > 0, service
        assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "5"}, service
        assert host["Privileged"] is False
    assert containers["sink"]["State"]["Health"]["Status"] == "healthy"
    assert containers["migrate"]["State"]["ExitCode"] == 0
    for service in ("sink", "migrate"):
        assert containers[service]["Config"]["User"] == "65532:65532"
    role = "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = 'vox'"
    assert query(project, role) == "f"


def the_images_own_health_check_asks_whether_the_process_answers(project: Project) -> None:
    kind, *words = project.image()["Config"]["Healthcheck"]["Test"]
    assert kind == "CMD"
    project.run("exec", "-T", "sink", *words)
    project.run("exec", "-T", "--env", "VOX_SINK_PORT=1", "sink", *words, code=1)


def no_secret_shows_in_what_the_engine_tells_or_logs(project: Project) -> None:
    told = json.dumps([project.inspected(), project.image()]) + project.run("logs")
    for service, name in (
        ("sink", "database_url"),
        ("sink", "receipt_key"),
        ("db", "database_password"),
        ("db", "postgres_password"),
    ):
        secret = project.run("exec", "-T", service, "cat", f"/run/secrets/{name}").split()
        assert max(map(len, secret)) >= 48
        assert [word for word in secret if len(word) >= 24 and word in told] == []


def only_the_proxy_is_reached_from_outside(project: Project) -> None:
    published = {
        service: found["NetworkSettings"]["Ports"]
        for service, found in project.inspected().items()
        if any((found["NetworkSettings"]["Ports"] or {}).values())
    }
    assert published == {
        "proxy": {"443/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(project.port)}]}
    }
    for service, internal in project.networks().items():
        assert service == "proxy" or all(internal.values()), f"{service} reaches the outside"


def the_smoke_test_passes(project: Project) -> None:
    done = subprocess.run(
        [
            sys.executable,
            project.folder / "deploy" / "smoke.py",
            "--compose",
            " ".join(project.words),
        ],
        env=project.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "251 events have a receipt, 251 rows are stored" in done.stdout
    assert query(project, "SELECT count(*), count(DISTINCT batch_id) FROM event") == "251|6"


def the_sink_itself_says_that_a_body_is_too_large(project: Project, authority: Path) -> None:
    context = ssl.create_default_context(cafile=authority)
    with httpx.Client(
        base_url=f"https://localhost:{project.port}", verify=context, trust_env=False, timeout=30
    ) as client:
        answer = client.post(
            "/v1/batches",
            content=b"0" * (2 * MIB),
            headers={"content-type": "application/vnd.vox.usage-batch.v1+json"},
        )
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:vox-telemetry:problem:body-too-large"
        assert client.get("/metrics").status_code == 404


def the_console_is_hidden(project: Project, authority: Path) -> None:
    context = ssl.create_default_context(cafile=authority)
    with httpx.Client(
        base_url=f"https://localhost:{project.port}", verify=context, trust_env=False, timeout=30
    ) as client:
        for path in ("/console", "/console/sign-in", "/Console/", "/console//x", "/%63onsole"):
            answer = client.get(path)
            assert (path, answer.status_code) == (path, 404)
            assert answer.json()["type"] == "urn:vox-telemetry:problem:not-found"
            assert answer.headers["content-type"] == "application/problem+json"
            assert "content-security-policy" not in answer.headers


def an_upload_that_breaks_off_leaves_no_address_in_the_log(
    project: Project, authority: Path
) -> None:
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection(("127.0.0.1", project.port), 30) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(
            b"POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n{"
        )
    with socket.create_connection(("127.0.0.1", project.port), 30) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
        plain.recv(1_000)
    project.run("stop", "sink")
    with httpx.Client(
        base_url=f"https://localhost:{project.port}", verify=context, trust_env=False, timeout=30
    ) as client:
        assert client.get("/readyz").status_code == 502
    for service in ("proxy", "sink"):
        logged = _ADDRESS.findall(project.run("logs", "--no-log-prefix", service))
        # Where something listens, and nothing else.
        assert set(logged) <= {"127.0.0.1", "0.0.0.0"}, service  # noqa: S104 -- compared


def sigterm_ends_the_sink_in_order(project: Project) -> None:
    state = project.inspected()["sink"]["State"]
    assert (state["Status"], state["ExitCode"], state["OOMKilled"]) == ("exited", 0, False)


def query(project: Project, sql: str) -> str:
    words = ("psql", "--username=postgres", "--dbname=vox", "--no-align", "--tuples-only")
    return project.run("exec", "-T", "db", *words, f"--command={sql}").strip()
