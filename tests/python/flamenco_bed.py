# SPDX-License-Identifier: Apache-2.0
"""A real Flamenco Manager with real Workers on 127.0.0.1, each with files of its own below one folder.

`FARMHAND_FLAMENCO` names the folder that holds `flamenco-manager` and `flamenco-worker`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farms import farmhand_command
from processes import PATIENCE_SECS, children_of, command_line, kill, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTLED = ("completed", "failed", "canceled")


def flamenco_folder() -> Path | None:
    """The folder of the two programs, where one is named."""
    named = os.environ.get("FARMHAND_FLAMENCO")
    return Path(named) if named else None


class Worker:
    """A Flamenco Worker with an identity of its own, which it keeps when it is started again."""

    def __init__(self, bed: Flamenco, name: str, task_types: tuple[str, ...] = ("blender", "misc")) -> None:
        self.bed = bed
        self.name = name
        self.home = bed.folder / name
        self.home.mkdir(parents=True)
        types = ", ".join(task_types)
        (self.home / "flamenco-worker.yaml").write_text(
            f"manager_url: {bed.url}\ntask_types: [{types}]\nrestart_exit_code: 0\n", encoding="utf-8"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until the Manager knows it as awake."""
        self.launch()
        wait_until(f"{self.name} is awake", lambda: self.state() == "awake")

    def launch(self) -> None:
        """Start it; it asks for work at once."""
        environment = {
            **os.environ,
            "FLAMENCO_HOME": str(self.home),
            "FLAMENCO_WORKER_NAME": self.name,
            **self.bed.worker_environment,
        }
        with (self.home / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.bed.programs / "flamenco-worker")],
                cwd=self.home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def state(self) -> str:
        """What the Manager says of it; nothing where it does not know it."""
        workers = self.bed.get("worker-mgt/workers")["workers"]
        return next((str(worker["status"]) for worker in workers if worker["name"] == self.name), "")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def supervisor(self) -> int | None:
        """The Blender that it runs as a lane, where it runs one."""
        return next((pid for pid in children_of(self.pid) if "lane" in command_line(pid)), None)

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, and whatever it has started."""
        if self.process is None:
            return
        started = descendants(self.pid)
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in started:
            kill(pid)
        self.process = None


def descendants(pid: int) -> list[int]:
    found = children_of(pid)
    for child in list(found):
        found.extend(descendants(child))
    return found


class Flamenco:
    """A Manager below `folder`, with the job type `farmhand-render` unless it is to do without."""

    def __init__(  # noqa: PLR0913 - keyword-only, each with a default
        self,
        folder: Path,
        *,
        blender: str,
        has_job_type: bool = True,
        worker_timeout_secs: int = 60,
        variables: Mapping[str, str] | None = None,
        worker_environment: Mapping[str, str] | None = None,
    ) -> None:
        programs = flamenco_folder()
        command = farmhand_command()
        assert programs is not None, "FARMHAND_FLAMENCO names no folder"
        assert command is not None, "there is no farmhand command"
        self.programs = programs
        self.command = command
        self.folder = folder
        self.share = folder / "share"
        self.share.mkdir(parents=True)
        self.home = folder / "farmhand-home"
        self.worker_environment = dict(worker_environment or {})
        self.manager_folder = folder / "manager"
        self.manager_folder.mkdir()
        # The Manager looks for its scripts beside its own file.
        self.program = Path(shutil.copy(programs / "flamenco-manager", self.manager_folder))
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = int(listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {**os.environ, "FARMHAND_HOME": str(self.home), "NO_COLOR": "1"}
        self.environment.pop("FARMHAND_FARM", None)
        self.workers: list[Worker] = []
        self.process: subprocess.Popen[bytes] | None = None
        values = {"blender": shutil.which(blender) or blender, "blenderArgs": "-b -y", **(variables or {})}
        config = {
            "_meta": {"version": 3},
            "manager_name": "Farmhand's test farm",
            "listen": f"127.0.0.1:{self.port}",
            "autodiscoverable": False,
            "database": str(self.manager_folder / "manager.sqlite"),
            "local_manager_storage_path": str(self.manager_folder / "storage"),
            "shared_storage_path": str(self.share),
            "shaman": {"enabled": False},
            "worker_timeout": f"{worker_timeout_secs}s",
            "variables": {
                **{name: {"values": [{"platform": "all", "value": value}]} for name, value in values.items()},
                "my_storage": {"is_twoway": True, "values": [{"platform": "linux", "value": str(self.share)}]},
            },
        }
        # JSON is YAML.
        (self.manager_folder / "flamenco-manager.yaml").write_text(json.dumps(config), encoding="utf-8")
        if has_job_type:
            self.must("job-type", "--to", str(self.manager_folder / "scripts"))

    def start(self) -> None:
        with (self.manager_folder / "manager.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.program)],
                cwd=self.manager_folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until("the Manager answers", self.answers)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End the Manager alone."""
        if self.process is not None:
            self.process.send_signal(number)
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None

    def end(self) -> None:
        """End everything."""
        for worker in self.workers:
            worker.stop()
        self.stop()

    def add_worker(self, name: str) -> Worker:
        worker = Worker(self, name)
        self.workers.append(worker)
        worker.start()
        return worker

    def answers(self) -> bool:
        try:
            self.get("version")
        except OSError:
            return False
        return True

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/v3/{path}", timeout=PATIENCE_SECS) as answer:  # noqa: S310 - loopback
            return json.load(answer)

    def post(self, path: str, body: Mapping[str, object]) -> None:
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.url}/api/v3/{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_SECS) as answer:  # noqa: S310 - loopback
            answer.read()

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `farmhand` command to its end, whatever that is."""
        return subprocess.run(
            [str(self.command), *arguments],
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=3 * PATIENCE_SECS,
        )

    def must(self, *arguments: str) -> str:
        """Run a `farmhand` command that has to succeed; answers its standard output."""
        done = self.call(*arguments)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def submit(self, scene: Path, *options: str) -> str:
        """Send a scene; answers the job's id."""
        sent = json.loads(self.must("submit", str(scene), "--farm", self.url, "--json", *options))
        return str(sent["job_id"])

    def show(self, job_id: str) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.must("show", job_id, "--farm", self.url, "--json"))
        return said

    def watch(self, job_id: str) -> subprocess.Popen[bytes]:
        """Have somebody watch the job until it ends."""
        return subprocess.Popen(
            [str(self.command), "watch", job_id, "--farm", self.url, "--json"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def status(self, job_id: str) -> str:
        return str(self.get(f"jobs/{job_id}")["status"])

    def tasks(self, job_id: str) -> dict[str, dict[str, Any]]:
        """The tasks of a job by the first word of their names."""
        tasks = self.get(f"jobs/{job_id}/tasks")["tasks"]
        return {str(task["name"]).split(" ", 1)[0]: task for task in tasks}

    def settled(self, job_id: str, patience_secs: float = PATIENCE_SECS) -> str:
        """Wait for a job's end; answers how it ended."""
        wait_until("the job has ended", lambda: self.status(job_id) in SETTLED, patience_secs)
        return self.status(job_id)

    def log(self, task_id: str) -> str:
        """A task's log as a Worker sent it."""
        info = self.get(f"tasks/{task_id}/log")
        with urllib.request.urlopen(f"{self.url}{info['url']}", timeout=PATIENCE_SECS) as answer:  # noqa: S310 - loopback
            return str(answer.read().decode("utf-8", "replace"))
