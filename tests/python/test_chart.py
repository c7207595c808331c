# SPDX-License-Identifier: Apache-2.0
"""What the chart's files promise each other; the chart itself is tested by `make chart` and tests/cluster."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "render-farm"
sys.path.insert(0, str(ROOT / "tools"))

import chart_values  # noqa: E402 - lies beside the tools


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def values() -> Any:
    return yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))


def test_the_chart_installs_the_job_type_that_farmhand_sends() -> None:
    assert (CHART / "files/farmhand_render.js").read_bytes() == (
        ROOT / "python/farmhand/flamenco/farmhand_render.js"
    ).read_bytes(), "copy python/farmhand/flamenco/farmhand_render.js to render-farm/files"


def test_every_value_is_in_the_table_of_the_readme() -> None:
    readme = (CHART / "README.md").read_text(encoding="utf-8")
    text = (CHART / "values.yaml").read_text(encoding="utf-8")
    assert chart_values.with_table(readme, text) == readme, "run: python tools/chart_values.py"


def test_the_schema_knows_every_value_and_no_other(schema: Any, values: Any) -> None:
    jsonschema.validate(values, schema)

    def compare(there: dict[str, Any], known: dict[str, Any], above: str) -> None:
        assert known["additionalProperties"] is False, f"{above} lets unknown values in"
        names = set(known["properties"]) - {"global"}
        assert names == set(there), f"{above}: the schema and values.yaml differ"
        for name, value in there.items():
            below = known["properties"][name]
            if isinstance(value, dict) and "properties" in below:
                compare(value, below, f"{above}.{name}")

    compare(values, schema, "values")


@pytest.mark.parametrize(
    "wrong",
    [
        {"workers": {"gpu": 1}},
        {"workers": {"gpu_count": "two"}},
        {"workers": {"gpu_count": "0.0"}},
        {"workers": {"min_replicas": -1}},
        {"nfs": {"path": "export"}},
        {"platform": "nomad"},
        {"security": {"uid": 0}},
        {"security": {"umask": "999"}},
        {"auth": {"token": 'a"; return 200; #0123456789'}},
        {"auth": {"user": "a:b"}},
        {"rendering": {"blenders": {"blender": "blender"}}},
        {"retention": {"olderThan": "soon"}},
    ],
    ids=str,
)
def test_the_schema_refuses(wrong: dict[str, Any], schema: Any, values: Any) -> None:
    whole = dict(values)
    for name, value in wrong.items():
        whole[name] = {**values[name], **value} if isinstance(value, dict) else value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(whole, schema)


def test_values_files_of_the_first_chart_are_understood(schema: Any, values: Any) -> None:
    first: dict[str, Any] = {
        "runai": {"project": {"name": "blender"}},
        "nfs": {
            "server": "172.20.10.47",
            "path": "/export",
            "windows": {"mount": "Z:\\"},
            "mac": {"mount": "/Volumes/shared/flamenco"},
            "linux": {"mount": "/mnt"},
        },
        "rendering": {"cycles_device": "CUDA"},
        "image": {"worker": "studio/worker:1", "manager": "studio/manager:1"},
        "workers": {
            "gpu_count": "1",
            "min_replicas": "1",
            "max_replicas": "10",
            "scaling": {
                "sample_period": "2m",
                "threshold": "50",
                "activation_threshold": "40",
                "cool_down_period": "60",
            },
        },
        "flamenco": {"port": 8080},
    }
    jsonschema.validate({**values, **first}, schema)
