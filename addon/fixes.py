# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Fix buttons do: for each code of a finding, a function that mends the scene.

Each is one step of undo, and does what a person would do by hand. What needs the disk is not done at once: the function
returns it as a `files.DiskFix`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from . import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def choose_camera(scene: bpy.types.Scene) -> None:
    """Look through the scene's first camera; where it has none, through a new one that sees all of its objects."""
    cameras = [one for one in scene.objects if one.type == "CAMERA"]
    scene.camera = cameras[0] if cameras else _new_camera(scene)


def _new_camera(scene: bpy.types.Scene) -> bpy.types.Object:
    from mathutils import Vector  # noqa: PLC0415 - only here

    corners = [one.matrix_world @ Vector(corner) for one in scene.objects for corner in one.bound_box]
    middle = sum(corners, Vector()) / max(len(corners), 1)
    radius = max((corner - middle).length for corner in corners) if corners else 1.0
    made = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(made)
    away = Vector((1.0, -1.0, 0.7)).normalized()
    made.location = middle + away * (max(radius, 0.1) * 3.5)
    made.rotation_euler = away.to_track_quat("Z", "Y").to_euler()
    return made


def render_scene(scene: bpy.types.Scene) -> None:
    """Render what the camera sees, and not the strips."""
    scene.render.use_sequencer = False


def render_all_view_layers(scene: bpy.types.Scene) -> None:
    """Switch every view layer on."""
    for layer in scene.view_layers:
        layer.use = True


def render_with_cycles(scene: bpy.types.Scene) -> None:
    """Choose the engine that every Blender has."""
    scene.render.engine = "CYCLES"


def leave_denoising_out(scene: bpy.types.Scene) -> None:
    """Switch denoising off."""
    scene.cycles.use_denoising = False


def render_whole_picture(scene: bpy.types.Scene) -> None:
    """Switch the render region off."""
    scene.render.use_border = False


def render_in_full_detail(scene: bpy.types.Scene) -> None:
    """Switch Simplify off."""
    scene.render.use_simplify = False


def render_full_size(scene: bpy.types.Scene) -> None:
    """Render at 100 %."""
    scene.render.resolution_percentage = 100


def render_every_frame(scene: bpy.types.Scene) -> None:
    """Leave no frame out."""
    scene.frame_step = 1


def replace_frames(scene: bpy.types.Scene) -> None:
    """Let frames that are there already be replaced."""
    scene.render.use_overwrite = True


def render_pictures(scene: bpy.types.Scene) -> None:
    """Choose PNG pictures in place of a film."""
    settings = scene.render.image_settings
    if hasattr(settings, "media_type"):  # Blender 5.0
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"


def render_beside_file(scene: bpy.types.Scene) -> None:
    """Put the frames into a folder beside the file."""
    stem = Path(bpy.data.filepath).stem or "scene"
    scene.render.filepath = f"//{stem}-frames/{stem}_####"


def render_to_new_folder(scene: bpy.types.Scene) -> None:
    """Put the frames into a folder that no job has."""
    folder, _, name = scene.render.filepath.rpartition("/")
    folder = folder.rstrip("/") or "//renders"
    number = 2
    while Path(bpy.path.abspath(f"{folder}-{number}")).exists():
        number += 1
    scene.render.filepath = f"{folder}-{number}/{name}"


def allow_scripts(scene: bpy.types.Scene) -> None:
    """Let Python in the file run where it is rendered."""
    scene.farmhand.auto_run = True


def bake_simulations(scene: bpy.types.Scene) -> None:
    """Bake every simulation that is not baked up to the scene's last frame."""
    for cache in _caches(scene):
        if cache.frame_end < scene.frame_end:
            if cache.is_baked:
                _call_for_cache(scene, cache, bpy.ops.ptcache.free_bake)
            cache.frame_end = scene.frame_end
    bpy.ops.ptcache.bake_all(bake=True)


def _call_for_cache(scene: bpy.types.Scene, cache: bpy.types.PointCache, operator: Callable[..., set]) -> None:
    members = {"scene": scene, "point_cache": cache}
    if hasattr(bpy.context, "temp_override"):  # Blender 3.2
        with bpy.context.temp_override(**members):
            operator()
    else:
        operator(members)


def _caches(scene: bpy.types.Scene) -> Iterator[bpy.types.PointCache]:
    if scene.rigidbody_world is not None:
        yield scene.rigidbody_world.point_cache
    for one in scene.objects:
        for modifier in one.modifiers:
            if modifier.type in {"CLOTH", "SOFT_BODY"}:
                yield modifier.point_cache
            elif modifier.type == "DYNAMIC_PAINT" and modifier.canvas_settings:
                yield from (surface.point_cache for surface in modifier.canvas_settings.canvas_surfaces)
        yield from (system.point_cache for system in one.particle_systems)


def write_beside_file(scene: bpy.types.Scene) -> None:
    """Let every File Output node with an absolute path write below the file's own folder."""
    home = Path(bpy.data.filepath).parent
    for node in _file_outputs(scene):
        folder = _folder(node)
        if not folder or folder.startswith("//"):
            continue
        path = Path(folder)
        inside = path.relative_to(home).as_posix() if home in path.parents else _file_name(node.name)
        _set_folder(node, f"//{inside}" if _is_layered(node) else f"//{inside}/")


def rename_clashes(scene: bpy.types.Scene) -> files.DiskFix:
    """Give files whose names differ in upper and lower case alone names of their own."""
    inputs = files.part_clashing_files(scene)

    def apply(scene: bpy.types.Scene, parted: files.Changes) -> None:
        inputs.apply(scene, parted)
        _rename_outputs(scene)

    return inputs._replace(apply=apply)


def _rename_outputs(scene: bpy.types.Scene) -> None:
    taken: dict[str, str] = {}
    for node in _file_outputs(scene):
        if _is_layered(node):
            continue
        folder = _folder(node).rstrip("/\\") + "/"
        name_of = "name" if hasattr(node, "file_output_items") else "path"
        for slot in getattr(node, "file_output_items", None) or node.file_slots:
            name = getattr(slot, name_of)
            number = 1
            while taken.get((folder + name).lower(), folder + name) != folder + name:
                number += 1
                name = f"{getattr(slot, name_of)}_{number}"
            taken[(folder + name).lower()] = folder + name
            setattr(slot, name_of, name)


def _file_outputs(scene: bpy.types.Scene) -> Iterator[bpy.types.Node]:
    """Return the File Output nodes that are on, those in groups too, each once."""
    trees = [scene.compositing_node_group if hasattr(scene, "compositing_node_group") else scene.node_tree]
    seen = set()
    while trees:
        tree = trees.pop()
        if tree is None or tree.name in seen:
            continue
        seen.add(tree.name)
        for node in tree.nodes:
            if node.bl_idname == "CompositorNodeOutputFile" and not node.mute:
                yield node
            elif node.type == "GROUP":
                trees.append(node.node_tree)


def _is_layered(node: bpy.types.Node) -> bool:
    return node.format.file_format == "OPEN_EXR_MULTILAYER"


def _folder(node: bpy.types.Node) -> str:
    return node.directory if hasattr(node, "directory") else node.base_path


def _set_folder(node: bpy.types.Node, folder: str) -> None:
    setattr(node, "directory" if hasattr(node, "directory") else "base_path", folder)


def _file_name(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


# By the code of a finding.
FIXES: dict[str, Callable[[bpy.types.Scene], files.DiskFix | None]] = {
    "no-camera": choose_camera,
    "strips-hide-scene": render_scene,
    "view-layers-off": render_all_view_layers,
    "view-layer-off": render_all_view_layers,
    "no-engine": render_with_cycles,
    "no-denoiser": leave_denoising_out,
    "render-region": render_whole_picture,
    "simplify": render_in_full_detail,
    "small-percentage": render_full_size,
    "frame-step": render_every_frame,
    "overwrite-off": replace_frames,
    "film-as-images": render_pictures,
    "film-without-ffmpeg": render_pictures,
    "output-moved": render_beside_file,
    "needs-auto-run": allow_scripts,
    "unbaked-simulation": bake_simulations,
    "baked-for-other-frames": bake_simulations,
    "absolute-file-output": write_beside_file,
    "names-clash": rename_clashes,
    "missing-file": files.find_missing,
    "missing-frames": files.fill_gaps,
    "missing-tiles": files.leave_tiles_out,
    "data-block-missing": files.leave_missing_links_out,
    "absolute-path": files.make_relative,
    "newer-file": files.load_again,
    "cache-in-temp": files.bring_beside,
    "output-shared": render_to_new_folder,
}


def mend(scene: bpy.types.Scene, code: str) -> None:
    """Mend what a finding is about, and wait for the disk where that is needed: for scripts."""
    left = FIXES[code](scene)
    if left is not None:
        left.apply(scene, dict(left.begin(scene).result()))
