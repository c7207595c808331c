# SPDX-License-Identifier: Apache-2.0
"""The local farm answers in the shapes of the Flamenco Manager's own OpenAPI document."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import openapi
from farms import PLATFORM, Api, farmhand_command, staged_job

if TYPE_CHECKING:
    from pathlib import Path

FARMHAND = [str(farmhand_command())]


@pytest.fixture
def farm(farm_home: Path) -> Api:
    subprocess.run([*FARMHAND, "local", "start"], check=True, capture_output=True, timeout=120)
    (token,) = [path for path in farm_home.rglob("*token*") if path.is_file()]
    assert token.stat().st_mode & 0o077 == 0, "the token is for its user alone"
    return Api(farm_home)


def test_every_answer_about_a_job_has_the_shape_of_the_managers_document(farm: Api, small_scene: Path) -> None:
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


# What each operation that the local farm offers is asked with, and its answer. The others are answered with 501.
OFFERED: dict[str, tuple[object, int]] = {
    "getVersion": (None, 200),
    "getVariables": (None, 200),
    "getSharedStorage": (None, 200),
    "getFarmStatus": (None, 200),
    "fetchWorkers": (None, 200),
    "fetchWorker": (None, 200),
    "fetchWorkerTags": (None, 200),
    "getJobTypes": (None, 200),
    "getJobType": (None, 200),
    "fetchJobs": (None, 200),
    "submitJob": ("a job", 409),
    "submitJobCheck": ("a job", 409),
    "fetchJob": (None, 200),
    "deleteJob": (None, 204),
    "deleteJobWhatWouldItDo": (None, 200),
    "fetchJobLastRenderedInfo": (None, 204),
    "fetchGlobalLastRenderedInfo": (None, 204),
    "setJobStatus": ({"status": "paused", "reason": "a try"}, 204),
    "setJobPriority": ({"priority": 60}, 204),
    "fetchJobTasks": (None, 200),
    "fetchJobBlocklist": (None, 200),
    "fetchTask": (None, 200),
    "fetchTaskLogTail": (None, 204),
    "fetchTaskLogInfo": (None, 204),
    "setTaskStatus": ({"status": "canceled", "reason": "a try"}, 204),
}


def test_every_operation_of_the_managers_document_answers_in_its_shape_or_says_in_a_sentence_why_not(
    farm: Api, tmp_path: Path
) -> None:
    document = openapi.load()
    submission = staged_job(tmp_path)
    assert farm.ask("POST", "/api/v3/jobs/check", submission)[0] == 204
    status, job = farm.ask("POST", "/api/v3/jobs", submission)
    assert status == 200, job
    openapi.hold(document, "POST", "/api/v3/jobs", status, job)
    _, listed = farm.ask("GET", f"/api/v3/jobs/{job['id']}/tasks")
    _, workers = farm.ask("GET", "/api/v3/worker-mgt/workers")
    known = {
        "job_id": job["id"],
        "task_id": listed["tasks"][0]["id"],
        "worker_id": workers["workers"][0]["id"],
        "typeName": "farmhand-render",
        "audience": "users",
        "platform": PLATFORM,
        "tag_id": job["id"],
        "checksum": "0" * 64,
        "filesize": "1",
    }
    operations = [
        (method.upper(), template, operation["operationId"])
        for template, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "delete", "patch"}
    ]
    assert len(operations) > 50
    # What deletes comes last, so that the others still find something.
    for method, template, name in sorted(operations, key=lambda each: each[2] == "deleteJob"):
        path = template.format_map(known)
        body, expected = OFFERED.get(name, ({}, 501))
        status, answer = farm.ask(method, path, submission if body == "a job" else body)
        assert status == expected, (method, path, status, answer)
        if status < 400:
            openapi.hold(document, method, path, status, answer)
            continue
        assert answer["code"] == status, (method, path, answer)
        assert len(answer["message"].split()) > 5, (method, path, answer)
    assert {name for _, _, name in operations} >= set(OFFERED)


def test_what_the_local_farm_does_not_offer_is_said_in_a_sentence(farm: Api) -> None:
    status, answer = farm.ask("POST", "/api/v3/shaman/checkout/requirements", {"files": []})
    assert status == 501
    assert "local farm" in answer["message"] or "this computer" in answer["message"]


def test_nobody_gets_in_without_the_token_from_a_page_or_by_another_name(farm: Api) -> None:
    assert farm.ask("GET", "/api/v3/jobs", Authorization="Bearer wrong")[0] == 401
    assert farm.ask("GET", "/api/v3/jobs", Origin="https://example.com")[0] == 403
    assert farm.ask("GET", "/api/v3/jobs", Host="example.com")[0] in {400, 403, 421}
