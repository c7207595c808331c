# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Select buttons do: show the things that a finding is about, each where an artist would look for it.

An object is selected and made active; of other data the objects that use it, with the material that shows it at hand.
What cannot be shown, such as a font that nothing uses, has no button.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterable

# Where the data of each kind of thing lies in `bpy.data`.
_COLLECTIONS = {
    "armature": "armatures",
    "cache_file": "cache_files",
    "camera": "cameras",
    "curve": "curves",
    "font": "fonts",
    "image": "images",
    "library": "libraries",
    "light": "lights",
    "material": "materials",
    "mesh": "meshes",
    "movie_clip": "movieclips",
    "node_tree": "node_groups",
    "sound": "sounds",
    "text": "texts",
    "texture": "textures",
    "volume": "volumes",
    "world": "worlds",
}


def can_select(scene: bpy.types.Scene, things: Iterable[tuple[str, str]]) -> bool:
    """Tell whether any of these things can be shown; quick enough to be asked while drawing."""
    return any(_is_there(scene, kind, name) for kind, name in things)


def _is_there(scene: bpy.types.Scene, kind: str, name: str) -> bool:
    if kind in {"object", "driver"}:
        return name in scene.objects
    if kind == "strip":
        return bool(_strips(scene, name))
    if kind == "node":
        return _compositor(scene) is not None and name in _compositor(scene).nodes
    return kind in _COLLECTIONS and name in getattr(bpy.data, _COLLECTIONS[kind])


def select(context: bpy.types.Context, things: Iterable[tuple[str, str]]) -> str:
    """Select what these things are or are used by, in the place of what is selected now; say what is shown."""
    scene = context.scene
    shown: list[str] = []
    objects: list[bpy.types.Object] = []
    for kind, name in things:
        if not _is_there(scene, kind, name):
            continue
        if kind in {"object", "driver"}:
            objects.append(scene.objects[name])
        elif kind == "strip":
            shown += _select_strips(scene, name)
        elif kind == "node":
            _select_only(_compositor(scene), [_compositor(scene).nodes[name]])
            shown.append(f"node {name!r} of the compositor")
        else:
            data = getattr(bpy.data, _COLLECTIONS[kind])[name]
            _show_in_editors(context, data)
            objects += _objects_with(scene, data)
            shown.append(f"{kind.replace('_', ' ')} {name!r}")
    objects = [one for one in objects if one.name in context.view_layer.objects and not one.hide_get()]
    if objects:
        for one in context.selected_objects:
            one.select_set(state=False)
        for one in objects:
            one.select_set(state=True)
        context.view_layer.objects.active = objects[0]
        names = ", ".join(repr(one.name) for one in dict.fromkeys(objects))
        shown.append(f"selected {names}")
    return "; ".join(dict.fromkeys(shown)) or "Nothing of it is in this view layer"


def _compositor(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    return scene.compositing_node_group if hasattr(scene, "compositing_node_group") else scene.node_tree


def _strips(scene: bpy.types.Scene, file_name: str) -> list[bpy.types.Strip]:
    """Return the strips that show a file of this name."""
    editor = scene.sequence_editor
    if editor is None:
        return []
    every = editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all
    found = []
    for strip in every:
        files = [element.filename for element in getattr(strip, "elements", None) or ()]
        files.append(Path(getattr(strip, "filepath", "")).name)
        if file_name in files:
            found.append(strip)
    return found


def _select_strips(scene: bpy.types.Scene, file_name: str) -> list[str]:
    strips = _strips(scene, file_name)
    for strip in strips:
        strip.select = True
    scene.sequence_editor.active_strip = strips[0]
    return [f"strip {strip.name!r}" for strip in strips]


def _select_only(tree: bpy.types.NodeTree, nodes: list[bpy.types.Node]) -> None:
    for node in tree.nodes:
        node.select = node in nodes
    if nodes:
        tree.nodes.active = nodes[0]


def _show_in_editors(context: bpy.types.Context, data: bpy.types.ID) -> None:
    """Show an image, text or clip in the editors of its kind that are open."""
    for area in context.screen.areas if context.screen else ():
        space = area.spaces.active
        if isinstance(data, bpy.types.Image) and area.type == "IMAGE_EDITOR":
            space.image = data
        elif isinstance(data, bpy.types.Text) and area.type == "TEXT_EDITOR":
            space.text = data
        elif isinstance(data, bpy.types.MovieClip) and area.type == "CLIP_EDITOR":
            space.clip = data


def _objects_with(scene: bpy.types.Scene, data: bpy.types.ID) -> list[bpy.types.Object]:
    """Return the objects that use something, by whatever way, with the material and node that do so made active."""
    if isinstance(data, bpy.types.Library):
        return [one for one in scene.objects if data in {one.library, getattr(one.data, "library", None)}]
    users = bpy.data.user_map()
    reached, waiting = {data}, [data]
    while waiting:
        one = waiting.pop()
        # A scene uses everything in it, so the way ends there.
        onward = {user for user in users.get(one, ()) if not isinstance(user, (bpy.types.Scene, bpy.types.Collection))}
        waiting += onward - reached
        reached |= onward
    objects = [one for one in scene.objects if one in reached]
    for one in objects:
        for number, slot in enumerate(one.material_slots):
            if slot.material in reached:
                one.active_material_index = number
                _select_nodes_with(slot.material, data)
                break
    return objects


def _select_nodes_with(material: bpy.types.Material, data: bpy.types.ID) -> None:
    if material.node_tree is None or material.library is not None:
        return
    nodes = [
        node
        for node in material.node_tree.nodes
        if data in {getattr(node, "image", None), getattr(node, "node_tree", None)}
    ]
    if nodes:
        _select_only(material.node_tree, nodes)
