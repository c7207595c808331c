# SPDX-License-Identifier: Apache-2.0
"""What watching costs a real Flamenco Manager with 3,000 jobs of which 20 are active, beside asking for all of them.

    FARMHAND_FLAMENCO=FOLDER .venv/bin/python tests/bench/watching.py [--secs N] [--jobs N] [--active N]

`FOLDER` holds `flamenco-manager`. The jobs are the Manager's own kind that sleeps. 20 clients play Workers by the
Manager's API: each has a task of another job and tells of a step every other second, so that jobs really move. Then,
each for as long and through a relay that counts: somebody asks `GET jobs` every 2 s, and a watcher of ours whose
snapshot is looked at ten times a second. Ends with 1 where the watcher takes more than a twentieth of the bytes.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from farms import farmhand_command
from flamenco_bed import Flamenco, flamenco_folder
from relay import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator

POLL_SECS = 2.0
LOOK_SECS = 0.1
STEP_SECS = 2.0
SHARE = 1 / 20


class PretendWorker(threading.Thread):
    """One that takes a task and tells of a step now and then, as a Worker does."""

    def __init__(self, bed: Flamenco, number: int, over: threading.Event) -> None:
        super().__init__(daemon=True)
        self.bed = bed
        self.over = over
        self.has_task = threading.Event()
        secret = "only a bench"  # noqa: S105 - of nobody
        about = {
            "secret": secret,
            "platform": "linux",
            "supported_task_types": ["misc"],
            "name": f"bench-{number}",
        }
        worker = self.ask("register-worker", about)
        self.key = base64.b64encode(f"{worker['uuid']}:{secret}".encode()).decode()
        sign_on = {"name": f"bench-{number}", "supported_task_types": ["misc"], "software_version": "3.9-beta1"}
        self.ask("sign-on", sign_on)
        self.ask("state-changed", {"status": "awake"})

    def ask(self, path: str, body: object = None) -> Any:
        headers = {"Content-Type": "application/json"}
        if hasattr(self, "key"):
            headers["Authorization"] = f"Basic {self.key}"
        data = b"" if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - loopback
            f"{self.bed.url}/api/v3/worker/{path}", data=data, headers=headers, method="POST"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - loopback
            text = answer.read()
        return json.loads(text) if text else None

    def run(self) -> None:
        task = self.ask("task")
        self.has_task.set()
        steps = 0
        while not self.over.wait(STEP_SECS):
            steps += 1
            self.ask(f"task/{task['uuid']}", {"taskStatus": "active", "steps_completed": steps % 1000})


@dataclass
class Cost:
    """What a time of watching took."""

    requests: int
    bytes: int
    client_secs: float
    manager_secs: float

    def __str__(self) -> str:
        return (
            f"{self.requests} requests, {self.bytes / 1e6:.3f} MB, "
            f"CPU of the client {self.client_secs:.2f} s, of the Manager {self.manager_secs:.2f} s"
        )


def cpu_secs(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill(bed: Flamenco, jobs: int, active: int) -> None:
    """Send the jobs; those that are to be active have the higher priority, the others wait."""
    etag = next(kind["etag"] for kind in bed.get("jobs/types")["job_types"] if kind["name"] == "echo-sleep-test")
    for number in range(jobs):
        is_active = number < active
        bed.post(
            "jobs",
            {
                "name": f"shot-{number:04}",
                "type": "echo-sleep-test",
                "type_etag": etag,
                "priority": 90 if is_active else 10,
                "submitter_platform": "linux",
                "settings": {"message": "hello", "sleep_duration_seconds": 1, "sleep_repeats": 1},
                "metadata": {"user.name": "ada", "project": "bench"},
                "initial_status": "queued" if is_active else "paused",
            },
        )


@contextmanager
def client(role: str, url: str, secs: float) -> Iterator[subprocess.Popen[bytes]]:
    """Somebody who watches, as a process of its own."""
    command = [sys.executable, __file__, "--as", role, "--url", url, "--secs", str(secs)]
    with tempfile.TemporaryDirectory(prefix="farmhand-bench-") as home:
        environment = {**os.environ, "FARMHAND_HOME": home}
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def measure(bed: Flamenco, role: str, secs: float) -> Cost:
    relay = Relay(bed.port)
    assert bed.process is not None
    before = cpu_secs(bed.process.pid)
    with client(role, relay.url, secs) as process:
        said, _ = process.communicate()
    assert process.returncode == 0, f"{role} ended with {process.returncode}"
    cost = Cost(relay.count("/"), relay.bytes, float(json.loads(said)["cpu_secs"]), cpu_secs(bed.process.pid) - before)
    relay.close()
    return cost


def poll(url: str, secs: float) -> int:
    """What others do: everything, every 2 s. Answers how many jobs there are."""
    ends = time.monotonic() + secs
    jobs = 0
    while time.monotonic() < ends:
        with urllib.request.urlopen(f"{url}/api/v3/jobs", timeout=30) as answer:  # noqa: S310 - loopback
            jobs = len(json.load(answer)["jobs"])
        time.sleep(POLL_SECS)
    return jobs


def watch(url: str, secs: float) -> int:
    """What Farmhand does, and who looks at it all the time. Answers how many jobs there are."""
    import farmhand

    watcher = farmhand.connect(url).watch()
    ends = time.monotonic() + secs
    snapshot = watcher.snapshot()
    while time.monotonic() < ends:
        snapshot = watcher.snapshot()
        time.sleep(LOOK_SECS)
    assert snapshot.state == "online", snapshot.message
    assert any(job.frames_done > 0 for job in snapshot.jobs), "no job moved"
    return len(snapshot.jobs)


def client_main(role: str, url: str, secs: float) -> int:
    jobs = {"poll": poll, "watch": watch}[role](url, secs)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"jobs": jobs, "cpu_secs": used.ru_utime + used.ru_stime}))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="What watching costs a Manager.")
    parser.add_argument("--secs", type=float, default=600, help="how long each of the two watches")
    parser.add_argument("--jobs", type=int, default=3000)
    parser.add_argument("--active", type=int, default=20)
    parser.add_argument("--as", dest="role", choices=["poll", "watch"], help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        return client_main(options.role, options.url, options.secs)
    if farmhand_command() is None or flamenco_folder() is None:
        print("skipped: this needs the farmhand command and FARMHAND_FLAMENCO", file=sys.stderr)
        return 0
    over = threading.Event()
    with tempfile.TemporaryDirectory(prefix="farmhand-bench-") as scratch:
        bed = Flamenco(Path(scratch) / "flamenco", blender="blender", worker_timeout_secs=3600)
        bed.start()
        try:
            fill(bed, options.jobs, options.active)
            workers = [PretendWorker(bed, number, over) for number in range(options.active)]
            for worker in workers:
                worker.start()
                assert worker.has_task.wait(60)
            statuses = [job["status"] for job in bed.get("jobs")["jobs"]]
            print(f"{len(statuses)} jobs, {statuses.count('active')} active, {options.secs:.0f} s each, ", end="")
            print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.2f}", flush=True)
            polled = measure(bed, "poll", options.secs)
            print(f"GET jobs every {POLL_SECS:.0f} s: {polled}, load {os.getloadavg()[0]:.2f}", flush=True)
            watched = measure(bed, "watch", options.secs)
            print(f"Farmhand's watcher: {watched}, load {os.getloadavg()[0]:.2f}", flush=True)
        finally:
            over.set()
            bed.end()
    part = watched.bytes / polled.bytes
    print(f"{part:.4f} of the bytes, {'within' if part <= SHARE else 'ABOVE'} {SHARE:.4f}")
    return 0 if part <= SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
