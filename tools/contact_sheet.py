# SPDX-License-Identifier: Apache-2.0
"""Puts many pictures on one sheet, so that a whole animation is seen at a glance.

    python tools/contact_sheet.py FOLDER|PICTURE [...] SHEET.png
    blender -b --factory-startup --python-exit-code 1 --python tools/contact_sheet.py -- FOLDER SHEET.png

Of a folder all its pictures are taken, in the order of their names. ImageMagick's `montage` draws the sheet where it is
installed. Where it isn't, Blender does (`FARMHAND_BLENDER`, else `blender` of the PATH, else the `bpy` module of this
Python): whoever has just rendered frames has one of these.
"""

from __future__ import annotations

import array
import math
import os
import shutil
import subprocess
import sys
from pathlib import Path

WIDTH, GAP = 240, 4
SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".exr", ".bmp", ".tga", ".hdr"}
BACKGROUND = (0.07, 0.07, 0.08, 1.0)


def columns_for(count: int) -> int:
    """Answer how many columns make a sheet of `count` pictures a little wider than high."""
    return max(1, min(count, round(math.sqrt(count * 1.2))))


def with_montage(sheet: Path, pictures: list[Path]) -> bool:
    """Draw the sheet with ImageMagick; answers whether that was possible."""
    montage = shutil.which("montage")
    if montage is None:
        return False
    command = [montage, *map(str, pictures), "-tile", f"{columns_for(len(pictures))}x", "-resize", f"{WIDTH}x"]
    command += ["-geometry", f"+{GAP // 2}+{GAP // 2}", "-background", "#121214", str(sheet)]
    return subprocess.run(command, check=False).returncode == 0


def with_this_blender(sheet: Path, pictures: list[Path]) -> None:
    """Draw the sheet inside Blender, or where bpy is a module."""
    import bpy  # noqa: PLC0415, TID251 (there is none outside Blender, where this script begins)

    cells: list[tuple[int, int, array.array[float]]] = []
    for picture in pictures:
        image = bpy.data.images.load(str(picture))
        if not image.size[0]:
            sys.stderr.write(f"left out of the sheet, as it holds several layers: {picture}\n")
            continue
        light = picture.suffix.lower() in {".exr", ".hdr"}
        if not light:
            image.colorspace_settings.name = "Non-Color"
        image.scale(WIDTH, max(1, round(WIDTH * image.size[1] / image.size[0])))
        pixels = array.array("f", bytes(4 * len(image.pixels)))
        image.pixels.foreach_get(pixels)
        if light:
            pixels = array.array("f", (min(1.0, max(0.0, value)) ** (1 / 2.2) for value in pixels))
        cells.append((image.size[0], image.size[1], pixels))
        bpy.data.images.remove(image)
    columns = columns_for(len(cells))
    rows = math.ceil(len(cells) / columns)
    across, down = WIDTH + GAP, max(height for _, height, _ in cells) + GAP
    width, height = columns * across, rows * down
    paper = array.array("f", BACKGROUND) * (width * height)
    for place, (cell_width, cell_height, pixels) in enumerate(cells):
        left = (place % columns) * across + GAP // 2
        low = (rows - 1 - place // columns) * down + GAP // 2
        for line in range(cell_height):
            target = 4 * ((low + line) * width + left)
            source = 4 * line * cell_width
            paper[target : target + 4 * cell_width] = pixels[source : source + 4 * cell_width]
    drawn = bpy.data.images.new("Sheet", width, height)
    drawn.pixels.foreach_set(paper)
    drawn.filepath_raw = str(sheet)
    drawn.file_format = "PNG"
    drawn.save()


def with_a_blender(sheet: Path, pictures: list[Path]) -> bool:
    """Draw the sheet with a Blender of this computer; answers whether that was possible."""
    try:
        with_this_blender(sheet, pictures)
    except ImportError:
        blender = os.environ.get("FARMHAND_BLENDER") or shutil.which("blender")
        if blender is None:
            return False
        command = [blender, "-b", "--factory-startup", "--python-exit-code", "1", "--python", __file__, "--"]
        done = subprocess.run([*command, *map(str, pictures), str(sheet)], stdout=subprocess.DEVNULL, check=False)
        return done.returncode == 0
    return True


def pictures_of(source: Path) -> list[Path]:
    """Answer the pictures that `source` stands for: those of a folder, or itself."""
    if source.is_dir():
        return sorted(path for path in source.iterdir() if path.suffix.lower() in SUFFIXES)
    return [source]


def main(arguments: list[str]) -> int:
    """Draw the sheet; answers the exit code."""
    if not arguments[1:]:
        sys.stderr.write("usage: contact_sheet.py FOLDER|PICTURE [...] SHEET.png\n")
        return 2
    sources, sheet = [Path(name).resolve() for name in arguments[:-1]], Path(arguments[-1]).resolve()
    missing = [source for source in sources if not source.exists()]
    pictures = [picture for source in sources for picture in pictures_of(source)]
    if missing or not pictures:
        sys.stderr.write(f"no contact sheet: there is no picture at {(missing or sources)[0]}\n")
        return 1
    sheet.parent.mkdir(parents=True, exist_ok=True)
    if not (with_montage(sheet, pictures) or with_a_blender(sheet, pictures)):
        sys.stderr.write("no contact sheet: install ImageMagick, or name a Blender in FARMHAND_BLENDER\n")
        return 1
    sys.stdout.write(f"{sheet}\n")
    return 0


if __name__ == "__main__":
    code = main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])
    if code:
        sys.exit(code)
