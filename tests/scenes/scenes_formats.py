# SPDX-License-Identifier: Apache-2.0
"""Scenes about the formats that Blender writes pictures in, and what is in the files: bits, codecs, layers, passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from building import picture_format, small_stage

if TYPE_CHECKING:
    from pathlib import Path

    from scenes_files import Maker


def in_format(scene: bpy.types.Scene, file_format: str, **others: object) -> dict[str, object] | None:
    """Fill `scene` and set its format; answers why it is left out where this Blender is built without that."""
    small_stage(scene)
    try:
        picture_format(scene.render.image_settings, file_format, **others)
    except TypeError:
        return {"left_out": f"this Blender has no {file_format}"}
    return None


def jpeg(scene: bpy.types.Scene, home: Path) -> None:
    """JPEG files."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "JPEG", quality=80)


def tiff(scene: bpy.types.Scene, home: Path) -> None:
    """TIFF files with 16 bits and alpha, as .tif."""
    small_stage(scene)
    scene.render.film_transparent = True
    picture_format(scene.render.image_settings, "TIFF", color_mode="RGBA", color_depth="16")


def png_16_bits(scene: bpy.types.Scene, home: Path) -> None:
    """PNG files with 16 bits and alpha, before a transparent sky."""
    small_stage(scene)
    scene.render.film_transparent = True
    picture_format(scene.render.image_settings, "PNG", color_mode="RGBA", color_depth="16", compression=90)


def png_grey(scene: bpy.types.Scene, home: Path) -> None:
    """PNG files in shades of grey."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "PNG", color_mode="BW")


def webp(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """WebP files."""
    return in_format(scene, "WEBP", quality=90)


def exr(scene: bpy.types.Scene, home: Path) -> None:
    """OpenEXR with one layer and half floats."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "OPEN_EXR", color_mode="RGBA", color_depth="16", exr_codec="ZIP")


def exr_with_preview(scene: bpy.types.Scene, home: Path) -> None:
    """OpenEXR with a JPEG preview beside each file."""
    small_stage(scene)
    picture_format(scene.render.image_settings, "OPEN_EXR", exr_codec="PIZ")
    scene.render.image_settings.use_preview = True


def exr_layers(scene: bpy.types.Scene, home: Path) -> None:
    """OpenEXR with several layers: passes of the view layer."""
    small_stage(scene)
    layer = scene.view_layers[0]
    layer.use_pass_z = layer.use_pass_normal = layer.use_pass_mist = True
    picture_format(scene.render.image_settings, "OPEN_EXR_MULTILAYER", exr_codec="ZIPS")


def view_layers(scene: bpy.types.Scene, home: Path) -> None:
    """Three view layers, one of them switched off, in one OpenEXR."""
    cube = small_stage(scene)
    without = scene.view_layers.new("Without cube")
    scene.view_layers.new("Switched off").use = False
    apart = bpy.data.collections.new("Cube")
    scene.collection.children.link(apart)
    scene.collection.objects.unlink(cube)
    apart.objects.link(cube)
    without.layer_collection.children["Cube"].exclude = True
    picture_format(scene.render.image_settings, "OPEN_EXR_MULTILAYER")


def webp_lossless(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """WebP files without loss, with alpha."""
    scene.render.film_transparent = True
    return in_format(scene, "WEBP", quality=100, color_mode="RGBA")


def avif(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """AVIF files."""
    return in_format(scene, "AVIF")


def bmp(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """BMP files."""
    return in_format(scene, "BMP")


def targa(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """Targa files, packed, with alpha."""
    scene.render.film_transparent = True
    return in_format(scene, "TARGA", color_mode="RGBA")


def targa_raw(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """Targa files, raw."""
    return in_format(scene, "TARGA_RAW")


def iris(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """Iris files."""
    return in_format(scene, "IRIS")


def radiance_hdr(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """Radiance HDR files."""
    return in_format(scene, "HDR")


def dpx(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """DPX files with 10 bits, linear."""
    return in_format(scene, "DPX", color_depth="10")


def dpx_log(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """DPX files with 16 bits, logarithmic, with alpha."""
    scene.render.film_transparent = True
    return in_format(scene, "DPX", color_mode="RGBA", color_depth="16", use_cineon_log=True)


def cineon(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """Cineon files."""
    return in_format(scene, "CINEON")


def jpeg2000(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """JPEG 2000 files with 16 bits, as .jp2."""
    return in_format(scene, "JPEG2000", color_depth="16", jpeg2k_codec="JP2")


def jpeg2000_stream(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """JPEG 2000 code streams, as .j2c."""
    return in_format(scene, "JPEG2000", jpeg2k_codec="J2K")


def tiff_8_bits(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """TIFF files with 8 bits, packed by LZW."""
    return in_format(scene, "TIFF", color_depth="8", tiff_codec="LZW")


def tiff_unpacked(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """TIFF files in shades of grey, not packed."""
    return in_format(scene, "TIFF", color_mode="BW", tiff_codec="NONE")


def exr_floats(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """OpenEXR with full floats, not packed."""
    return in_format(scene, "OPEN_EXR", color_depth="32", exr_codec="NONE")


def exr_lossy(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """OpenEXR packed by DWAA, with some loss."""
    return in_format(scene, "OPEN_EXR", color_depth="16", exr_codec="DWAA")


def exr_b44(scene: bpy.types.Scene, home: Path) -> dict[str, object] | None:
    """OpenEXR packed by B44."""
    return in_format(scene, "OPEN_EXR", color_depth="16", exr_codec="B44")


def cryptomatte(scene: bpy.types.Scene, home: Path) -> None:
    """OpenEXR with several layers: cryptomatte passes of objects, materials and assets."""
    small_stage(scene)
    layer = scene.view_layers[0]
    layer.use_pass_cryptomatte_object = layer.use_pass_cryptomatte_material = True
    layer.use_pass_cryptomatte_asset = True
    layer.pass_cryptomatte_depth = 6
    picture_format(scene.render.image_settings, "OPEN_EXR_MULTILAYER", color_depth="32")


def light_passes(scene: bpy.types.Scene, home: Path) -> None:
    """OpenEXR with several layers as half floats: light passes, positions, an AOV."""
    small_stage(scene)
    layer = scene.view_layers[0]
    layer.use_pass_diffuse_direct = layer.use_pass_emit = layer.use_pass_environment = layer.use_pass_position = True
    layer.aovs.add().name = "Mask"
    picture_format(scene.render.image_settings, "OPEN_EXR_MULTILAYER", color_depth="16", exr_codec="PXR24")


MAKERS: dict[str, Maker] = {
    make.__name__: make
    for make in (
        jpeg,
        tiff,
        png_16_bits,
        png_grey,
        webp,
        exr,
        exr_with_preview,
        exr_layers,
        view_layers,
        webp_lossless,
        avif,
        bmp,
        targa,
        targa_raw,
        iris,
        radiance_hdr,
        dpx,
        dpx_log,
        cineon,
        jpeg2000,
        jpeg2000_stream,
        tiff_8_bits,
        tiff_unpacked,
        exr_floats,
        exr_lossy,
        exr_b44,
        cryptomatte,
        light_passes,
    )
}
