# SPDX-License-Identifier: Apache-2.0
"""Writes the small scenes that hold Farmhand to Blender, each in a folder of its own, and a list of them.

    blender -b --factory-startup --python-exit-code 1 --python tests/scenes/make_scenes.py -- FOLDER [NAME ...]
    python tests/scenes/make_scenes.py FOLDER [NAME ...]      where bpy is a module of this Python

`FOLDER/scenes.json` lists what was made: name, what it is about, the .blend relative to FOLDER, the scene, its frames
and output, the range where it is asked for by hand, whether it is right only when played frame by frame; and what this
Blender cannot do, with the reason.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

import scenes_content
import scenes_files
import scenes_formats
import scenes_nodes
import scenes_views
from building import empty_file

MODULES = (scenes_files, scenes_formats, scenes_views, scenes_nodes, scenes_content)


def frames_of(scene: bpy.types.Scene, asked: tuple[int, int] | None) -> str:
    """Write the frame range of `scene`, or the one asked for, as a canonical frame set."""
    first, last = asked or (scene.frame_start, scene.frame_end)
    step = scene.frame_step
    if first == last:
        return str(first)
    return f"{first}-{last}" + (f":{step}" if step != 1 else "")


def write_scene(folder: Path, name: str, make: scenes_files.Maker) -> dict[str, object]:
    """Make one scene in a fresh file and save it; answers its entry in the list, or why it was left out."""
    about = (make.__doc__ or "").strip().splitlines()[0]
    home = folder / name
    home.mkdir(parents=True)
    scene = empty_file()
    made = make(scene, home) or {}
    if "left_out" in made:
        home.rmdir()
        return {"name": name, "about": about, "left_out": made["left_out"]}
    blend = home / str(made.get("file", "scene.blend"))
    blend.parent.mkdir(parents=True, exist_ok=True)
    rendered = bpy.data.scenes[str(made.get("scene", bpy.context.scene.name))]
    bpy.context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=bool(made.get("compress", False)), check_existing=False)
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=bool(made.get("compress", False)), check_existing=False)
    return {
        "name": name,
        "about": about,
        "blend": blend.relative_to(folder).as_posix(),
        "scene": rendered.name,
        "frames": frames_of(rendered, made.get("range")),
        "range": made.get("range"),
        "played": bool(made.get("played")),
        "output": rendered.render.filepath,
    }


def main(arguments: list[str]) -> None:
    """Write the scenes named in `arguments` after the folder, or all of them."""
    folder = Path(arguments[0]).resolve()
    makers = {name: make for module in MODULES for name, make in module.MAKERS.items()}
    names = arguments[1:] or list(makers)
    entries = [write_scene(folder, name, makers[name]) for name in names]
    folder.joinpath("scenes.json").write_text(json.dumps(entries, indent=1, ensure_ascii=False), encoding="utf-8")
    made = sum("blend" in entry for entry in entries)
    sys.stdout.write(f"made {made} scenes in {folder} with Blender {bpy.app.version_string}\n")


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])
