# SPDX-License-Identifier: Apache-2.0
"""Holds an answer to an OpenAPI 3.0 document."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

DOCUMENT = Path(__file__).parents[3] / "shared" / "flamenco" / "flamenco-openapi.yaml"


def load() -> dict[str, Any]:
    """Read the Manager's document, which lies beside the checkout; skips, or fails where it must be there."""
    if not DOCUMENT.is_file():
        message = f"the Manager's OpenAPI document is not at {DOCUMENT}"
        if os.environ.get("FARMHAND_REQUIRE_SHARED") == "1":
            pytest.fail(message)
        pytest.skip(message)
    document: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    # The document demands a key that its own Manager has never sent: see exchange 24, `job-completed-tasks`.
    document["components"]["schemas"]["JobTasksSummary"]["required"] = ["tasks"]
    return as_json_schema(document)


def as_json_schema(node: Any) -> Any:
    """Turn OpenAPI 3.0's `nullable` into JSON Schema's way of saying it."""
    if isinstance(node, list):
        return [as_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    turned = {key: as_json_schema(value) for key, value in node.items()}
    if turned.pop("nullable", False) is True:
        return {"anyOf": [turned, {"type": "null"}]}
    return turned


def operation(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """Find the operation that a request belongs to."""
    literal_first = sorted(document["paths"], key=lambda template: template.count("{"))
    for template in literal_first:
        if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            found: dict[str, Any] = document["paths"][template][method.lower()]
            return found
    pytest.fail(f"the document has no {path}")


def hold(document: dict[str, Any], method: str, path: str, status: int, answer: Any) -> None:
    """Fail where an answer is not one that the document allows for this request."""
    responses = operation(document, method, path)["responses"]
    response = responses.get(str(status)) or responses.get("default")
    if response is None:
        assert status >= 400, f"{method} {path} may not be answered with {status}"
        return
    content = response.get("content", {}).get("application/json")
    if content is None:
        return
    schema = {**content["schema"], "components": document["components"]}
    jsonschema.validate(answer, schema)
