# SPDX-License-Identifier: Apache-2.0
"""The chart on a real API server, with real controllers and a real scheduler."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from clusters import BED, CHART, Cluster, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow
EXAMPLES = sorted(path.name[: -len("-values.yaml")] for path in (CHART / "ci").glob("*-values.yaml"))


@pytest.fixture
def studio(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of its own under `restricted`, which is taken away afterwards: nobody waits for that."""
    name = f"studio-{request.node.name.split('_')[1]}-{os.getpid()}"
    cluster.namespace(name)
    yield name
    cluster.run("helm", "uninstall", "blender", "--namespace", name)
    cluster.kubectl("delete", "namespace", name, "--wait=false")
    cluster.kubectl("delete", "pv", "--wait=false", "--ignore-not-found", f"{name}-blender-manager")


def test_a_farm_by_the_defaults_is_admitted_runs_and_keeps_its_queue(cluster: Cluster, studio: str) -> None:
    # By now the cluster knows Kubernetes' own kinds alone.
    cluster.install(studio, "defaults")
    for component, count in (("manager", 1), ("companion", 1), ("proxy", 2), ("worker", 1)):
        assert len(cluster.running(studio, component)) == count, component
    claim = cluster.get("pvc", "-n", studio, "blender-manager")
    token = cluster.get("secret", "-n", studio, "blender-token")["data"]["token"]

    # An upgrade with other values: what runs is replaced, what was kept stays.
    cluster.helm(
        "upgrade", "--install", "blender", studio, "defaults", "--set", "flamenco.name=Other,workers.max_replicas=20"
    )
    config = cluster.get("configmap", "-n", studio, "blender-manager")["data"]["flamenco-manager.yaml"]
    assert yaml.safe_load(config)["manager_name"] == "Other"
    assert cluster.get("pvc", "-n", studio, "blender-manager")["metadata"]["uid"] == claim["metadata"]["uid"]
    assert cluster.get("secret", "-n", studio, "blender-token")["data"]["token"] == token
    assert len(base64.b64decode(token)) == 40

    # Without the release the queue is still there, and the next release has it again.
    cluster.remove(studio)
    assert cluster.get("deployments", "-n", studio)["items"] == []
    assert cluster.get("pvc", "-n", studio, "blender-manager")["metadata"]["uid"] == claim["metadata"]["uid"]
    cluster.helm("upgrade", "--install", "blender", studio, "defaults")
    assert cluster.get("pvc", "-n", studio, "blender-manager")["metadata"]["uid"] == claim["metadata"]["uid"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_api_server_takes_every_example_to_the_letter(taught: Cluster, example: str) -> None:
    version = json.loads(taught.kubectl("get", "--raw", "/version"))
    rendered = taught.must(
        *("helm", "template", "blender", CHART, "--values", taught.values(example)),
        *("--kube-version", version["gitVersion"].split("+")[0]),
        *("--set", "serviceMonitor.enabled=true"),
    )
    kinds = {thing["kind"] for thing in yaml.safe_load_all(rendered) if thing}
    assert {"Deployment", "NetworkPolicy", "CronJob", "ServiceMonitor", "Pod"} <= kinds
    taught.kubectl("apply", "--dry-run=server", "--validate=strict", "--filename", "-", text=rendered)


def test_run_ai_gets_preemptible_workers_in_the_projects_namespace(taught: Cluster) -> None:
    if taught.run("kubectl", "get", "namespace", "runai-blender").returncode != 0:
        taught.namespace("runai-blender")
    taught.kubectl(
        "label", "--overwrite", "namespace", "runai-blender", "pod-security.kubernetes.io/enforce=restricted"
    )
    # The release may lie anywhere: Run:ai schedules in the project's namespace.
    taught.volume("runai-blender", "blender-manager")
    taught.helm("upgrade", "--install", "blender", "default", "runai")
    try:
        (worker,) = taught.running("runai-blender", "worker")
        assert worker["spec"]["schedulerName"] == "runai-scheduler"
        assert 0 < worker["spec"]["priority"] < 100, "Run:ai preempts what is below 100"
        assert worker["metadata"]["annotations"]["gpu-fraction"] == "0.5"
        workload = taught.get("interactiveworkload", "-n", "runai-blender", "blender-farm")
        assert workload["spec"]["exposedUrls"]["items"]["farm"]["value"]["containerPort"] == 8080
        assert taught.running("runai-blender", "proxy") == []
    finally:
        taught.remove("default")
        taught.kubectl("delete", "pvc", "-n", "runai-blender", "blender-manager")
        taught.kubectl("delete", "pv", "runai-blender-blender-manager")


def test_kai_gets_workers_of_its_queue(cluster: Cluster, studio: str) -> None:
    cluster.install(studio, "kai")
    (worker,) = cluster.running(studio, "worker")
    assert worker["spec"]["schedulerName"] == "kai-scheduler"
    assert worker["spec"]["priorityClassName"] == "train"
    assert worker["metadata"]["labels"]["kai.scheduler/queue"] == "render"
    assert worker["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "2"


def test_an_hpa_follows_the_number_wanted_from_none_and_back_and_upgrades_leave_it(
    cluster: Cluster, studio: str
) -> None:
    numbers = served_numbers(cluster)
    cluster.install(studio, "hpa", "--set", "workers.scaling.cool_down_period=2")

    def becomes(wanted: int) -> None:
        numbers.write_text(json.dumps({"farm_wanted_workers": wanted}), encoding="utf-8")
        wait_until(f"{wanted} workers", lambda: len(cluster.running(studio, "worker")) == wanted)

    for wanted in (3, 8):
        becomes(wanted)
    cluster.helm(
        "upgrade",
        "--install",
        "blender",
        studio,
        "hpa",
        "--set",
        "workers.scaling.cool_down_period=2,flamenco.name=Other",
    )
    assert cluster.get("deployment", "-n", studio, "blender-worker")["spec"]["replicas"] == 8
    # Those that are busy go last.
    busy = {pod["metadata"]["name"] for pod in cluster.running(studio, "worker")[:2]}
    for name in busy:
        cluster.kubectl("annotate", "pod", "-n", studio, name, "controller.kubernetes.io/pod-deletion-cost=1000")
    becomes(2)
    assert {pod["metadata"]["name"] for pod in cluster.running(studio, "worker")} == busy
    becomes(0)


def served_numbers(cluster: Cluster) -> Path:
    """Have the test cluster serve the external metrics that a file holds."""
    if cluster.bed is None:
        pytest.skip("only the test cluster serves a metric of ours")
    pki, numbers = cluster.bed_run / "pki", cluster.bed_run / "numbers.json"
    numbers.write_text(json.dumps({"farm_wanted_workers": 0}), encoding="utf-8")
    cluster.must(
        *(cluster.bed, "start", "numbers", sys.executable, BED / "examples/farm_metrics.py", "--file", numbers),
        *("--cert", pki / "addon.crt", "--key", pki / "addon.key", "--client-ca", pki / "front-proxy-ca.crt"),
    )
    trust = base64.b64encode((pki / "ca.crt").read_bytes()).decode()
    service = (BED / "examples/apiservice.yaml").read_text(encoding="utf-8").replace("CABUNDLE", trust)
    cluster.kubectl("apply", "--filename", "-", text=service)

    def is_served() -> Any:
        conditions = (
            cluster.get("apiservice", "v1beta1.external.metrics.k8s.io").get("status", {}).get("conditions", [])
        )
        return any(entry["type"] == "Available" and entry["status"] == "True" for entry in conditions)

    wait_until("the metric is served", is_served)
    return numbers


def test_helm_test_asks_every_part(cluster: Cluster, studio: str, tmp_path: Path) -> None:
    """The pod of `helm test` as a real process, beside stand-ins for the parts."""
    if cluster.bed is None:
        pytest.skip("only the test cluster runs pods as processes")
    token = tmp_path / "token"
    token.write_text("correct-horse-battery", encoding="utf-8")
    with farm_of_stand_ins("correct-horse-battery") as (open_port, guarded_port):
        cluster.must(
            *(cluster.bed, "start", "process-node", BED / "farmlet.py", "--node", "proc-0", "--gpus", "1"),
            *("--dir", cluster.bed_run / "farmlet"),
        )
        try:

            def asked(proxy_port: int) -> int:
                environment = {
                    "FARMHAND_CONFIG_DIR": str(cluster.bed_run / "farmlet/blender-test/config"),
                    "FARMHAND_COMPANION_TOKEN_FILE": str(token),
                    "FARMHAND_MANAGER": f"http://127.0.0.1:{open_port}",
                    "FARMHAND_COMPANION_URL": f"http://127.0.0.1:{open_port}",
                    "FARMHAND_PROXY": f"http://127.0.0.1:{proxy_port}",
                }
                named = [{"name": name, "value": value} for name, value in environment.items()]
                values = tmp_path / "values.yaml"
                values.write_text(
                    json.dumps({"tests": {"nodeSelector": {"farmlet": "true"}, "env": named}}), encoding="utf-8"
                )
                cluster.install(
                    studio, "defaults", "--values", str(values), "--set", "platform=plain,workers.scaling.mode=none"
                )
                return cluster.run("helm", "test", "blender", "--namespace", studio, "--timeout", "60s").returncode

            assert asked(guarded_port) == 0
            # A proxy that lets anyone in is no proxy.
            assert asked(open_port) != 0
        finally:
            cluster.must(cluster.bed, "stop", "process-node")
            cluster.kubectl("delete", "node", "proc-0", "--ignore-not-found")


@contextlib.contextmanager
def farm_of_stand_ins(token: str) -> Iterator[tuple[int, int]]:
    """Something that answers like the parts of a farm: on its first port to anyone, on its second by the token."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_guarded = self.server.server_port == guarded.server_port
            if is_guarded and self.headers["Authorization"] != f"Bearer {token}":
                self.send_error(401)
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"job_types":[{"name":"farmhand-render"}]}')

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    address = ("127.0.0.1", 0)
    with (
        http.server.ThreadingHTTPServer(address, Answers) as anyone,
        http.server.ThreadingHTTPServer(address, Answers) as guarded,
    ):
        for server in (anyone, guarded):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        yield anyone.server_port, guarded.server_port
        for server in (anyone, guarded):
            server.shutdown()
