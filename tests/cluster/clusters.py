# SPDX-License-Identifier: Apache-2.0
"""A real Kubernetes control plane to install the chart on: one that is named, or the test cluster beside us."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "render-farm"
BED = ROOT.parent / "shared/cluster-bed"
#: No single step takes longer, on two cores that are busy with other things.
PATIENCE_SECS = 180


def wait_until(what: str, condition: Callable[[], object], patience_secs: float = PATIENCE_SECS) -> None:
    """Look again and again until `condition` holds."""
    deadline = time.monotonic() + patience_secs
    while not condition():
        assert time.monotonic() < deadline, f"after {patience_secs:.0f} s still not: {what}"
        time.sleep(0.2)


class Cluster:
    """A cluster by its kubeconfig, with kubectl and helm."""

    def __init__(self, environment: dict[str, str], bed: Path | None = None) -> None:
        self.environment = environment
        self.bed = bed

    @property
    def bed_run(self) -> Path:
        return Path(self.environment["BED_RUN"])

    def run(self, *command: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in command],
            env=self.environment,
            input=text,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=2 * PATIENCE_SECS,
        )

    def must(self, *command: str | Path, text: str | None = None) -> str:
        """Run what has to succeed; answers its standard output."""
        done = self.run(*command, text=text)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def kubectl(self, *words: str | Path, text: str | None = None) -> str:
        return self.must("kubectl", *words, text=text)

    def get(self, *words: str) -> Any:
        """What the API server has, as JSON."""
        return json.loads(self.kubectl("get", *words, "--output", "json"))

    def apply(self, *objects: dict[str, Any]) -> None:
        for thing in objects:
            self.kubectl("apply", "--filename", "-", text=json.dumps(thing))

    def namespace(self, name: str, *, is_restricted: bool = True) -> None:
        """Make a namespace that takes pods, and only such as are `restricted`."""
        level = {"pod-security.kubernetes.io/enforce": "restricted"} if is_restricted else {}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": level}})
        wait_until(
            f"{name} takes pods", lambda: self.run("kubectl", "-n", name, "get", "sa", "default").returncode == 0
        )

    def volume(self, namespace: str, claim: str) -> None:
        """A volume for a claim of the cluster's default class: a control plane alone provides none."""
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": f"{namespace}-{claim}"},
                "spec": {
                    "capacity": {"storage": "10Gi"},
                    "accessModes": ["ReadWriteOnce"],
                    "claimRef": {"namespace": namespace, "name": claim},
                    "hostPath": {"path": "/nowhere"},
                },
            }
        )

    def values(self, name: str) -> Path:
        return CHART / "ci" / f"{name}-values.yaml"

    def install(self, namespace: str, example: str, *options: str, release: str = "blender") -> None:
        """Install the chart with an example of values, until all its pods run."""
        self.volume(namespace, f"{release}-manager")
        self.helm("upgrade", "--install", release, namespace, example, *options)

    def helm(self, verb: str, more: str, release: str, namespace: str, example: str, *options: str) -> None:
        self.must(
            *("helm", verb, more, release, CHART, "--namespace", namespace, "--values", self.values(example)),
            *("--wait", "--timeout", f"{PATIENCE_SECS}s", *options),
        )

    def running(self, namespace: str, component: str) -> list[dict[str, Any]]:
        """The pods of a part that run and are to stay."""
        label = f"app.kubernetes.io/component={component}"
        return [
            pod
            for pod in self.get("pods", "-n", namespace, "-l", label)["items"]
            if pod["status"].get("phase") == "Running" and "deletionTimestamp" not in pod["metadata"]
        ]

    def remove(self, namespace: str, release: str = "blender") -> None:
        self.must("helm", "uninstall", release, "--namespace", namespace, "--wait", "--timeout", f"{PATIENCE_SECS}s")


def named_cluster() -> Cluster | None:
    """The cluster that FARMHAND_KUBECONFIG names."""
    kubeconfig = os.environ.get("FARMHAND_KUBECONFIG")
    if not kubeconfig:
        return None
    for program in ("kubectl", "helm"):
        assert shutil.which(program), f"FARMHAND_KUBECONFIG is set, and {program} is not on PATH"
    return Cluster({**os.environ, "KUBECONFIG": kubeconfig})


def start_bed(run: Path) -> Cluster:
    """Start the test cluster, which is built first where it is not."""
    bed = BED / "bed"
    environment = {**os.environ, "BED_RUN": str(run)}
    for command in ([ROOT / "tools/setup.sh", "cluster"], [bed, "up"]):
        done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    home = Path(os.environ.get("BED_HOME") or Path.home() / ".cache/cluster-bed")
    environment["KUBECONFIG"] = str(run / "admin.kubeconfig")
    environment["PATH"] = f"{home / 'bin'}:{environment['PATH']}"
    return Cluster(environment, bed)
