# SPDX-License-Identifier: Apache-2.0
"""Scenes about what is in the pictures: cameras, scenes, libraries, textures, sequencer, compositor, simulation."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import bpy
from building import (
    Compositor,
    add_object,
    backdrop,
    camera,
    cube_mesh,
    empty_file,
    file_output,
    small_cycles,
    small_stage,
    strips,
    textured,
    write_png,
)

if TYPE_CHECKING:
    from pathlib import Path

    from scenes_files import Maker

COLORS = [(220, 60, 30), (240, 200, 40), (60, 200, 80), (40, 120, 230), (180, 60, 200), (250, 250, 250)]


def camera_markers(scene: bpy.types.Scene, home: Path) -> None:
    """Markers change the camera at frames 3 and 5."""
    scene.frame_end = 6
    small_stage(scene)
    places = {1: ("Front", (0.0, -6.0, 3.0)), 3: ("Above", (0.1, -0.5, 7.0)), 5: ("Side", (6.0, -1.0, 1.0))}
    for frame, (name, place) in places.items():
        marker = scene.timeline_markers.new(name, frame=frame)
        marker.camera = camera(scene, name, place)


def several_scenes(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """Two scenes with different frames; the one that is not active is rendered."""
    small_stage(scene)
    other = bpy.data.scenes.new("Second shot")
    small_cycles(other, (4, 6))
    small_stage(other)
    other.objects["Cube.001"].scale = (1.0, 1.0, 2.0)
    other.render.filepath = "//second/shot_"
    return {"scene": other.name}


def scene_in_the_compositor(scene: bpy.types.Scene, home: Path) -> None:
    """The compositor mixes this scene with the render of another one."""
    small_stage(scene)
    other = bpy.data.scenes.new("Background")
    small_cycles(other)
    small_stage(other)
    other.camera.location.x = 4.0
    nodes = Compositor(scene)
    second = nodes.tree.nodes.new("CompositorNodeRLayers")
    second.scene = other
    over = nodes.tree.nodes.new("CompositorNodeAlphaOver")
    pictures = [socket for socket in over.inputs if socket.type == "RGBA"]
    factor = next(socket for socket in over.inputs if socket.type == "VALUE")
    factor.default_value = 0.5
    nodes.link(second.outputs["Image"], pictures[0])
    nodes.link(nodes.layers.outputs["Image"], pictures[1])
    nodes.link(over.outputs["Image"], nodes.result.inputs["Image"])


def compositor(scene: bpy.types.Scene, home: Path) -> None:
    """The compositor inverts the picture."""
    small_stage(scene)
    nodes = Compositor(scene)
    nodes.link(nodes.inverted(nodes.layers.outputs["Image"]), nodes.result.inputs["Image"])


def linked_library(scene: bpy.types.Scene, home: Path) -> None:
    """A tower comes from another .blend, as an instance of a linked collection."""
    tower = bpy.data.collections.new("Tower")
    for storey in range(3):
        cube = bpy.data.objects.new(f"Storey {storey}", cube_mesh("Storey", (0.3 * storey, 0.4, 0.9), 0.8))
        cube.location.z = 0.4 + 0.8 * storey
        tower.objects.link(cube)
    library = home / "library" / "tower.blend"
    library.parent.mkdir()
    bpy.data.libraries.write(str(library), {tower})
    shot = empty_file()
    small_stage(shot)
    with bpy.data.libraries.load(str(library), link=True) as (_there, wanted):
        wanted.collections = ["Tower"]
    instance = add_object(shot, "Tower", None)
    instance.instance_type = "COLLECTION"
    instance.instance_collection = wanted.collections[0]
    instance.location = (1.2, 1.2, 0.0)


def udim_texture(scene: bpy.types.Scene, home: Path) -> None:
    """A wall with a texture of two UDIM tiles."""
    small_stage(scene)
    for tile, color in zip((1001, 1002), COLORS):
        write_png(home / "textures" / f"wall.{tile}.png", color)
    image = bpy.data.images.load(str(home / "textures" / "wall.1001.png"))
    image.source = "TILED"
    image.filepath = str(home / "textures" / "wall.<UDIM>.png")
    if not any(tile.number == 1002 for tile in image.tiles):
        image.tiles.new(1002)
    backdrop(scene, textured("Wall", image)[0], tiles=2.0)


def image_sequence(scene: bpy.types.Scene, home: Path) -> None:
    """A wall whose texture changes with each frame: an image sequence."""
    scene.frame_end = 5
    small_stage(scene)
    for number, color in enumerate(COLORS, start=1):
        write_png(home / "textures" / f"film_{number:04}.png", color)
    image = bpy.data.images.load(str(home / "textures" / "film_0001.png"))
    image.source = "SEQUENCE"
    surface, texture = textured("Screen", image)
    texture.image_user.frame_duration = len(COLORS)
    texture.image_user.frame_start = 1
    texture.image_user.use_auto_refresh = True
    backdrop(scene, surface)


def sequencer_images(scene: bpy.types.Scene, home: Path) -> None:
    """The sequencer has strips: its pictures are the frames, not the scene's render."""
    scene.frame_end = 4
    small_stage(scene)
    for number, color in enumerate(COLORS[:4], start=1):
        write_png(home / "plates" / f"plate_{number}.png", color, size=48)
    strip = strips(scene).new_image(
        name="Plates", filepath=str(home / "plates" / "plate_1.png"), channel=1, frame_start=1
    )
    for number in (2, 3, 4):
        strip.elements.append(f"plate_{number}.png")
    strip.frame_final_duration = 4


def sequencer_scene(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """A cut in the sequencer: a scene strip of another scene, then a colour."""
    small_stage(scene)
    cut = bpy.data.scenes.new("Cut")
    small_cycles(cut, (1, 4))
    strip = strips(cut).new_scene(name="Shot", scene=scene, channel=1, frame_start=1)
    strip.frame_final_duration = 2
    color = strips(cut).new_effect(
        name="Colour", type="COLOR", channel=1, frame_start=3, **effect_length(strips(cut), 3)
    )
    color.color = (0.1, 0.6, 0.3)
    return {"scene": cut.name}


def sequencer_film(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """The sequencer edits a film whose first frame is cut off, a sound, and a colour that is half seen through."""
    if not bpy.app.build_options.codec_ffmpeg:
        return {"left_out": "this Blender is built without ffmpeg"}
    plates = bpy.data.scenes.new("Plates")
    small_cycles(plates, (1, 5))
    sequencer_images(plates, home)
    image = plates.render.image_settings
    if hasattr(image, "media_type"):
        image.media_type = "VIDEO"
    image.file_format = "FFMPEG"
    plates.render.ffmpeg.format, plates.render.ffmpeg.codec = "MKV", "FFV1"
    plates.render.ffmpeg.audio_codec = "NONE"
    plates.render.use_file_extension = False
    plates.render.filepath = str(home / "plates" / "film.mkv")
    bpy.ops.render.render(animation=True, scene=plates.name)
    bpy.data.scenes.remove(plates)
    scene.frame_end = 4
    # The bpy wheel of 4.2 can't read sounds.
    if bpy.app.build_options.audaspace:
        silence = home / "plates" / "silence.wav"
        with wave.open(str(silence), "wb") as file:
            file.setparams((1, 2, 8000, 0, "NONE", ""))
            file.writeframes(bytes(16000))
        strips(scene).new_sound(name="Sound", filepath=str(silence), channel=1, frame_start=1)
    film = strips(scene).new_movie(name="Film", filepath=str(home / "plates" / "film.mkv"), channel=2, frame_start=0)
    film.frame_offset_start = 1
    color = strips(scene).new_effect(
        name="Colour", type="COLOR", channel=3, frame_start=3, **effect_length(strips(scene), 3)
    )
    color.color, color.blend_type, color.blend_alpha = (0.1, 0.6, 0.3), "ALPHA_OVER", 0.5
    return None


def effect_length(of: bpy.types.bpy_prop_collection, frames: int) -> dict[str, int]:
    """Say how long an effect strip from frame 3 is; 5.0 renamed the argument."""
    known = {argument.identifier for argument in of.bl_rna.functions["new_effect"].parameters}
    return {"length": frames} if "length" in known else {"frame_end": 3 + frames}


def percentage(scene: bpy.types.Scene, home: Path) -> None:
    """Half the resolution."""
    small_stage(scene)
    scene.render.resolution_x, scene.render.resolution_y = 97, 63
    scene.render.resolution_percentage = 50


def border(scene: bpy.types.Scene, home: Path) -> None:
    """A render border without crop: the rest of the picture stays empty."""
    small_stage(scene)
    scene.render.use_border = True
    scene.render.border_min_x, scene.render.border_max_x = 0.25, 0.8
    scene.render.border_min_y, scene.render.border_max_y = 0.2, 0.75


def border_cropped(scene: bpy.types.Scene, home: Path) -> None:
    """A render border with crop: the picture is as large as the border."""
    border(scene, home)
    scene.render.use_crop_to_border = True


def burned_in(scene: bpy.types.Scene, home: Path) -> None:
    """Frame number, camera and scene are burned into the picture."""
    small_stage(scene)
    scene.render.resolution_x, scene.render.resolution_y = 96, 64
    scene.render.use_stamp = True
    scene.render.use_stamp_date = scene.render.use_stamp_render_time = scene.render.use_stamp_time = False
    scene.render.use_stamp_filename = False
    scene.render.use_stamp_frame = scene.render.use_stamp_camera = scene.render.use_stamp_scene = True


def motion_blur(scene: bpy.types.Scene, home: Path) -> None:
    """Motion blur looks at the time before and after each frame."""
    small_stage(scene)
    scene.render.use_motion_blur = True
    scene.cycles.samples = 8


def persistent_data(scene: bpy.types.Scene, home: Path) -> None:
    """Cycles keeps the scene between frames, which are not rendered in order."""
    scene.frame_end = 6
    small_stage(scene)
    scene.render.use_persistent_data = True


def frame_driver(scene: bpy.types.Scene, home: Path) -> None:
    """A driver raises the cube with the frame number, and shape keys bend it."""
    cube = small_stage(scene)
    cube.animation_data_clear()
    cube.driver_add("location", 2).driver.expression = "0.4 + frame * 0.4"
    cube.shape_key_add(name="Basis")
    bent = cube.shape_key_add(name="Bent")
    for point in bent.data[4:]:
        point.co.x += 1.5
    bent.value = 0.0
    bent.keyframe_insert("value", frame=1)
    bent.value = 1.0
    bent.keyframe_insert("value", frame=3)


def rigid_body(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """A cube falls by a simulation that isn't baked: right only in order from its first frame."""
    scene.frame_end = 12
    cube = small_stage(scene)
    cube.animation_data_clear()
    cube.location = (0.0, 0.0, 1.7)
    cube.rotation_euler = (0.5, 0.4, 0.0)
    bpy.ops.rigidbody.world_add()
    for name, kind in (("Cube", "ACTIVE"), ("Ground", "PASSIVE")):
        with bpy.context.temp_override(object=scene.objects[name], active_object=scene.objects[name]):
            bpy.ops.rigidbody.object_add(type=kind)
    return {"played": True}


def workbench(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """The Workbench engine."""
    return {"left_out": "Workbench draws with OpenGL, and these tests run where no display is"}


def sequencer_off(scene: bpy.types.Scene, home: Path) -> None:
    """The sequencer has a strip and is switched off in the output properties: the scene itself is rendered."""
    small_stage(scene)
    strips(scene).new_effect(name="Colour", type="COLOR", channel=1, frame_start=1, **effect_length(strips(scene), 3))
    scene.render.use_sequencer = False


def sequencer_and_nodes(scene: bpy.types.Scene, home: Path) -> dict[str, object]:
    """A cut in the sequencer of a scene with a compositor and a File Output node: what runs is Blender's to say."""
    small_stage(scene)
    nodes = Compositor(scene)
    file_output(nodes.tree, "//passes/", {"shot_": nodes.inverted(nodes.layers.outputs["Image"])})
    cut = bpy.data.scenes.new("Cut")
    small_cycles(cut, (1, 3))
    strip = strips(cut).new_scene(name="Shot", scene=scene, channel=1, frame_start=1)
    strip.frame_final_duration = 3
    return {"scene": cut.name}


MAKERS: dict[str, Maker] = {
    make.__name__: make
    for make in (
        camera_markers,
        several_scenes,
        scene_in_the_compositor,
        compositor,
        linked_library,
        udim_texture,
        image_sequence,
        sequencer_images,
        sequencer_scene,
        sequencer_film,
        percentage,
        border,
        border_cropped,
        burned_in,
        motion_blur,
        persistent_data,
        frame_driver,
        rigid_body,
        workbench,
        sequencer_off,
        sequencer_and_nodes,
    )
}
