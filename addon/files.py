# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that the open scene names, and what the Fix buttons do about them.

Blender waits for no disk: files are looked for and copied by the library in the background.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Callable, NamedTuple

import bpy

import farmhand

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Paths, and what became of each.
Changes = "dict[str, str | None]"


class DiskFix(NamedTuple):
    """A fix that needs the disk. The scene may be another one by the time it is applied, so nothing of it is kept."""

    # What is said meanwhile.
    doing: str
    # Begins the work on files.
    begin: Callable[[bpy.types.Scene], farmhand.FileWork]
    # Takes its outcome over into the scene.
    apply: Callable[[bpy.types.Scene, Changes], None]


class NamedFile(NamedTuple):
    """A property that names a file or a folder."""

    holder: bpy.types.bpy_struct
    attribute: str

    @property
    def stored(self) -> str:
        """The path as it is stored."""
        return getattr(self.holder, self.attribute)

    @property
    def path(self) -> Path:
        """Where it leads."""
        return Path(os.path.normpath(bpy.path.abspath(self.stored)))

    @property
    def is_set(self) -> bool:
        """Tell whether it stands for all tiles or pictures of a set."""
        source = getattr(self.holder, "source", "")
        return source in {"TILED", "SEQUENCE"} or bool(getattr(self.holder, "is_sequence", False))

    def lead_to(self, path: Path) -> None:
        """Lead elsewhere: by a relative path where it was one."""
        keeps_relative = self.stored.startswith("//")
        setattr(self.holder, self.attribute, bpy.path.relpath(str(path)) if keeps_relative else str(path))


def named_files(scene: bpy.types.Scene) -> Iterator[NamedFile]:
    """Return every file that local data names, packed ones left out."""
    data = bpy.data
    kinds = (data.libraries, data.images, data.movieclips, data.sounds, data.fonts, data.volumes, data.cache_files)
    for thing in (thing for things in kinds for thing in things):
        if thing.library is None and thing.filepath not in {"", "<builtin>"} and not _is_made_here(thing):
            yield NamedFile(thing, "filepath")
    for node in _shader_nodes():
        if getattr(node, "mode", "") == "EXTERNAL" and getattr(node, "filepath", ""):
            yield NamedFile(node, "filepath")
    for modifier in _modifiers():
        if modifier.type == "MESH_CACHE" and modifier.filepath:
            yield NamedFile(modifier, "filepath")
    yield from (NamedFile(strip, "filepath") for strip in _strips(scene) if strip.type == "MOVIE")


def _modifiers() -> Iterator[bpy.types.Modifier]:
    for one in bpy.data.objects:
        if one.library is None:
            yield from one.modifiers


def _is_made_here(thing: bpy.types.ID) -> bool:
    is_packed = getattr(thing, "packed_file", None) is not None or bool(getattr(thing, "packed_files", None))
    return is_packed or getattr(thing, "source", "") in {"GENERATED", "VIEWER"}


def _shader_nodes() -> Iterator[bpy.types.Node]:
    for holder in (*bpy.data.materials, *bpy.data.worlds, *bpy.data.lights):
        if holder.library is None and holder.node_tree is not None:
            yield from holder.node_tree.nodes
    for tree in bpy.data.node_groups:
        if tree.library is None:
            yield from tree.nodes


def _strips(scene: bpy.types.Scene) -> Iterable[bpy.types.Strip]:
    editor = scene.sequence_editor
    if editor is None:
        return ()
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def find_missing(_scene: bpy.types.Scene, folder: Path | None = None) -> DiskFix:
    """Lead to files that are missing where the only one like it lies below a folder: at first the scene's own."""
    below = folder or Path(bpy.data.filepath).parent

    def begin(scene: bpy.types.Scene) -> farmhand.FileWork:
        paths = [named.path for named in named_files(scene)]
        paths += [path for strip in _picture_strips(scene) for path in _pictures(strip)]
        return farmhand.find_files(paths, below=below)

    def apply(scene: bpy.types.Scene, found: Changes) -> None:
        left = []
        for named in named_files(scene):
            path = str(named.path)
            if path in found and found[path] is None:
                left.append(path)
            elif path in found:
                named.lead_to(Path(found[path]))
        for strip in _picture_strips(scene):
            left += _lead_strip(strip, found)
        if left:
            names = ", ".join(dict.fromkeys(re.split(r"[/\\]", path)[-1] for path in left))
            raise RuntimeError(f"Below {below} there is not exactly one file like {names}: search another folder")

    return DiskFix(f"Looking for files below {below}…", begin, apply)


def _picture_strips(scene: bpy.types.Scene) -> list[bpy.types.Strip]:
    return [strip for strip in _strips(scene) if strip.type == "IMAGE"]


def _pictures(strip: bpy.types.Strip) -> list[Path]:
    folder = bpy.path.abspath(strip.directory)
    return [Path(os.path.normpath(os.path.join(folder, element.filename))) for element in strip.elements]  # noqa: PTH118


def _lead_strip(strip: bpy.types.Strip, found: Changes) -> list[str]:
    """Lead a strip to its pictures, where all of them lie in one folder now; return those that do not."""
    pictures = [str(path) for path in _pictures(strip)]
    missing = [path for path in pictures if path in found]
    places = [found.get(path, path) for path in pictures]
    folders = {Path(place).parent if place else None for place in places}
    if not missing or None in folders or len(folders) != 1:
        return missing
    keeps_relative = strip.directory.startswith("//")
    folder = str(folders.pop())
    strip.directory = (bpy.path.relpath(folder) if keeps_relative else folder) + "/"
    for element, place in zip(strip.elements, places):
        element.filename = Path(place).name
    return []


def make_relative(_scene: bpy.types.Scene) -> None:
    """Name every file as seen from the .blend file."""
    bpy.ops.file.make_paths_relative()


def load_again(_scene: bpy.types.Scene) -> None:
    """Load pictures and libraries as they are on disk now; saving the scene then says that they were seen."""
    for image in bpy.data.images:
        if image.library is None and not _is_made_here(image):
            image.reload()
    for library in list(bpy.data.libraries):
        if Path(bpy.path.abspath(library.filepath)).exists():
            library.reload()


def bring_beside(_scene: bpy.types.Scene) -> DiskFix:
    """Copy what lies in the temporary folder beside the .blend file, and name it there."""
    home = Path(bpy.data.filepath).parent

    def begin(scene: bpy.types.Scene) -> farmhand.FileWork:
        files = [
            (named.path, home / "files" / named.path.name, named.is_set)
            for named in named_files(scene)
            if _is_temporary(named.path, home)
        ]
        caches = [named for named in _cache_folders() if _is_temporary(named.path, home)]
        return farmhand.bring_files(files + [(named.path, _cache_home(named, home), False) for named in caches])

    def apply(scene: bpy.types.Scene, brought: Changes) -> None:
        for named in named_files(scene):
            if str(named.path) in brought:
                setattr(named.holder, named.attribute, bpy.path.relpath(brought[str(named.path)]))
        for named in _cache_folders():
            if _is_temporary(named.path, home):
                # Where nothing is baked yet there was nothing to copy.
                place = brought.get(str(named.path)) or str(_cache_home(named, home))
                setattr(named.holder, named.attribute, bpy.path.relpath(place))

    return DiskFix(f"Copying files to {home}…", begin, apply)


def _cache_home(named: NamedFile, home: Path) -> Path:
    return home / f"cache_{bpy.path.clean_name(named.holder.id_data.name)}"


def _cache_folders() -> Iterator[NamedFile]:
    for modifier in _modifiers():
        if modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
            yield NamedFile(modifier.domain_settings, "cache_directory")
        elif modifier.type == "OCEAN" and modifier.filepath:
            yield NamedFile(modifier, "filepath")


def _is_temporary(path: Path, home: Path) -> bool:
    folders = [Path(tempfile.gettempdir()), Path("/tmp"), Path(bpy.app.tempdir)]  # noqa: S108 - to be left alone
    return home not in path.parents and any(folder in path.parents for folder in folders)


def part_clashing_files(_scene: bpy.types.Scene) -> DiskFix:
    """Give files whose paths differ in upper and lower case alone names of their own, as copies beside them."""

    def begin(scene: bpy.types.Scene) -> farmhand.FileWork:
        return farmhand.part_files([named.path for named in named_files(scene)])

    def apply(scene: bpy.types.Scene, parted: Changes) -> None:
        for named in named_files(scene):
            if str(named.path) in parted:
                named.lead_to(Path(parted[str(named.path)]))

    return DiskFix("Copying files…", begin, apply)


def leave_tiles_out(_scene: bpy.types.Scene) -> DiskFix:
    """Take tiles off images where their files are missing."""

    def begin(_scene: bpy.types.Scene) -> farmhand.FileWork:
        return farmhand.find_files([path for image in _tiled_images() for path in _tiles(image)])

    def apply(_scene: bpy.types.Scene, missing: Changes) -> None:
        for image in _tiled_images():
            for path, number in _tiles(image).items():
                if path in missing and len(image.tiles) > 1:
                    image.tiles.remove(image.tiles.get(number))

    return DiskFix("Looking for tiles…", begin, apply)


def _tiled_images() -> list[bpy.types.Image]:
    images = bpy.data.images
    return [one for one in images if one.source == "TILED" and one.library is None and not one.packed_files]


def _tiles(image: bpy.types.Image) -> dict[str, int]:
    """Return the number of each tile, by its file."""
    tiles = {}
    for tile in image.tiles:
        number = tile.number - 1001
        path = bpy.path.abspath(image.filepath).replace("<UDIM>", str(tile.number))
        tiles[path.replace("<UVTILE>", f"u{number % 10 + 1}_v{number // 10 + 1}")] = tile.number
    return tiles


def fill_gaps(_scene: bpy.types.Scene) -> DiskFix:
    """Fill each gap of a sequence with a copy of the picture before it, as far as frames of the scene show it."""

    def begin(_scene: bpy.types.Scene) -> farmhand.FileWork:
        return farmhand.fill_sequences(
            [
                (bpy.path.abspath(image.filepath), shown.frame_offset + 1, shown.frame_offset + shown.frame_duration)
                for image, shown in _shown_sequences()
            ]
        )

    def apply(_scene: bpy.types.Scene, _made: Changes) -> None:
        for image in {image for image, _ in _shown_sequences()}:
            image.reload()

    return DiskFix("Copying pictures…", begin, apply)


def _shown_sequences() -> Iterator[tuple[bpy.types.Image, bpy.types.ImageUser]]:
    for node in _shader_nodes():
        image = getattr(node, "image", None)
        if image is not None and image.source == "SEQUENCE" and not image.packed_files:
            yield image, getattr(node, "image_user", node)


def leave_missing_links_out(_scene: bpy.types.Scene) -> None:
    """Remove the placeholders of what its library does not hold any more."""
    for library in list(bpy.data.libraries):
        path = bpy.path.abspath(library.filepath)
        if not Path(path).is_file():
            continue
        with bpy.data.libraries.load(path, link=True) as (there, _wanted):
            held = {kind: getattr(there, kind) for kind in dir(there)}
        for kind, names in held.items():
            things = getattr(bpy.data, kind, None)
            # Beside the names there is, from 5.0 on, the version.
            if not isinstance(things, bpy.types.bpy_prop_collection):
                continue
            for thing in [one for one in things if one.library == library and one.name not in names]:
                things.remove(thing)
