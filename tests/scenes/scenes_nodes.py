# SPDX-License-Identifier: Apache-2.0
"""Scenes with File Output nodes of every generation, the compositor on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from building import Compositor, file_output, group_input, picture_format, small_stage
from scenes_views import stereo

if TYPE_CHECKING:
    from pathlib import Path

    from scenes_files import Maker


def file_output_slots(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node with a relative base and several slots, one in a subfolder."""
    small_stage(scene)
    scene.view_layers[0].use_pass_z = True
    nodes = Compositor(scene)
    image = nodes.layers.outputs["Image"]
    file_output(nodes.tree, "//passes/", {"beauty_": image, "inverted/shot_": nodes.inverted(image)})


def file_output_formats(scene: bpy.types.Scene, home: Path) -> None:
    """Two File Output nodes: JPEG, and OpenEXR with layers beside the main JPEG."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "JPEG")
    nodes = Compositor(scene)
    image = nodes.layers.outputs["Image"]
    file_output(nodes.tree, "//jpeg/", {"shot_####_": image}, "JPEG")
    file_output(
        nodes.tree, "//layers/shot_", {"beauty": image, "inverted": nodes.inverted(image)}, "OPEN_EXR_MULTILAYER"
    )


def file_output_in_a_group(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node inside a node group."""
    small_stage(scene)
    nodes = Compositor(scene)
    group = bpy.data.node_groups.new("Save", "CompositorNodeTree")
    file_output(group, "//from_group/", {"shot_": group_input(group, "Image")})
    node = nodes.tree.nodes.new("CompositorNodeGroup")
    node.node_tree = group
    nodes.link(nodes.layers.outputs["Image"], node.inputs[0])


def file_output_muted(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node that is muted writes nothing."""
    small_stage(scene)
    nodes = Compositor(scene)
    image = nodes.layers.outputs["Image"]
    file_output(nodes.tree, "//muted/", {"shot_": image}).mute = True


def file_output_stereo(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node in stereo: a file for each slot and eye."""
    stereo(scene, "PNG", "INDIVIDUAL")
    nodes = Compositor(scene)
    file_output(nodes.tree, "//eyes/", {"shot_": nodes.layers.outputs["Image"]})


def file_output_compositor_off(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node, and compositing switched off in the output properties: the node writes nothing."""
    small_stage(scene)
    nodes = Compositor(scene)
    file_output(nodes.tree, "//off/", {"shot_": nodes.layers.outputs["Image"]})
    scene.render.use_compositing = False


def file_output_own_formats(scene: bpy.types.Scene, home: Path) -> None:
    """Slots of one File Output node with formats of their own."""
    small_stage(scene)
    nodes = Compositor(scene)
    image = nodes.layers.outputs["Image"]
    node = file_output(nodes.tree, "//passes/", {"png_": image, "exr_": nodes.inverted(image)})
    own = (node.file_output_items if hasattr(node, "file_output_items") else node.file_slots)[1]
    if hasattr(own, "override_node_format"):
        own.override_node_format = True
    else:
        own.use_node_format = False
    picture_format(own.format, "OPEN_EXR", color_depth="32")


def file_output_hashes(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node with # in its folder, and several groups in its slot's name."""
    small_stage(scene)
    nodes = Compositor(scene)
    file_output(nodes.tree, "//take_##/", {"shot_###_v##": nodes.layers.outputs["Image"]})


def file_output_extension_off(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node where Blender adds no file extension."""
    small_stage(scene)
    nodes = Compositor(scene)
    file_output(nodes.tree, "//passes/", {"shot_": nodes.layers.outputs["Image"]})
    scene.render.use_file_extension = False


def file_output_climbing(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node whose slot climbs out of the node's folder."""
    small_stage(scene)
    nodes = Compositor(scene)
    file_output(nodes.tree, "//passes/deep/", {"../beside/shot_": nodes.layers.outputs["Image"]})


def file_output_cryptomatte(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node that collects cryptomatte passes in an OpenEXR with layers."""
    small_stage(scene)
    scene.view_layers[0].use_pass_cryptomatte_object = True
    nodes = Compositor(scene)
    passes = {name: nodes.layers.outputs[name] for name in ("CryptoObject00", "CryptoObject01")}
    file_output(
        nodes.tree, "//mattes/crypto_", {"Image": nodes.layers.outputs["Image"], **passes}, "OPEN_EXR_MULTILAYER"
    )


def file_output_of_two_layers(scene: bpy.types.Scene, home: Path) -> None:
    """A File Output node each for two view layers, where the main output shows but one."""
    cube = small_stage(scene)
    other = scene.view_layers.new("Shadows")
    other.use_pass_shadow = other.use_pass_mist = True
    nodes = Compositor(scene)
    second = nodes.tree.nodes.new("CompositorNodeRLayers")
    second.scene, second.layer = scene, "Shadows"
    cube.scale.z = 1.4
    file_output(nodes.tree, "//first/", {"shot_": nodes.layers.outputs["Image"]})
    file_output(nodes.tree, "//second/", {"mist_": second.outputs["Mist"]}, "OPEN_EXR")


MAKERS: dict[str, Maker] = {
    make.__name__: make
    for make in (
        file_output_slots,
        file_output_formats,
        file_output_in_a_group,
        file_output_muted,
        file_output_stereo,
        file_output_compositor_off,
        file_output_own_formats,
        file_output_hashes,
        file_output_extension_off,
        file_output_climbing,
        file_output_cryptomatte,
        file_output_of_two_layers,
    )
}
