# SPDX-License-Identifier: Apache-2.0
"""What a picture shows, free of when and by whom it was rendered.

Each reader answers the bytes that make the picture (header fields, palette, packed pixels) without dates, render times
and paths. The same Blender packs the same pixels into the same bytes, so that two pictures are compared without a
decoder for each format, bit by bit, all layers and channels.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from pathlib import Path

#: Parts of a PNG and of a WebP, and tags of a TIFF, that say something about the picture and show nothing.
PNG_ASIDES = {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}
WEBP_ASIDES = {b"EXIF", b"XMP "}
TIFF_ASIDES = {270, 271, 272, 305, 306, 315, 316, 700, 33432}
#: Fields of an OpenEXR header that say what its pixels are; any other may be a date or a render time.
EXR_FIELDS = {
    b"channels",
    b"chromaticities",
    b"compression",
    b"dataWindow",
    b"displayWindow",
    b"lineOrder",
    b"multiView",
    b"name",
    b"pixelAspectRatio",
    b"screenWindowCenter",
    b"screenWindowWidth",
    b"tiles",
    b"type",
    b"view",
}


def shown_in(path: Path) -> str:
    """Answer a digest of what the picture at `path` shows."""
    data = path.read_bytes()
    reader = READERS_BY_SUFFIX.get(path.suffix)
    reader = next((known for magic, known in READERS.items() if data.startswith(magic)), reader)
    if reader is None:
        message = f"{path} is no picture that these tests know"
        raise ValueError(message)
    return hashlib.sha256(b"\0".join(reader(data))).hexdigest()


def png_parts(data: bytes) -> list[bytes]:
    parts, packed, place = [], b"", 8
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        if kind == b"IDAT":
            packed += body
        elif kind not in PNG_ASIDES:
            parts += [kind, body]
        place += 12 + length
    return [*parts, zlib.decompress(packed)]


def jpeg_parts(data: bytes) -> list[bytes]:
    parts, place = [], 2
    while data[place + 1] != 0xDA:
        marker, length = struct.unpack_from(">2sH", data, place)
        if marker[1] & 0xF0 != 0xE0 and marker[1] != 0xFE:
            parts.append(data[place : place + 2 + length])
        place += 2 + length
    return [*parts, data[place:]]


def tiff_parts(data: bytes) -> list[bytes]:
    end = "<" if data[:2] == b"II" else ">"
    (place,) = struct.unpack_from(end + "I", data, 4)
    (count,) = struct.unpack_from(end + "H", data, place)
    parts: list[bytes] = []
    tags: dict[int, tuple[int, ...]] = {}
    for entry in range(place + 2, place + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(end + "HHI", data, entry)
        size = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 11: 4, 12: 8}[kind] * number
        (where,) = struct.unpack_from(end + "I", data, entry + 8) if size > 4 else (entry + 8,)
        body = data[where : where + size]
        if tag in (273, 279):
            tags[tag] = struct.unpack(f"{end}{number}{'H' if kind == 3 else 'I'}", body)
        elif tag not in TIFF_ASIDES:
            parts += [struct.pack(">H", tag), body]
    strips = zip(tags[273], tags[279])
    return [*parts, *(data[offset : offset + size] for offset, size in strips)]


def webp_parts(data: bytes) -> list[bytes]:
    parts, place = [], 12
    while place + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, place)
        if kind not in WEBP_ASIDES:
            parts.append(data[place : place + 8 + length])
        place += 8 + length + length % 2
    return parts


def exr_parts(data: bytes) -> list[bytes]:
    (flags,) = struct.unpack_from("<I", data, 4)
    parts, place = [data[4:8]], 8
    while True:
        empty = data[place] == 0
        while data[place] != 0:
            name_end = data.index(b"\0", place)
            type_end = data.index(b"\0", name_end + 1)
            (size,) = struct.unpack_from("<i", data, type_end + 1)
            name, value = data[place:name_end], data[type_end + 5 : type_end + 5 + size]
            if name in EXR_FIELDS:
                parts += [name, value]
            place = type_end + 5 + size
        place += 1
        if empty or not flags & 0x1000:
            break
    # The table of offsets follows; the first offset is where it ends and the pixels begin.
    (pixels,) = struct.unpack_from("<Q", data, place)
    return [*parts, data[pixels:]]


def dpx_parts(data: bytes) -> list[bytes]:
    """Leave out the first header, which holds the file's name and date."""
    (pixels,) = struct.unpack_from(">I" if data.startswith(b"SDPX") else "<I", data, 4)
    return [data[768:1408], data[pixels:]]


def cineon_parts(data: bytes) -> list[bytes]:
    """Leave out the first header, which holds the file's name and date."""
    (pixels,) = struct.unpack_from(">I", data, 4)
    return [data[192:680], data[pixels:]]


def all_of_it(data: bytes) -> list[bytes]:
    """Take each byte: Blender writes neither dates nor paths into these formats."""
    return [data]


READERS: dict[bytes, Callable[[bytes], list[bytes]]] = {
    b"\x89PNG": png_parts,
    b"\xff\xd8": jpeg_parts,
    b"II*\0": tiff_parts,
    b"MM\0*": tiff_parts,
    b"RIFF": webp_parts,
    b"v/1\x01": exr_parts,
    b"SDPX": dpx_parts,
    b"XPDS": dpx_parts,
    b"\x80\x2a\x5f\xd7": cineon_parts,
    b"#?RADIANCE": all_of_it,
    b"BM": all_of_it,
    b"\x01\xda": all_of_it,  # Iris
    b"\0\0\0\x0cjP": all_of_it,  # JPEG 2000
    b"\xff\x4f\xff\x51": all_of_it,  # JPEG 2000, the stream alone
    b"\0\0\0\x1cftyp": all_of_it,  # AVIF
    b"\0\0\0\x20ftyp": all_of_it,  # AVIF
}
#: Targa has no beginning of its own.
READERS_BY_SUFFIX = {".tga": all_of_it}
