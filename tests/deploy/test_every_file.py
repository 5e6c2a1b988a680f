"""Each file under deploy/ is exercised by a test, or by a validator that a test runs."""

from support.checkouts import ROOT

DEPLOY, TESTS = ROOT / "deploy", ROOT / "tests"
# By file or, with a slash at its end, by folder: the test file, which names it.
EXERCISED_BY = {
    "Dockerfile": "deploy/test_compose.py",
    "compose/Caddyfile": "deploy/test_caddyfile.py",
    "compose/make_secrets.py": "deploy/test_compose.py",
    "compose/roles.sql": "deploy/test_compose.py",
    "demo/": "deploy/test_demo.py",
    "grafana/": "deploy/test_grafana.py",
    "kubernetes/": "deploy/test_kubernetes.py",
    "nginx.conf": "deploy/test_nginx.py",
    "own-timings/": "deploy/test_own_timings.py",
    "patroni/": "deploy/test_patroni.py",
    "prometheus/": "deploy/test_prometheus.py",
    "release/": "deploy/release/test_releasing.py",
    "systemd/": "deploy/test_systemd.py",
    "describe_programs.py": "docs/test_documents.py",
    "requirements-build.lock": "deploy/test_locks.py",
    "requirements-sink.lock": "deploy/test_locks.py",
    "requirements.lock": "deploy/test_locks.py",
    "secrets/": "deploy/test_compose.py",
    "smoke.py": "deploy/test_compose.py",
}


def test_every_file_is_exercised() -> None:
    files = {
        path.relative_to(DEPLOY).as_posix()
        for path in DEPLOY.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    named = {
        name for name in files for known in EXERCISED_BY if name == known or in_folder(name, known)
    }
    assert files - named == set()


def test_every_name_is_there_and_its_test_names_it() -> None:
    for name, test in EXERCISED_BY.items():
        assert (DEPLOY / name).exists(), name
        word = name.rstrip("/").rpartition("/")[2].removesuffix(".py")
        assert word in (TESTS / test).read_text(encoding="utf-8"), f"{test} does not name {name}"


def in_folder(name: str, known: str) -> bool:
    return known.endswith("/") and name.startswith(known)
