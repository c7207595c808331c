# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that the open scene names, and what the Fix buttons do about them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import bpy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A folder with more below it is somebody's disk; looking through it would keep Blender waiting.
_MAX_ENTRIES = 200_000
# Copying more than this would, too.
_MAX_COPIED_BYTES = 2_000_000_000
_TILE_MARKS = {"<UDIM>": "1001", "<UVTILE>": "u1_v1"}


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
    def file_name(self) -> str:
        """The file's name, whatever system the path is of; of a set of tiles that of the first."""
        name = re.split(r"[/\\]", self.stored)[-1]
        for mark, first in _TILE_MARKS.items():
            name = name.replace(mark, first)
        return name

    @property
    def is_there(self) -> bool:
        """Tell whether there is such a file."""
        return self.path.with_name(self.file_name).exists()

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


def find_missing(scene: bpy.types.Scene, folder: Path | None = None) -> None:
    """Lead to files that are missing where the only file of that name lies below a folder: at first the scene's own."""
    folder = folder or Path(bpy.data.filepath).parent
    missing = [named for named in named_files(scene) if not named.is_there]
    pictures = [
        (strip, element)
        for strip in _strips(scene)
        if strip.type == "IMAGE"
        for element in strip.elements
        if not (Path(bpy.path.abspath(strip.directory)) / element.filename).exists()
    ]
    names = {named.file_name for named in missing} | {element.filename for _, element in pictures}
    places = _search(folder, {name.lower() for name in names})
    left = []
    for named in missing:
        found = _the_one(places, named.file_name)
        if found is None:
            left.append(named.file_name)
            continue
        with_marks = re.split(r"[/\\]", named.stored)[-1]
        named.lead_to(found if with_marks == named.file_name else found.with_name(with_marks))
    left += _find_pictures(pictures, places)
    if left:
        names = ", ".join(dict.fromkeys(left))
        raise RuntimeError(f"Below {folder} there is not exactly one file named {names}: search another folder")


def _find_pictures(
    pictures: list[tuple[bpy.types.Strip, bpy.types.StripElement]], places: dict[str, list[Path]]
) -> list[str]:
    """Lead strips to their pictures, where those that are missing lie in one folder; return the names of the others."""
    left = []
    for strip in dict.fromkeys(strip for strip, _ in pictures):
        found = {element: _the_one(places, element.filename) for element in strip.elements}
        folders = {path.parent if path else None for path in found.values()}
        if None in folders or len(folders) != 1:
            left += [element.filename for one, element in pictures if one == strip]
            continue
        keeps_relative = strip.directory.startswith("//")
        folder = str(folders.pop())
        strip.directory = (bpy.path.relpath(folder) if keeps_relative else folder) + "/"
        for element, path in found.items():
            element.filename = path.name
    return left


def _search(folder: Path, names: set[str]) -> dict[str, list[Path]]:
    """Return where files of these names lie, by the name in small letters."""
    found: dict[str, list[Path]] = {}
    seen = 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        seen += len(files) + len(folders)
        for name in files:
            if name.lower() in names:
                found.setdefault(name.lower(), []).append(Path(place, name))
        if seen > _MAX_ENTRIES:
            break
    return found


def _the_one(places: dict[str, list[Path]], name: str) -> Path | None:
    """Return the only file of a name; where names differ in case alone, the one that is written so."""
    found = places.get(name.lower(), [])
    found = [path for path in found if path.name == name] or found
    return found[0] if len(found) == 1 else None


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


def bring_beside(scene: bpy.types.Scene) -> None:
    """Copy what lies in the temporary folder beside the .blend file, and name it there."""
    home = Path(bpy.data.filepath).parent
    temporary = [named for named in named_files(scene) if _is_temporary(named.path, home) and named.is_there]
    caches = [named for named in _cache_folders() if _is_temporary(named.path, home)]
    size = sum(path.stat().st_size for named in (*temporary, *caches) for path in _files_of(named))
    if size > _MAX_COPIED_BYTES:
        raise RuntimeError(
            f"{size / 1e9:.1f} GB are too much to copy while Blender waits: move the folder, then choose it"
        )
    for named in temporary:
        target = _free_name(home / "files" / named.path.name)
        target.parent.mkdir(exist_ok=True)
        for path in _files_of(named):
            shutil.copy2(path, target.parent / path.name)
        setattr(named.holder, named.attribute, bpy.path.relpath(str(target)))
    for named in caches:
        target = _free_name(home / f"cache_{bpy.path.clean_name(named.holder.id_data.name)}")
        if named.path.is_dir():
            shutil.copytree(named.path, target)
        setattr(named.holder, named.attribute, bpy.path.relpath(str(target)))


def _cache_folders() -> Iterator[NamedFile]:
    for modifier in _modifiers():
        if modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
            yield NamedFile(modifier.domain_settings, "cache_directory")
        elif modifier.type == "OCEAN" and modifier.filepath:
            yield NamedFile(modifier, "filepath")


def _is_temporary(path: Path, home: Path) -> bool:
    folders = [Path(tempfile.gettempdir()), Path("/tmp"), Path(bpy.app.tempdir)]  # noqa: S108 - to be left alone
    return home not in path.parents and any(folder in path.parents for folder in folders)


def _files_of(named: NamedFile) -> list[Path]:
    """Return the file, all tiles or pictures of a set, or what lies in the folder."""
    path = named.path
    if path.is_dir():
        return [inside for inside in path.rglob("*") if inside.is_file()]
    source = getattr(named.holder, "source", "")
    if source in {"TILED", "SEQUENCE"} or getattr(named.holder, "is_sequence", False):
        name = named.file_name
        pattern = re.sub(r"\d+(?!.*\d)|u1_v1", "*", name)
        return sorted(path.parent.glob(pattern))
    return [path]


def _free_name(path: Path) -> Path:
    """Return the path, or one like it that nothing has."""
    taken, number = path, 1
    while taken.exists():
        number += 1
        taken = path.with_name(f"{path.stem}_{number}{path.suffix}")
    return taken


def rename_clashing_files(scene: bpy.types.Scene) -> None:
    """Give files whose paths differ in upper and lower case alone names of their own, as copies beside them."""
    known: dict[str, Path] = {}
    for named in named_files(scene):
        path = named.path
        if known.setdefault(str(path).lower(), path) == path or not path.is_file():
            continue
        target = path
        number = 1
        while any(target.name.lower() == other.name.lower() for other in path.parent.iterdir()):
            number += 1
            target = path.with_name(f"{path.stem}_{number}{path.suffix}")
        shutil.copy2(path, target)
        named.lead_to(target)


def leave_tiles_out(_scene: bpy.types.Scene) -> None:
    """Take tiles off images where their files are missing."""
    for image in bpy.data.images:
        if image.source != "TILED" or image.library is not None or image.packed_files:
            continue
        pattern = bpy.path.abspath(image.filepath)
        for tile in list(image.tiles):
            number = tile.number - 1001
            path = pattern.replace("<UDIM>", str(tile.number))
            path = path.replace("<UVTILE>", f"u{number % 10 + 1}_v{number // 10 + 1}")
            if not Path(path).exists() and len(image.tiles) > 1:
                image.tiles.remove(tile)


def fill_gaps(scene: bpy.types.Scene) -> None:
    """Fill each gap of a sequence with a copy of the picture before it, as far as frames of the scene show it."""
    leave_tiles_out(scene)
    for image, counts in _shown_sequences():
        first, last = counts.frame_offset + 1, counts.frame_offset + counts.frame_duration
        path = Path(bpy.path.abspath(image.filepath))
        match = re.search(r"\d+(?=\D*$)", path.stem)
        if match is None or not path.parent.is_dir():
            continue

        def picture(number: int, path: Path = path, match: re.Match[str] = match) -> Path:
            digits = str(number).zfill(len(match.group()))
            return path.with_name(path.stem[: match.start()] + digits + path.stem[match.end() :] + path.suffix)

        there = [number for number in range(first, last + 1) if picture(number).exists()]
        for number in range(first, last + 1):
            if there and number not in there:
                source = max((one for one in there if one < number), default=there[0])
                shutil.copy2(picture(source), picture(number))


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
