# SPDX-License-Identifier: Apache-2.0
"""Writes the table in docs/reading.md: what Farmhand, each Blender and another tracer name in one scene with all kinds.

    .venv/bin/python tools/reading_table.py BLENDER ...

BLENDER is a program, or a Python that has bpy. Each runs `../shared/blends/make_cover.py`, which makes the scene and
says what that Blender names itself. The other tracer is Blender Asset Tracer 1.23, in the cache of downloads. Ends with
1 where Farmhand misses a path that Blender names. Run by `make reading`.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from other_tracer import GO_ON, bat_python

import farmhand

ROOT = Path(__file__).resolve().parents[1]
COVER = ROOT.parent / "shared" / "blends" / "make_cover.py"
PAGE = ROOT / "docs" / "reading.md"
BEGIN, END = "<!-- made by tools/reading_table.py -->\n", "<!-- until here -->\n"
HEAD = """\
`F` Farmhand, `B` this Blender's own list, `T` BAT 1.23 · empty: this Blender knows no such path.

"""
BAT_RUN = (
    GO_ON
    + """
found = []
for usage in trace.deps(pathlib.Path(sys.argv[1])):
    path = bytes(usage.asset_path).decode(errors="replace")
    try:
        names = [file.name for file in usage.files()]
    except Exception:  # where nothing is there
        names = []
    found.append([usage.block_name.decode(errors="replace"), path, [path.rstrip("/").split("/")[-1], *names]])
print(json.dumps(found))
"""
)
# Why Farmhand names what Blender's list leaves out, by kind.
WHY = {
    "custom_property": "may be a path; a file only where one is there",
    "node_bake": "Blender's list has it from 5.2 on, that of a modifier never",
    "node_import": "Blender's list has it from 5.0 on",
    "point_cache": "Blender's list has it from 5.2 on, an external one never",
    "proxy": "for editing; not required",
    "render_output": "where it is written, apart from what is read",
    "node_output": "where it is written, apart from what is read",
    "bake_output": "where it is written, apart from what is read",
    "paint_output": "where it is written, apart from what is read",
    "export_output": "where it is written, apart from what is read",
}


@dataclass
class Row:
    """One path of the scene, with who names it, by Blender."""

    kind: str
    name: str
    named_by: dict[str, str] = field(default_factory=dict)


def said_by(blender: str, folder: str) -> tuple[str, Path, list[str]]:
    """Have a Blender make the scene; its version, the scene, and what it names."""
    start = [blender] if "python" in Path(blender).name else [blender, "-b", "--factory-startup", "--python"]
    output = subprocess.run(
        [*start, str(COVER)], env={**os.environ, "COVER_DIR": folder}, capture_output=True, text=True, check=False
    ).stdout
    said = {line.split(" ", 2)[1]: line.split(" ", 2)[2] for line in output.splitlines() if line.startswith("VISITED ")}
    (made,) = Path(folder).iterdir()
    return made.name, made / "all.blend", [path for path in ast.literal_eval(said["blend_paths"]) if path]


def last_part(path: str) -> str:
    """Name a path by its end, which is its own in this scene."""
    return PurePosixPath(path.replace("\\", "/").rstrip("/")).name


def told_by_bat(scene: Path) -> list[tuple[str, str, list[str]]]:
    """Ask BAT: for each path the owner, the path and the names of its files."""
    output = subprocess.run(
        [bat_python(), "-c", BAT_RUN, str(scene)], capture_output=True, text=True, check=True
    ).stdout
    return [(owner, path, names) for owner, path, names in json.loads(output.splitlines()[-1])]


def look(blender: str, rows: dict[tuple[str, str], Row]) -> tuple[str, list[str]]:
    """Add what is named in one Blender's scene to the rows; that Blender's version, and what Farmhand misses."""
    with tempfile.TemporaryDirectory() as folder:
        version, scene, named = said_by(blender, folder)
        bat = told_by_bat(scene)
        found = farmhand.read_blend(scene).dependencies()
        names = {last_part(path) for path in named}
        for dependency in found:
            name = last_part(dependency.stored)
            is_own_cache = name.startswith("blendcache_")
            # Caches share one folder; they are told apart by their owners.
            shown = f"{name}: {dependency.owner}" if is_own_cache else name
            if is_own_cache:
                is_in_bat = any(
                    name in path and owner.split(".")[0] == f"OB{dependency.owner}" for owner, path, _ in bat
                )
            else:
                is_in_bat = any(name in files for _, _, files in bat)
            row = rows.setdefault((dependency.kind, shown), Row(dependency.kind, shown))
            signs = "F" + ("B" if name in names else "") + ("T" if is_in_bat else "")
            row.named_by[version] = max(signs, row.named_by.get(version, ""), key=len)
        ours = {last_part(dependency.stored) for dependency in found}
        # Brushes that a Blender ships lie in its own folder.
        missed = [path for path in named if last_part(path) not in ours and "/datafiles/assets/" not in path]
        missed += [path for _, path, _ in bat if last_part(path) not in ours and "blendcache_" not in path]
    return version, missed


def main() -> int:
    """Write the table."""
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    if not COVER.exists():
        print(f"skipped: no {COVER}")
        return 0
    rows: dict[tuple[str, str], Row] = {}
    looked = [look(blender, rows) for blender in sys.argv[1:]]
    versions = sorted(
        (version for version, _ in looked), key=lambda version: [int(part) for part in version.split(".")]
    )
    lines = [f"| what | path | {' | '.join(versions)} | beyond Blender's list |", "|---" * (len(versions) + 3) + "|"]
    extra = 0
    for row in sorted(rows.values(), key=lambda row: (row.kind, row.name)):
        cells = [row.named_by.get(version, "") for version in versions]
        is_extra = any(cell and "B" not in cell for cell in cells)
        extra += is_extra
        why = WHY.get(row.kind, "") if is_extra else ""
        lines.append(f"| {row.kind} | `{row.name}` | {' | '.join(cells)} | {why} |")
    missed = [f"{version}: {path}" for version, paths in looked for path in paths]
    summary = (
        f"{len(rows)} paths, {extra} beyond some Blender's list; {len(missed)} missed that Blender or BAT names.\n"
    )
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(before + BEGIN + HEAD + "\n".join(lines) + "\n\n" + summary + END + after, encoding="utf-8")
    for path in missed:
        print("missed:", path)
    print(summary, end="")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
