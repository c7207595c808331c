# SPDX-License-Identifier: Apache-2.0
"""One cluster for all tests of this folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from clusters import BED, Cluster, named_cluster, start_bed

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster that FARMHAND_KUBECONFIG names, else the test cluster beside the checkout."""
    named = named_cluster()
    if named is not None:
        yield named
        return
    if not (BED / "bed").is_file():
        if os.environ.get("FARMHAND_REQUIRE_SHARED") == "1":
            pytest.fail(f"there is no test cluster in {BED}")
        pytest.skip(f"there is no cluster: FARMHAND_KUBECONFIG names none, and {BED} is not there")
    started = start_bed(tmp_path_factory.mktemp("cluster"))
    try:
        yield started
    finally:
        subprocess.run([BED / "bed", "down"], env=started.environment, check=False, capture_output=True)


@pytest.fixture(scope="session")
def taught(cluster: Cluster) -> Cluster:
    """The cluster, which from then on knows the kinds of Run:ai, KEDA and others that the chart uses."""
    cluster.kubectl("apply", "--server-side", "--filename", Path(__file__).with_name("crds.yaml"))
    if (BED / "etc/keda-crds.yaml").is_file():
        cluster.kubectl("apply", "--server-side", "--filename", BED / "etc/keda-crds.yaml")
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
    return cluster
