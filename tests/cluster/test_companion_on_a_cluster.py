# SPDX-License-Identifier: Apache-2.0
"""The companion as a process of its own, with the rights that the chart gives it on a real API server."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from clusters import Cluster, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPANION = os.environ.get("FARMHAND_COMPANION")
TOKEN = "of the farm"  # noqa: S105 - of this test alone
SELECTOR = "app.kubernetes.io/instance=blender,app.kubernetes.io/component=worker"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(COMPANION is None, reason="FARMHAND_COMPANION names no farmhand with a companion"),
]


class Companion:
    """A companion that speaks to a cluster as the chart's service account; no Manager is there."""

    def __init__(self, cluster: Cluster, namespace: str, folder: Path) -> None:
        account = folder / "account"
        account.mkdir()
        config = yaml.safe_load(Path(cluster.environment["KUBECONFIG"]).read_text(encoding="utf-8"))
        server = config["clusters"][0]["cluster"]
        api = urllib.parse.urlparse(server["server"])
        (account / "ca.crt").write_bytes(base64.b64decode(server["certificate-authority-data"]))
        token = cluster.kubectl("create", "token", "blender-companion", "-n", namespace)
        (account / "token").write_text(token, encoding="utf-8")
        (folder / "token").write_text(TOKEN, encoding="utf-8")
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = int(listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        self.share = folder / "share"
        self.share.mkdir()
        command = [str(COMPANION), "companion", "--manager", "http://127.0.0.1:9", "--share", str(self.share)]
        command += ["--listen", f"127.0.0.1:{port}", "--token-file", str(folder / "token")]
        command += ["--kubernetes-namespace", namespace, "--worker-selector", SELECTOR]
        environment = {
            **os.environ,
            "FARMHAND_HOME": str(folder / "home"),
            "FARMHAND_SERVICE_ACCOUNT_DIR": str(account),
            "KUBERNETES_SERVICE_HOST": str(api.hostname),
            "KUBERNETES_SERVICE_PORT": str(api.port),
        }
        with (folder / "companion.log").open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def is_up(self) -> bool:
        try:
            return self.ask("healthz")[0] == 200
        except OSError:
            return False

    def ask(self, path: str, body: object = None) -> tuple[int, Any]:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - loopback
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.loads(refusal.read())

    def lease(self, pod: str) -> tuple[int, Any]:
        return self.ask("farmhand/v1/workers/lease", {"pod": pod})


@pytest.fixture(scope="module")
def namespace(cluster: Cluster) -> Iterator[str]:
    name = f"studio-companion-{os.getpid()}"
    cluster.namespace(name)
    cluster.install(name, "defaults", "--set", "platform=plain,workers.scaling.mode=none,workers.min_replicas=2")
    yield name
    cluster.run("helm", "uninstall", "blender", "--namespace", name)
    cluster.kubectl("delete", "namespace", name, "--wait=false")
    cluster.kubectl("delete", "pv", "--wait=false", "--ignore-not-found", f"{name}-blender-manager")


@pytest.fixture
def companion(cluster: Cluster, namespace: str, tmp_path: Path) -> Iterator[Companion]:
    companion = Companion(cluster, namespace, tmp_path)
    try:
        wait_until("the companion answers", companion.is_up)
        yield companion
    finally:
        companion.process.terminate()
        companion.process.wait(timeout=60)


def test_pods_of_the_farm_get_identities_and_those_of_pods_that_are_gone_are_lent_again(
    cluster: Cluster, namespace: str, companion: Companion
) -> None:
    first, second = (pod["metadata"]["name"] for pod in cluster.running(namespace, "worker"))
    status, lent = companion.lease(first)
    assert (status, lent["identity"]) == (200, "worker-001")
    assert Path(lent["home"]).is_relative_to(companion.share)
    assert companion.lease(first) == (200, lent), "the same pod, the same identity"
    assert companion.lease(second)[1]["identity"] == "worker-002"
    (manager,) = cluster.running(namespace, "manager")
    status, refusal = companion.lease(manager["metadata"]["name"])
    assert status == 409, refusal

    cluster.kubectl("delete", "pod", "-n", namespace, first, "--grace-period=0", "--force")

    def third() -> list[str]:
        names = (pod["metadata"]["name"] for pod in cluster.running(namespace, "worker"))
        return [name for name in names if name not in (first, second)]

    wait_until("another pod stands in for it", third)
    assert companion.lease(third()[0])[1]["identity"] == "worker-001", "no third one is made"


def test_its_rights_are_to_look_at_pods_and_mark_them_and_no_others(cluster: Cluster, namespace: str) -> None:
    account = f"--as=system:serviceaccount:{namespace}:blender-companion"
    for verb, thing, may in (
        ("list", "pods", True),
        ("patch", "pods", True),
        ("delete", "pods", False),
        ("get", "secrets", False),
        ("patch", "deployments", False),
    ):
        asked = cluster.run("kubectl", "auth", "can-i", verb, thing, account, "--namespace", namespace)
        assert (asked.stdout.strip() == "yes") == may, f"{verb} {thing}: {asked.stdout}{asked.stderr}"
