# SPDX-License-Identifier: Apache-2.0
"""Writes the table of values in render-farm/README.md from what stands above each in values.yaml: `# -- what it is`."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

CHART = Path(__file__).parents[1] / "render-farm"
BEGIN, END = "<!-- values: tools/chart_values.py writes this -->", "<!-- end of values -->"


class UnexplainedError(Exception):
    """A value has no comment that explains it."""


def explained(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Each path that has an explanation, with it, in the file's order."""
    path: list[tuple[int, str]] = []
    words = ""
    for line in lines:
        comment = re.match(r" *# -- (.*)", line)
        if comment:
            words = comment.group(1)
            continue
        key = re.match(r"( *)([A-Za-z_]+):", line)
        if key is None:
            continue
        indent = len(key.group(1))
        path = [*((depth, name) for depth, name in path if depth < indent), (indent, key.group(2))]
        if words:
            yield ".".join(name for _, name in path), words
            words = ""


def leaves(values: dict[str, Any], above: str = "") -> Iterator[str]:
    """The paths of all values that are no groups of others."""
    for name, value in values.items():
        path = f"{above}{name}"
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{path}.")
        else:
            yield path


def table(text: str) -> str:
    """The table in Markdown; every value is in it, or below one that is."""
    values = yaml.safe_load(text)
    words = dict(explained(text.splitlines()))
    for leaf in leaves(values):
        if not any(leaf == path or leaf.startswith(f"{path}.") for path in words):
            message = f"render-farm/values.yaml: {leaf} has no comment `# -- …` above it"
            raise UnexplainedError(message)
    rows = ["| value | default | what it is |", "|---|---|---|"]
    for path, what in words.items():
        default = values
        for name in path.split("."):
            default = default[name]
        shown = json.dumps(default, ensure_ascii=False).replace("|", "\\|")
        rows.append(f"| `{path}` | `{shown}` | {what.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def with_table(readme: str, text: str) -> str:
    """The README with the table as it has to be."""
    head, rest = readme.split(BEGIN)
    _, tail = rest.split(END)
    return f"{head}{BEGIN}\n{table(text)}\n{END}{tail}"


def main() -> int:
    """Write the table."""
    readme = CHART / "README.md"
    try:
        written = with_table(readme.read_text(encoding="utf-8"), (CHART / "values.yaml").read_text(encoding="utf-8"))
    except UnexplainedError as problem:
        print(problem, file=sys.stderr)
        return 1
    readme.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
