# SPDX-License-Identifier: Apache-2.0
"""Writes a scene for each thing that can be found in one, and mends each as the Fix button of the panel does.

    blender -b --factory-startup --python-exit-code 1 --python tests/scenes/make_check_scenes.py -- FOLDER
    python tests/scenes/make_check_scenes.py FOLDER      where bpy is a module of this Python

`FOLDER/NAME/scene.blend` has exactly that one fault; `FOLDER/NAME/fixed.blend`, or one below, is there where
`addon/fixes.py` has a fix for it. A name may go on behind a dot where one finding has several causes.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Callable

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from building import (
    Compositor,
    add_object,
    cube_mesh,
    empty_file,
    file_output,
    material,
    small_stage,
    strips,
)

ROOT = Path(__file__).resolve().parents[2]
Maker = Callable[[bpy.types.Scene, Path], None]


def clean(scene: bpy.types.Scene, folder: Path) -> None:
    """Nothing to find, although there is much that might be: arithmetic in drivers, sounds, an output for a pass."""
    drive(scene.objects["Cube"], "sin(frame / 10) * 0.1")
    scene.frame_step = 1
    compositor = Compositor(scene)
    file_output(compositor.tree, "//passes/", {"Mist": compositor.layers.outputs["Image"]})
    noise = folder / "noise.wav"
    noise.write_bytes(b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0")
    strips(scene).new_sound("Noise", str(noise), 1, 1)


def drive(target: bpy.types.Object, expression: str) -> None:
    """Drive the height of an object by an expression."""
    driver = target.driver_add("location", 2).driver
    driver.type, driver.expression = "SCRIPTED", expression


def no_camera(scene: bpy.types.Scene, _folder: Path) -> None:
    """Leave the choice of a camera out."""
    scene.camera = None


def no_camera_at_all(scene: bpy.types.Scene, _folder: Path) -> None:
    """Have nothing to look through."""
    bpy.data.cameras.remove(scene.camera.data)


def strips_hide_scene(scene: bpy.types.Scene, _folder: Path) -> None:
    """Leave a strip in the sequencer."""
    length = {"length": 10} if bpy.app.version >= (5, 0, 0) else {"frame_end": 10}
    strips(scene).new_effect("Colour", "COLOR", 1, frame_start=1, **length)


def view_layers_off(scene: bpy.types.Scene, _folder: Path) -> None:
    """Switch the only view layer off."""
    scene.view_layers[0].use = False


def view_layer_off(scene: bpy.types.Scene, _folder: Path) -> None:
    """Switch one of two view layers off."""
    scene.view_layers.new("Shadows").use = False


def no_engine(scene: bpy.types.Scene, _folder: Path) -> None:
    """Render with an engine that only this session has."""
    engine = type("OwnEngine", (bpy.types.RenderEngine,), {"bl_idname": "FARMHAND_TEST", "bl_label": "Own"})
    bpy.utils.register_class(engine)
    scene.render.engine = "FARMHAND_TEST"


def no_denoiser(scene: bpy.types.Scene, _folder: Path) -> None:
    """Denoise."""
    scene.cycles.use_denoising = True


def rigid_body(scene: bpy.types.Scene, _folder: Path) -> None:
    """Let a cube fall."""
    falling = add_object(scene, "Falling", cube_mesh("Falling", (0.2, 0.4, 0.9)))
    falling.location.z = 5.0
    bpy.context.view_layer.objects.active = falling
    bpy.ops.rigidbody.object_add(type="ACTIVE")


def baked_too_short(scene: bpy.types.Scene, folder: Path) -> None:
    """Let a cube fall, and bake less than is rendered."""
    rigid_body(scene, folder)
    scene.rigidbody_world.point_cache.frame_end = 2
    bpy.ops.ptcache.bake_all(bake=True)


def script(_scene: bpy.types.Scene, _folder: Path) -> None:
    """Run a text when the file is opened."""
    text = bpy.data.texts.new("setup.py")
    text.write("import bpy\n")
    text.use_module = True


def scripted_driver(scene: bpy.types.Scene, _folder: Path) -> None:
    """Drive by what only Python can tell."""
    drive(scene.objects["Cube"], "len(bpy.data.objects) * 0.1")


def film(scene: bpy.types.Scene, _folder: Path) -> None:
    """Write a film."""
    if hasattr(scene.render.image_settings, "media_type"):
        scene.render.image_settings.media_type = "VIDEO"
    scene.render.image_settings.file_format = "FFMPEG"


def absolute_output(scene: bpy.types.Scene, _folder: Path) -> None:
    """Write a pass to one place for all computers."""
    compositor = Compositor(scene)
    file_output(compositor.tree, "/srv/passes/", {"Mist": compositor.layers.outputs["Image"]})


def clashing_names(scene: bpy.types.Scene, _folder: Path) -> None:
    """Write two passes whose names differ in case alone."""
    compositor = Compositor(scene)
    picture = compositor.layers.outputs["Image"]
    file_output(compositor.tree, "//passes/", {"Mist": picture, "mist": compositor.inverted(picture)})


def region(scene: bpy.types.Scene, _folder: Path) -> None:
    """Render a corner."""
    scene.render.use_border = True
    scene.render.border_max_x = 0.5


def simplify(scene: bpy.types.Scene, _folder: Path) -> None:
    """Render without detail."""
    scene.render.use_simplify = True
    scene.render.simplify_subdivision_render = 1


def percentage(scene: bpy.types.Scene, _folder: Path) -> None:
    """Render small."""
    scene.render.resolution_percentage = 50


def step(scene: bpy.types.Scene, _folder: Path) -> None:
    """Render every second frame."""
    scene.frame_step = 2


def overwrite(scene: bpy.types.Scene, _folder: Path) -> None:
    """Leave what is there."""
    scene.render.use_overwrite = False


def factory(scene: bpy.types.Scene, _folder: Path) -> None:
    """Change nothing but where the frames go."""
    del scene
    bpy.ops.wm.read_factory_settings()
    bpy.context.scene.render.filepath = "//frames/"


def temporary_output(scene: bpy.types.Scene, _folder: Path) -> None:
    """Write to the temporary folder, as every new scene does."""
    scene.render.filepath = "/tmp/"  # noqa: S108 (Blender's own default)


def frames_there(_scene: bpy.types.Scene, folder: Path) -> None:
    """Have rendered already."""
    folder.joinpath("frames").mkdir()
    folder.joinpath("frames", "shot_0002.png").write_bytes(b"a picture")


def frames_unknown(scene: bpy.types.Scene, folder: Path) -> None:
    """Leave the names of the frames to Blender, and have rendered already."""
    scene.render.filepath = "//frames/{blend_name}_"
    frames_there(scene, folder)


def library(scene: bpy.types.Scene, folder: Path) -> None:
    """Link from a file whose header says that it is of another time."""
    source = link_material(scene, folder / "library.blend")
    content = source.read_bytes()
    version = b"%d%02d" % bpy.app.version[:2]
    place = content.index(version, 0, 20)
    source.write_bytes(content[:place] + b"9" + content[place + 1 :])


def picture(path: Path) -> Path:
    """Write a small picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = bpy.data.images.new("Picture", 4, 4)
    made.filepath_raw, made.file_format = str(path), "PNG"
    made.save()
    bpy.data.images.remove(made)
    return path


def show(scene: bpy.types.Scene, path: Path, name: str = "Picture") -> bpy.types.ShaderNodeTexImage:
    """Have the cube's material show a picture."""
    tree = scene.objects["Cube"].data.materials[0].node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(path))
    node.image.name = name
    shaders = [other for other in tree.nodes if other.type == "BSDF_PRINCIPLED"]
    tree.links.new(node.outputs["Color"], shaders[0].inputs["Base Color"])
    return node


def moved_file(scene: bpy.types.Scene, folder: Path) -> None:
    """Have the picture lie elsewhere than the scene says."""
    path = picture(folder / "textures" / "wood.png")
    show(scene, path)
    folder.joinpath("moved").mkdir()
    path.rename(folder / "moved" / "wood.png")


def wrong_case(scene: bpy.types.Scene, folder: Path) -> None:
    """Write a name in other letters than the disk does."""
    path = picture(folder / "textures" / "wood.png")
    show(scene, path)
    path.rename(folder / "textures" / "Wood.PNG")


def moved_library(scene: bpy.types.Scene, folder: Path) -> None:
    """Have the library lie elsewhere than the scene says."""
    folder.joinpath("moved").mkdir()
    link_material(scene, folder / "library.blend").rename(folder / "moved" / "library.blend")


def unused_moved_file(_scene: bpy.types.Scene, folder: Path) -> None:
    """Keep a picture that nothing shows and that lies elsewhere."""
    path = picture(folder / "wood.png")
    bpy.data.images.load(str(path)).use_fake_user = True
    folder.joinpath("moved").mkdir()
    path.rename(folder / "moved" / "wood.png")


def missing_tiles(scene: bpy.types.Scene, folder: Path) -> None:
    """Have a tile more than there are files."""
    picture(folder / "skin.1001.png")
    node = show(scene, picture(folder / "skin.1002.png"))
    node.image.source = "TILED"
    node.image.filepath = str(folder / "skin.<UDIM>.png")
    for number in (1002, 1003):
        if number not in [tile.number for tile in node.image.tiles]:
            node.image.tiles.new(number)


def missing_frames(scene: bpy.types.Scene, folder: Path) -> None:
    """Lack a picture of a sequence that frames show."""
    for number in (1, 3):
        picture(folder / f"water_{number:04}.png")
    node = show(scene, folder / "water_0001.png")
    node.image.source = "SEQUENCE"
    node.image_user.frame_duration, node.image_user.use_auto_refresh = 3, True


def link_material(scene: bpy.types.Scene, source: Path) -> Path:
    """Link the cube's material from a library."""
    bpy.data.libraries.write(str(source), {material("Linked", (0.1, 0.8, 0.3))}, compress=False)
    bpy.data.materials.remove(bpy.data.materials["Linked"])
    with bpy.data.libraries.load(str(source), link=True, relative=True) as (_there, wanted):
        wanted.materials = ["Linked"]
    scene.objects["Cube"].data.materials[0] = wanted.materials[0]
    return source


def damaged_library(scene: bpy.types.Scene, folder: Path) -> None:
    """Link from a file of which the end is lost, and keep a whole one elsewhere."""
    source = link_material(scene, folder / "library.blend")
    folder.joinpath("copies").mkdir()
    content = source.read_bytes()
    folder.joinpath("copies", "library.blend").write_bytes(content)
    source.write_bytes(content[: len(content) // 2])


def emptied_library(scene: bpy.types.Scene, folder: Path) -> None:
    """Link from a file that does not hold what is linked any more."""
    source = link_material(scene, folder / "library.blend")
    other = material("Another", (0.1, 0.8, 0.3))
    bpy.data.libraries.write(str(source), {other}, compress=False)
    bpy.data.materials.remove(other)


def absolute_path(scene: bpy.types.Scene, folder: Path) -> None:
    """Name a picture from the root."""
    show(scene, picture(folder / "wood.png"))


def newer_file(scene: bpy.types.Scene, folder: Path) -> None:
    """Show a picture; it is made newer than the scene once that is saved."""
    show(scene, picture(folder / "wood.png"))


def in_temporary_folder(scene: bpy.types.Scene, folder: Path) -> None:
    """Show a picture that the next cleaning takes away."""
    del folder
    show(scene, picture(Path(tempfile.mkdtemp(prefix="farmhand-checks-")) / "wood.png"))


def clashing_files(scene: bpy.types.Scene, folder: Path) -> None:
    """Show two pictures whose names differ in case alone."""
    show(scene, picture(folder / "wood.png"))
    tree = scene.objects["Cube"].data.materials[0].node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(str(picture(folder / "Wood.png")))


# What is about absolute paths keeps them.
KEEPS_PATHS = ("absolute-path", "cache-in-temp")

MAKERS: dict[str, Maker] = {
    "missing-file": moved_file,
    "missing-file.wrong case": wrong_case,
    "missing-file.library": moved_library,
    "missing-file.unused": unused_moved_file,
    "missing-tiles": missing_tiles,
    "missing-frames": missing_frames,
    "library-unreadable": damaged_library,
    "data-block-missing": emptied_library,
    "absolute-path": absolute_path,
    "newer-file": newer_file,
    "cache-in-temp": in_temporary_folder,
    "names-clash.files": clashing_files,
    "clean": clean,
    "no-camera": no_camera,
    "no-camera.at all": no_camera_at_all,
    "strips-hide-scene": strips_hide_scene,
    "view-layers-off": view_layers_off,
    "view-layer-off": view_layer_off,
    "no-engine": no_engine,
    "no-denoiser": no_denoiser,
    "unbaked-simulation": rigid_body,
    "baked-for-other-frames": baked_too_short,
    "needs-auto-run": script,
    "needs-auto-run.driver": scripted_driver,
    "film-as-images": film,
    "film-without-ffmpeg": film,
    "absolute-file-output": absolute_output,
    "names-clash": clashing_names,
    "render-region": region,
    "simplify": simplify,
    "small-percentage": percentage,
    "frame-step": step,
    "overwrite-off": overwrite,
    "factory-defaults": factory,
    "output-moved": temporary_output,
    "frames-exist": frames_there,
    "frames-unknown": frames_unknown,
    "newer-library": library,
}


def load_fixes() -> ModuleType:
    """Load what the Fix buttons do, without the add-on around it, and the library of this checkout."""
    sys.path.append(str(ROOT / "python"))
    package = ModuleType("addon_alone")
    package.__path__ = [str(ROOT / "addon")]
    sys.modules[package.__name__] = package
    return importlib.import_module("addon_alone.fixes")


def save(path: Path, *, as_stored: bool = False) -> None:
    """Save the open file; at first Blender makes paths relative, unless they are to stay as they are."""
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False, check_existing=False, relative_remap=not as_stored)


def main(folder: Path) -> None:
    """Make them all, then mend them."""
    fixes = load_fixes()
    # The add-on's own choice, which only the add-on knows of.
    del fixes.FIXES["needs-auto-run"]
    bpy.context.preferences.filepaths.save_version = 0
    for name, make in MAKERS.items():
        home = folder / name
        home.mkdir(parents=True)
        scene = empty_file()
        small_stage(scene)
        make(scene, home)
        # Relative paths are relative to the file, so it has to lie somewhere first.
        save(home / "scene.blend", as_stored=name in KEEPS_PATHS)
        if name not in KEEPS_PATHS:
            bpy.ops.file.make_paths_relative()
            save(home / "scene.blend")
        if name == "newer-file":
            long_ago = time.time() - 3600
            os.utime(home / "scene.blend", (long_ago, long_ago))
        code = name.partition(".")[0]
        if code not in fixes.FIXES:
            continue
        if name == "missing-frames":
            # Mending it makes the picture that the scene lacks.
            home = Path(shutil.copytree(home, home / "mended"))
            bpy.ops.wm.open_mainfile(filepath=str(home / "scene.blend"))
        fixes.mend(bpy.context.scene, code)
        save(home / "fixed.blend")


main(Path(sys.argv[-1]).resolve())
