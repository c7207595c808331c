# SPDX-License-Identifier: Apache-2.0
"""The chart's entry points as plain processes, with stand-ins for the programs that they start."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest

FILES = Path(__file__).parents[2] / "render-farm/files"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the containers run Linux")


class Container:
    """Folders as the chart mounts them, and programs that write down how they were started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config, self.work, self.programs = folder / "config", folder / "work", folder / "programs"
        for made in (self.config, self.work, self.programs):
            made.mkdir()

    def program(self, name: str, script: str) -> Path:
        file = self.programs / name
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)
        return file

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", FILES / script],
            env={
                "PATH": f"{self.programs}:/usr/bin:/bin",
                "FARMHAND_CONFIG_DIR": str(self.config),
                "FARMHAND_WORK_DIR": str(self.work),
                "FARMHAND_DRAIN_FILE": str(self.work / "drain"),
                **environment,
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


def test_the_manager_starts_in_its_own_folder_with_a_copy_of_its_configuration(container: Container) -> None:
    (container.config / "flamenco-manager.yaml").write_text("_meta: {version: 3}\n", encoding="utf-8")
    program = container.program(
        "flamenco-manager", "pwd; umask; cat flamenco-manager.yaml; echo more >>flamenco-manager.yaml"
    )
    done = container.run("manager.sh", FARMHAND_PROGRAM=str(program), FARMHAND_UMASK="0007")
    assert done.stdout.splitlines() == [str(container.work), "0007", "_meta: {version: 3}"], done.stderr
    assert (container.config / "flamenco-manager.yaml").read_text(encoding="utf-8") == "_meta: {version: 3}\n"


def test_a_worker_is_whom_the_companion_says(container: Container) -> None:
    (container.config / "flamenco-worker.yaml").write_text("manager_url: http://manager\n", encoding="utf-8")
    container.program("farmhand", 'echo "farmhand $*" >&2; echo /mnt/.farmhand/identities/worker-003')
    container.program("flamenco-worker", 'echo "$FLAMENCO_HOME $FLAMENCO_WORKER_NAME"; umask; cat flamenco-worker.yaml')
    (container.work / "drain").touch()
    done = container.run("worker.sh")
    assert done.stdout.splitlines() == [
        "/mnt/.farmhand/identities/worker-003 worker-003",
        "0002",
        "manager_url: http://manager",
    ]
    assert done.stderr == "farmhand companion lease\n"
    assert (container.work / "home").read_text(encoding="utf-8") == "/mnt/.farmhand/identities/worker-003\n"
    assert not (container.work / "drain").exists(), "a container that starts again is not being drained"


def test_a_worker_asks_until_it_is_lent_an_identity(container: Container) -> None:
    (container.config / "flamenco-worker.yaml").touch()
    container.program("farmhand", "[ -e asked ] && echo /mnt/worker-000 && exit; touch asked; exit 4")
    container.program("sleep", 'echo "sleep $*"')
    container.program("flamenco-worker", 'echo "$FLAMENCO_HOME"')
    assert container.run("worker.sh").stdout.splitlines() == ["sleep 5", "/mnt/worker-000"]


def test_draining_knows_who_the_worker_is(container: Container) -> None:
    (container.work / "home").write_text("/mnt/worker-001\n", encoding="utf-8")
    container.program("farmhand", 'echo "$* $FLAMENCO_HOME"')
    assert container.run("drain.sh").stdout == "companion drain /mnt/worker-001\n"


def test_draining_has_nothing_to_do_before_there_is_an_identity(container: Container) -> None:
    container.program("farmhand", "exit 1")
    done = container.run("drain.sh")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_proxy_knows_the_token_in_both_forms_and_nobody_else_can_read_it(container: Container) -> None:
    program = container.program("nginx", 'echo "$*"')
    token = "a~token.of-48_characters+and/with=everything"  # noqa: S105 - made for this test
    done = container.run("proxy.sh", FARMHAND_PROGRAM=str(program), FARMHAND_TOKEN=token, FARMHAND_USER="ada")
    assert done.stdout == f"-c {container.config}/nginx.conf -g daemon off;\n", done.stderr
    who = container.work / "who.conf"
    assert who.stat().st_mode & 0o077 == 0
    written = who.read_text(encoding="utf-8")
    basic = base64.b64encode(f"ada:{token}".encode()).decode()
    assert f'"Bearer {token}" 1;' in written
    assert f'"Basic {basic}" 1;' in written
