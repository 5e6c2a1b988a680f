"""deploy/kubernetes: valid by the schemas of Kubernetes, and of one mind with the sink.

No manifest is applied to a cluster here: there is none.
"""

import re
from typing import Any

import kubernetes_validate
import pytest
import typer

from support.manifests import containers, kustomization, manifests, pods, quantity
from vox_telemetry_sink.cli.program import program as sink_program
from vox_telemetry_sink.config import DEFAULT_PORT, SETTINGS, Config
from vox_telemetry_sink.front import ROUTES
from vox_telemetry_sink.listening import check_listening
from vox_telemetry_spec import limits
from vox_telemetry_spec.wire import ABOUT_PATH, INGEST_PATH, KEYS_PATH

NAME = "vox-telemetry-sink"
OLDEST = "1.32"  # of those tried; `sleep` before a stop is of 1.30
# Kinds of others, which the schemas of Kubernetes do not know: looked at below.
FOREIGN = {"servicemonitor.yaml"}
# What an operator applies by name, where it is wanted.
APART = {
    "namespace.yaml",
    "secret.example.yaml",
    "horizontalpodautoscaler-queue.yaml",
    "servicemonitor.yaml",
}


def deployment() -> dict[str, Any]:
    spec: dict[str, Any] = manifests()["deployment.yaml"]["spec"]
    return spec


def the_container() -> dict[str, Any]:
    [container] = deployment()["template"]["spec"]["containers"]
    return dict(container)


@pytest.mark.parametrize("version", [OLDEST, kubernetes_validate.latest_version()])
def test_every_manifest_is_valid_by_the_schemas_of_kubernetes(version: str) -> None:
    for name, manifest in manifests().items():
        if name not in FOREIGN:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_the_schemas_refuse_a_misspelt_field() -> None:
    manifest = manifests()["deployment.yaml"]
    manifest["spec"]["template"]["spec"]["terminationGracePeriod"] = 70
    with pytest.raises(kubernetes_validate.ValidationError, match="terminationGracePeriod"):
        kubernetes_validate.validate(manifest, OLDEST, strict=True)


def test_every_file_is_applied_with_the_others_or_apart() -> None:
    assert {*kustomization()["resources"], *APART} == manifests().keys()
    assert not APART & set(kustomization()["resources"])
    assert {image["name"] for image in kustomization()["images"]} == {
        container["image"] for _, container in containers()
    }


def test_everything_is_in_one_namespace_with_the_same_name_on_it() -> None:
    for name, manifest in manifests().items():
        meta = manifest["metadata"]
        if name == "namespace.yaml":
            assert meta["name"] == "vox-telemetry"
            continue
        assert meta["namespace"] == "vox-telemetry", name
        assert meta["labels"]["app.kubernetes.io/name"] == NAME, name
        assert meta["name"].startswith(NAME), name


def test_selectors_find_the_pods_of_the_sink_and_no_job() -> None:
    found = manifests()
    sink, *jobs = (
        pods()[name]["metadata"]["labels"]
        for name in ("deployment.yaml", "migrate-job.yaml", "retention-cronjob.yaml")
    )
    selectors = [
        deployment()["selector"]["matchLabels"],
        deployment()["template"]["spec"]["topologySpreadConstraints"][0]["labelSelector"][
            "matchLabels"
        ],
        found["service.yaml"]["spec"]["selector"],
        found["poddisruptionbudget.yaml"]["spec"]["selector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= sink.items()
        assert not any(selector.items() <= job.items() for job in jobs)
    policy = found["networkpolicy.yaml"]["spec"]["podSelector"]["matchLabels"]
    assert all(policy.items() <= labels.items() for labels in (sink, *jobs))
    monitor = found["servicemonitor.yaml"]["spec"]
    assert (
        monitor["selector"]["matchLabels"].items()
        <= found["service.yaml"]["metadata"]["labels"].items()
    )
    for name in ("horizontalpodautoscaler.yaml", "horizontalpodautoscaler-queue.yaml"):
        target = found[name]["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) == (
            "Deployment",
            found["deployment.yaml"]["metadata"]["name"],
        )


def test_every_pod_keeps_to_the_restricted_standard() -> None:
    for name, pod in pods().items():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["runAsUser"] > 0, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert spec["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        assert {next(iter(volume.keys() - {"name"})) for volume in spec.get("volumes", [])} <= {
            "secret",
            "emptyDir",
        }
    for name, container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
    labels = manifests()["namespace.yaml"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_variables_are_the_sinks_and_secrets_are_never_values() -> None:
    known, secret = set(SETTINGS.values()), manifests()["secret.example.yaml"]
    settings = manifests()["configmap.yaml"]["data"]
    assert set(settings) <= known
    hidden = {SETTINGS["database_url"], SETTINGS["upload_token"]}
    assert not hidden & set(settings)
    for name, container in containers():
        for variable in container["env"]:
            assert variable["name"] in hidden, name
            reference = variable["valueFrom"]["secretKeyRef"]
            assert reference["name"] == secret["metadata"]["name"]
            assert reference["key"] in secret["stringData"] or reference["optional"]


def test_the_sink_can_be_started_with_the_settings_as_they_stand() -> None:
    settings = manifests()["configmap.yaml"]["data"]
    secret = manifests()["secret.example.yaml"]["stringData"]["database-url"]
    config = Config.from_env(
        {**settings, "VOX_SINK_DATABASE_URL": secret, "VOX_SINK_DATA_DIR": "/x"}
    )
    check_listening(config)
    ports = {port["name"]: port["containerPort"] for port in the_container()["ports"]}
    assert config.metrics_listen is not None
    assert ports == {"http": config.port, "metrics": config.metrics_listen.port}
    assert config.port == DEFAULT_PORT
    [rule] = manifests()["ingress.yaml"]["spec"]["rules"]
    assert config.public_authority == rule["host"]


def test_the_receipt_key_is_where_the_setting_says_and_its_group_may_read_it() -> None:
    [volume] = [one for one in deployment()["template"]["spec"]["volumes"] if "secret" in one]
    [mount] = [one for one in the_container()["volumeMounts"] if one["name"] == volume["name"]]
    [item] = volume["secret"]["items"]
    path = f"{mount['mountPath']}/{item['path']}"
    assert path == manifests()["configmap.yaml"]["data"]["VOX_SINK_RECEIPT_KEY_FILE"]
    assert item["key"] in manifests()["secret.example.yaml"]["stringData"]
    assert volume["secret"]["defaultMode"] == 0o440  # what receipt_key.py takes of a file of root's
    context = deployment()["template"]["spec"]["securityContext"]
    assert context["fsGroup"] == context["runAsGroup"]


def test_the_ingress_leads_to_what_clients_call_and_not_to_the_console() -> None:
    [rule] = manifests()["ingress.yaml"]["spec"]["rules"]
    paths = [(path["path"], path["pathType"]) for path in rule["http"]["paths"]]
    assert paths == [("/readyz", "Exact"), ("/v1", "Prefix")]
    assert all(path.startswith("/v1/") for path in (INGEST_PATH, KEYS_PATH, ABOUT_PATH))


def test_ports_have_names_that_lead_to_the_pod() -> None:
    names = {port["name"] for port in the_container()["ports"]}
    assert {port["targetPort"] for port in manifests()["service.yaml"]["spec"]["ports"]} == names
    served = {port["name"] for port in manifests()["service.yaml"]["spec"]["ports"]}
    [endpoint] = manifests()["servicemonitor.yaml"]["spec"]["endpoints"]
    assert endpoint["port"] in served
    [rule] = manifests()["ingress.yaml"]["spec"]["rules"]
    backend = rule["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == manifests()["service.yaml"]["metadata"]["name"]
    assert backend["port"]["name"] in served
    admitted = [
        port["port"]
        for rule in manifests()["networkpolicy.yaml"]["spec"]["ingress"]
        for port in rule["ports"]
    ]
    assert admitted == [port["containerPort"] for port in the_container()["ports"]]


def test_probes_ask_what_is_served_and_wait_for_its_answer() -> None:
    container = the_container()
    probes = {name: container[f"{name}Probe"] for name in ("startup", "liveness", "readiness")}
    paths = {name: probe["httpGet"]["path"] for name, probe in probes.items()}
    # A database that is away is a reason to send nothing here, and no reason to restart.
    assert paths == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}
    assert set(paths.values()) <= set(ROUTES)
    assert {probe["httpGet"]["port"] for probe in probes.values()} == {"http"}
    assert probes["readiness"]["timeoutSeconds"] > limits.READY_DEADLINE_S


def test_a_stop_waits_for_the_drain_and_the_last_write() -> None:
    grace = deployment()["template"]["spec"]["terminationGracePeriodSeconds"]
    before = the_container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert grace > before + limits.DRAIN_DEADLINE_S + limits.STORE_STATEMENT_DEADLINE_S
    rolling = deployment()["strategy"]["rollingUpdate"]
    assert (rolling["maxSurge"], rolling["maxUnavailable"]) == (1, 0)


def test_the_ingress_has_the_limits_of_limits_py() -> None:
    annotations = manifests()["ingress.yaml"]["metadata"]["annotations"]
    found = {name.partition("/")[2]: value for name, value in annotations.items()}
    assert found["proxy-body-size"] == f"{limits.CODED_BODY_MAX_BYTES // 1_048_576}m"
    assert found["client-body-buffer-size"] == found["proxy-body-size"]
    assert int(found["proxy-read-timeout"]) > limits.DRAIN_DEADLINE_S
    assert int(found["proxy-send-timeout"]) == limits.RECEIVE_DEADLINE_S
    assert found["enable-access-log"] == "false"


def test_memory_is_more_than_a_queue_and_the_bodies_of_all_connections() -> None:
    bodies = limits.CONNECTIONS_MAX_COUNT * limits.CODED_BODY_MAX_BYTES
    resources = the_container()["resources"]
    assert quantity(resources["limits"]["memory"]) > bodies + limits.QUEUE_MAX_BYTES
    assert "cpu" not in resources["limits"]


def test_the_autoscalers_differ_only_in_the_queue_which_is_a_metric_of_ours() -> None:
    by_cpu, by_queue = (
        manifests()[name]
        for name in ("horizontalpodautoscaler.yaml", "horizontalpodautoscaler-queue.yaml")
    )
    cpu, queue = by_queue["spec"]["metrics"]
    assert queue["pods"]["metric"]["name"] == "vox_sink_queue_batches"
    assert int(queue["pods"]["target"]["averageValue"]) <= limits.QUEUE_MAX_BATCHES / 4
    by_queue["spec"]["metrics"] = [cpu]
    assert by_queue == by_cpu
    budget = manifests()["poddisruptionbudget.yaml"]["spec"]
    assert budget["maxUnavailable"] < by_cpu["spec"]["minReplicas"]


def test_commands_are_the_programs() -> None:
    group = typer.main.get_command(sink_program)
    seen = set()
    for name, container in containers():
        command: Any = group
        for word in [word for word in container["args"] if not word.startswith("--")]:
            command = command.commands[word]
        options = {option for one in command.params for option in one.opts}
        assert {word for word in container["args"] if word.startswith("--")} <= options, name
        seen.add(command.name)
    assert seen == {"serve", "migrate", "apply"}


def test_out_of_a_pod_leads_only_to_dns_and_postgres() -> None:
    spec = manifests()["networkpolicy.yaml"]["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    ports = [(port["protocol"], port["port"]) for rule in spec["egress"] for port in rule["ports"]]
    assert ports == [("UDP", 53), ("TCP", 53), ("TCP", 5432)]
    assert all(rule["to"] for rule in spec["egress"])


def test_the_monitor_is_of_the_operators_kind() -> None:
    monitor = manifests()["servicemonitor.yaml"]
    assert monitor["apiVersion"] == "monitoring.coreos.com/v1"
    assert monitor["kind"] == "ServiceMonitor"
    assert monitor["spec"].keys() == {"jobLabel", "selector", "endpoints"}
    [endpoint] = monitor["spec"]["endpoints"]
    assert endpoint == {"port": "metrics", "path": "/metrics", "interval": "15s"}


def test_no_secret_has_a_value() -> None:
    values = manifests()["secret.example.yaml"]["stringData"]
    assert "USER:PASSWORD@HOST" in values["database-url"]
    assert not re.search(r"BEGIN [A-Z ]*PRIVATE KEY", "".join(values.values()))
