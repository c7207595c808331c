# SPDX-License-Identifier: Apache-2.0
"""The local farm answers in the shapes of the Flamenco Manager's own OpenAPI document."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

import openapi
from farms import farmhand_command

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM = "linux"
FARMHAND = [str(farmhand_command())]


class LocalFarm:
    """Asks the farm in a home as any HTTP client would."""

    def __init__(self, home: Path) -> None:
        started = subprocess.run([*FARMHAND, "local", "start", "--json"], check=True, capture_output=True, timeout=120)
        self.url: str = json.loads(started.stdout)["url"].rstrip("/")
        tokens = [path for path in home.rglob("*token*") if path.is_file()]
        assert len(tokens) == 1, tokens
        assert tokens[0].stat().st_mode & 0o077 == 0, "the token is for its user alone"
        self.token = tokens[0].read_text(encoding="utf-8").strip()

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Send a request; answers the status and the body, read as JSON where it is."""
        request = urllib.request.Request(  # noqa: S310 - the address is the local farm's own
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, read(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, read(refused)


def read(answer: Any) -> Any:
    text = answer.read().decode()
    return json.loads(text) if answer.headers.get("Content-Type", "").startswith("application/json") else text


@pytest.fixture
def farm(farm_home: Path) -> LocalFarm:
    return LocalFarm(farm_home)


def test_every_answer_about_a_job_has_the_shape_of_the_managers_document(farm: LocalFarm, small_scene: Path) -> None:
    document = openapi.load()

    def held(method: str, path: str, body: object = None) -> Any:
        status, answer = farm.ask(method, f"/api/v3{path}", body)
        openapi.hold(document, method, f"/api/v3{path}", status, answer)
        return status, answer

    for path in (
        "/version",
        "/status",
        f"/configuration/shared-storage/users/{PLATFORM}",
        f"/configuration/variables/users/{PLATFORM}",
        f"/configuration/variables/workers/{PLATFORM}",
        "/jobs/types",
        "/jobs/type/farmhand-render",
        "/jobs",
        "/jobs/last-rendered",
        "/worker-mgt/workers",
        "/worker-mgt/tags",
    ):
        status, _ = held("GET", path)
        assert status in {200, 204}, path

    sent = subprocess.run(
        [*FARMHAND, "submit", str(small_scene), "--farm", "local", "--wait", "--json"],
        check=True,
        capture_output=True,
        timeout=300,
        env={**os.environ, "NO_COLOR": "1"},
    )
    job_id = json.loads(sent.stdout)["job_id"]
    _, job = held("GET", f"/jobs/{job_id}")
    assert job["status"] == "completed"
    _, listed = held("GET", f"/jobs/{job_id}/tasks")
    task_id = listed["tasks"][0]["id"]
    for method, path, body, expected in (
        ("GET", "/jobs", None, 200),
        ("GET", f"/jobs/{job_id}/last-rendered", None, 200),
        ("GET", f"/jobs/{job_id}/blocklist", None, 200),
        ("GET", f"/jobs/{job_id}/what-would-delete-do", None, 200),
        ("GET", f"/tasks/{task_id}", None, 200),
        ("GET", f"/tasks/{task_id}/log", None, 200),
        ("GET", f"/tasks/{task_id}/logtail", None, 200),
        ("POST", f"/jobs/{job_id}/setpriority", {"priority": 70}, 204),
        ("POST", f"/jobs/{job_id}/setstatus", {"status": "requeueing", "reason": "once more"}, 204),
        ("DELETE", f"/jobs/{job_id}", None, 204),
        ("GET", f"/jobs/{job_id}", None, 404),
        ("GET", f"/tasks/{task_id}", None, 404),
        ("GET", "/jobs/type/no-such-type", None, 404),
        ("POST", "/jobs", {"name": "x", "type": "no-such-type", "priority": 50, "submitter_platform": PLATFORM}, 400),
    ):
        status, answer = held(method, path, body)
        assert status == expected, (method, path, status, answer)


def test_what_the_local_farm_does_not_offer_is_said_in_a_sentence(farm: LocalFarm) -> None:
    status, answer = farm.ask("POST", "/api/v3/shaman/checkout/requirements", {"files": []})
    assert status == 501
    assert "local farm" in answer["message"] or "this computer" in answer["message"]


def test_nobody_gets_in_without_the_token_from_a_page_or_by_another_name(farm: LocalFarm) -> None:
    assert farm.ask("GET", "/api/v3/jobs", Authorization="Bearer wrong")[0] == 401
    assert farm.ask("GET", "/api/v3/jobs", Origin="https://example.com")[0] == 403
    assert farm.ask("GET", "/api/v3/jobs", Host="example.com")[0] in {400, 403, 421}
