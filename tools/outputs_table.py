# SPDX-License-Identifier: Apache-2.0
"""Writes docs/outputs.md: what Farmhand renders beside what Blender renders, by Blender and kind of scene.

    python tools/outputs_table.py [FOLDER]

FOLDER, `target/parity` by default, holds what `tests/python/test_parity.py` left. Run by `make parity`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "outputs.md"
KINDS = {"program": "", "module": " (bpy)"}
HEAD = """\
# Outputs: what comes out, beside Blender's own

Each scene of `tests/scenes` is rendered twice by the same Blender: by its own `-a`, and by `farmhand render` with a
local farm. Both must leave the same files, and every file must show the same pixels, bit by bit, in all its layers and
channels (`tests/python/pictures.py` leaves out dates, render times and paths). `make parity` renders all of it and
writes this page; `BLENDERS="blender python"` names other Blenders than the usual ones.

`=` same files, same pixels · a number: see the notes below the table · `(bpy)` is Blender as a Python module.

"""

Results = list[dict[str, Any]]


def load(folder: Path) -> Results:
    """Read what each Blender left, the oldest first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    return sorted(found, key=lambda one: ([int(part) for part in one["blender"].split(".")], one["kind"]))


def first_line(text: str) -> str:
    """Leave what pytest adds out."""
    return text.splitlines()[0]


def cell_of(scene: dict[str, Any] | None, notes: list[str]) -> str:
    """Say how one scene came out with one Blender; new notes are added at the end of `notes`."""
    if scene is None:
        return ""
    said = {
        "same": scene["note"],
        "left out": "left out: " + scene["note"],
        "on purpose": "otherwise, on purpose: " + scene["note"],
    }
    note = said.get(scene["result"], "**differs**: " + "; ".join(map(first_line, scene["differences"])))
    if note and note not in notes:
        notes.append(note)
    sign = "= " if scene["result"] == "same" else ""
    return (sign + (str(notes.index(note) + 1) if note else "")).strip()


def table(results: Results) -> str:
    """Lay the results out as a table with notes below it."""
    about: dict[str, str] = {}
    for one in reversed(results):
        about = {**{scene["name"]: scene["about"] for scene in one["scenes"]}, **about}
    columns = [one["blender"] + KINDS[one["kind"]] for one in results]
    rows = ["| scene | " + " | ".join(columns) + " | about |", "|---" * (len(columns) + 2) + "|"]
    by_name = [{scene["name"]: scene for scene in one["scenes"]} for one in results]
    order = [scene["name"] for scene in results[-1]["scenes"]]
    notes: list[str] = []
    for name in [*order, *(name for name in about if name not in order)]:
        cells = [cell_of(scenes.get(name), notes) for scenes in by_name]
        rows.append(f"| {name} | " + " | ".join(cells) + f" | {about[name]} |")
    listed = [f"{number}. {note}" for number, note in enumerate(notes, start=1)]
    return "\n".join([*rows, "", "## Notes", "", *listed, ""])


def main() -> None:
    """Write the page."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "target" / "parity"
    results = load(folder)
    if not results:
        sys.exit(f"no results in {folder}: run `make parity`")
    PAGE.write_text(HEAD + table(results), encoding="utf-8")


if __name__ == "__main__":
    main()
