# SPDX-License-Identifier: Apache-2.0
"""Farms by name, and what a Manager can be asked for, from Python."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

import farmhand

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOB_ID = "1987aa8c-5a6d-4f76-8352-8d8598ea5330"
JOB = {
    "id": JOB_ID,
    "name": "shot",
    "type": "farmhand-render",
    "priority": 50,
    "status": "active",
    "activity": "",
    "created": "2026-01-02T03:04:05Z",
    "updated": "2026-01-02T03:04:05Z",
}
BLOCKED = [{"worker_id": JOB_ID, "worker_name": "w1", "task_type": "blender"}]
ANSWERS: dict[str, Any] = {
    "/farm/api/v3/version": {"version": "3.9", "shortversion": "3.9", "name": "Studio", "git": "x"},
    f"/farm/api/v3/jobs/{JOB_ID}": JOB,
    f"/farm/api/v3/jobs/{JOB_ID}/blocklist": BLOCKED,
    f"/farm/api/v3/jobs/{JOB_ID}/last-rendered": {"base": "/job-files/x", "suffixes": ["large.jpg", "small.jpg"]},
    "/farm/job-files/x/large.jpg": "a picture",
    "/farm/api/v3/worker-mgt/workers": {"workers": [{"id": JOB_ID, "name": "w1", "status": "awake", "version": "3.9"}]},
}


class Manager(ThreadingHTTPServer):
    """Answers as a Manager behind a proxy that asks for a key, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/farm"


class Handler(BaseHTTPRequestHandler):
    server: Manager

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.server.asked.append((self.command, self.path, json.loads(body) if body else None))
        found = ANSWERS.get(self.path) if self.command == "GET" else None
        status = 401 if self.headers.get("X-Key") != "hunter2" else 204 if self.command != "GET" else 200
        content = found.encode() if isinstance(found, str) else json.dumps(found).encode()
        self.send_response(status)
        if status == 200:
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        else:
            self.send_header("content-length", "0")
            self.end_headers()

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names that the base class calls

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def manager() -> Iterator[Manager]:
    with Manager() as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        yield server
        server.shutdown()
        serving.join()


def test_a_job_of_a_farm_that_has_a_name_can_be_asked_and_told_all_that_the_command_can(
    farm_home: Path, manager: Manager
) -> None:
    folder = farm_home / "config"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key").write_text("hunter2\n", encoding="utf-8")
    (folder / "key").chmod(0o600)
    entry = {"url": manager.url, "auth": "header", "header": "X-Key", "token_file": str(folder / "key")}
    (folder / "farms.json").write_text(json.dumps({"default": "studio", "farms": {"studio": entry}}), encoding="utf-8")

    farm = farmhand.connect()
    assert [worker["name"] for worker in farm.workers()] == ["w1"]
    job = farm.job(JOB_ID)
    assert job.last_picture() == b"a picture"
    assert job.blocklist() == BLOCKED
    job.clear_blocklist()
    job.set_priority(80)
    assert manager.asked[-1] == ("POST", f"/farm/api/v3/jobs/{JOB_ID}/setpriority", {"priority": 80})
    assert ("DELETE", f"/farm/api/v3/jobs/{JOB_ID}/blocklist", BLOCKED) in manager.asked
    with pytest.raises(farmhand.FarmRefusedError, match="cancel it first"):
        job.delete()
    assert [asked for asked in manager.asked if asked[1].endswith("/version")] == [
        ("GET", "/farm/api/v3/version", None)
    ], "the farm is greeted once"


def test_a_token_goes_in_the_way_that_is_asked_for(farm_home: Path, manager: Manager) -> None:
    assert not (farm_home / "config" / "farms.json").exists()
    token = "hunter2"  # noqa: S105 - no password of anything
    assert farmhand.connect(manager.url, token=token, header="X-Key").workers()
    with pytest.raises(farmhand.FarmRefusedError) as raised:
        farmhand.connect(manager.url, token=token, user="ada").workers()
    assert token not in str(raised.value)
    with pytest.raises(ValueError, match="not both"):
        farmhand.connect(manager.url, token=token, user="ada", header="X-Key")
    with pytest.raises(farmhand.FarmhandError, match="unencrypted"):
        farmhand.connect("http://farm.test", token=token)
    with pytest.raises(farmhand.FarmhandError, match="sudio"):
        farmhand.connect("sudio")
