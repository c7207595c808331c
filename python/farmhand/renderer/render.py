# SPDX-License-Identifier: Apache-2.0
"""Renders lanes of a job inside Blender 2.93 to 5.2 or the bpy module; docs/lanes.md is the contract.

It is one file without any dependency because it travels with each job: a farm renders a job with the
renderer it was sent with, whatever is installed there later. Three ways to start it::

    blender -b --factory-startup --python render.py -- lane --job-file J --state-dir D --lane 0|last
    python render.py lane --job-file J --state-dir D --lane 0      # where bpy is a module of this Python
    … render.py probe                                              # what this Blender can do

`lane` is the supervisor. It opens no scene: it starts this file again as `child` in a Blender that
does, and feeds it frame after frame through a pipe. The parts, in order: wholeness of files, frames
and order, files of the state folder, the child as the supervisor sees it, the film, the supervisor, the
child's side (scene, devices, rendering), the probe, and the command line.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import dataclasses
import errno
import faulthandler
import fractions
import glob
import importlib
import json
import os
import queue
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, Callable, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FORMAT = 1
FAILS_LIMIT = 3
LOST_LIMIT = 8
LOST_GOES_LAST = 2
# The lane of a claim that cannot be read.
NO_LANE = -1
FIRST_TRIES = 2
LOG_TAIL_LINES = 30
# What the crash log keeps of a child's lines, and of the file that Blender itself writes when it crashes.
CRASH_LOG_LINES = 2000
CRASH_FILE_BYTES = 1 << 18
PROGRESS_EVERY_SECS = 0.5
FILM_TOLD_EVERY_SECS = 5.0
# A scene that grows from 100 MB to 400 MB harms nobody: memory counts as growing from here on only.
GROWTH_FLOOR_BYTES = 1 << 30
# Before the system ends it: a child that has grown by this factor and uses this share of the memory there is.
NEAR_LIMIT_GROWTH, NEAR_LIMIT = 1.25, 0.8
# From this Blender on, braces in output paths are templates, and nothing is printed while a frame renders.
TEMPLATES_SINCE = (4, 5)
SILENT_SINCE = (5, 0)
GPU_ORDER = ("OPTIX", "CUDA", "HIP", "ONEAPI", "METAL")
MOVIE_FORMATS = ("FFMPEG", "AVI_JPEG", "AVI_RAW", "H264", "XVID", "THEORA")
WINDOWS = os.name == "nt"
# Signals by which people and systems end a process; any other is its own doing.
KILLED = 9
ENDED_FROM_OUTSIDE = (1, 2, KILLED, 15)
# Windows' own codes for want of memory: STATUS_NO_MEMORY and STATUS_COMMITMENT_LIMIT.
OUT_OF_MEMORY_CODES = (0xC0000017, 0xC000012D)

Json = dict[str, Any]


# --------------------------------------------------------------------------------------------------
# Wholeness: is a picture complete, judged from its own bytes?


class Picture:
    """A picture file, of which only the places that matter are read: EXR files are large and shares slow."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        """Read from an open file of `size` bytes."""
        self.file = file
        self.size = size

    def piece(self, place: int, size: int) -> bytes:
        """Read `size` bytes; ValueError where the file has fewer there."""
        if place < 0 or size < 0 or place + size > self.size:
            raise ValueError(f"it has {self.size} bytes and needs {place + size}")
        self.file.seek(place)
        return self.file.read(size)

    def numbers(self, layout: str, place: int) -> tuple[int, ...]:
        """Read numbers as `struct` lays them out."""
        return struct.unpack(layout, self.piece(place, struct.calcsize(layout)))

    def number(self, layout: str, place: int) -> int:
        """Read one number."""
        return self.numbers(layout, place)[0]

    def text(self, place: int) -> bytes:
        """Read up to the next zero byte, which ends every name in a header."""
        found = self.piece(place, min(256, self.size - place))
        return found[: found.index(0)]


def fault_in(path: str, size_bytes: int | None = None) -> str | None:
    """Say what is missing in the picture at `path`, or None where it is whole.

    What is none of `FORMATS` has to be of `size_bytes` where a frame record tells it, and else to hold something.
    """
    with open(path, "rb") as file:
        picture = Picture(file, os.fstat(file.fileno()).st_size)
        if not picture.size:
            return "it is empty"
        head = file.read(12)
        suffix = os.path.splitext(path)[1].lower()
        expected = next((kind for kind in FORMATS if suffix in kind.suffixes), None)
        found = next((kind for kind in FORMATS if kind.head is not None and kind.head.match(head)), None)
        if found is None and expected is not None and expected.head is not None:
            return f"it is no {expected.name} file"
        found = found or expected
        if found is None:
            return "it is not of the recorded size" if size_bytes not in (None, picture.size) else None
        try:
            return found.fault(picture)
        except (struct.error, IndexError, KeyError, ValueError, zlib.error) as problem:
            return f"it ends too early or is damaged ({problem})"


def png_fault(picture: Picture) -> str | None:
    """Walk the chunks of a PNG to IEND with their checksums, and count the rows inside."""
    place, inflated, due, inflate = 8, 0, 0, zlib.decompressobj()
    while True:
        length, kind = struct.unpack(">I4s", picture.piece(place, 8))
        body = picture.piece(place + 8, length)
        if zlib.crc32(body, zlib.crc32(kind)) != picture.number(">I", place + 8 + length):
            return "a checksum is wrong"
        if kind == b"IHDR":
            due = png_bytes_due(body)
        elif kind == b"IDAT":
            inflated += len(inflate.decompress(body))
        elif kind == b"IEND":
            return None if inflated >= due > 0 else "rows are missing"
        place += 12 + length


def png_bytes_due(header: bytes) -> int:
    """Give the number of bytes that the rows of a PNG inflate to, interlaced (Adam7) or not."""
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", header)
    bits = depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    passes = [(0, 0, 1, 1)]
    if interlace:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    total = 0
    for left, top, step_x, step_y in passes:
        columns, rows = -(-(width - left) // step_x), -(-(height - top) // step_y)
        if columns > 0 and rows > 0:
            total += rows * (1 + (columns * bits + 7) // 8)
    return total


JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)


def jpeg_fault(picture: Picture) -> str | None:
    """Walk a JPEG's segments, and its coded data by their markers, from SOI to EOI."""
    data, place = picture.piece(0, picture.size), 2
    while True:
        if data[place] != 0xFF:
            return "a segment is damaged"
        marker = data[place + 1]
        if marker == 0xD9:
            return None
        if marker == 0xFF:
            place += 1
            continue
        place += 2 + int(struct.unpack_from(">H", data, place + 2)[0])
        if marker == 0xDA:
            after = JPEG_MARKER.search(data, place)
            if after is None:
                return "its end is missing"
            place = after.start()


# Tags that hold the places and sizes of a TIFF's strips, and of its tiles.
TIFF_PIECES = ((273, 279), (324, 325))


def tiff_fault(picture: Picture) -> str | None:
    """See that each strip or tile of each image of a TIFF lies inside the file."""
    end = "<" if picture.piece(0, 2) == b"II" else ">"
    big = picture.number(end + "H", 2) == 43
    word, entry_size = ("Q", 20) if big else ("I", 12)
    word_size = struct.calcsize(word)
    place, pieces = picture.number(end + word, 8 if big else 4), 0
    while place:
        entries = picture.number(end + ("Q" if big else "H"), place)
        place += 8 if big else 2
        tags: dict[int, tuple[int, ...]] = {}
        for entry in range(place, place + entries * entry_size, entry_size):
            tag, kind, count = picture.numbers(end + "HH" + word, entry)
            if any(tag in pair for pair in TIFF_PIECES):
                layout = "{}{}{}".format(end, count, {3: "H", 4: "I", 16: "Q"}[kind])
                here = entry + 4 + word_size
                inside = struct.calcsize(layout) <= word_size
                tags[tag] = picture.numbers(layout, here if inside else picture.number(end + word, here))
        for offsets, sizes in TIFF_PIECES:
            for offset, size in zip(tags.get(offsets, ()), tags.get(sizes, ())):
                pieces += 1
                if size == 0 or offset + size > picture.size:
                    return "a strip lies outside the file"
        place = picture.number(end + word, place + entries * entry_size)
    return None if pieces else "it holds no picture"


def webp_fault(picture: Picture) -> str | None:
    """Walk the RIFF chunks of a WebP file to its declared end."""
    end = 8 + picture.number("<I", 4)
    if picture.piece(8, 4) != b"WEBP" or end > picture.size:
        return "its end is missing"
    place, pictures = 12, 0
    while place + 8 <= end:
        pictures += picture.piece(place, 4) in (b"VP8 ", b"VP8L", b"ANMF")
        length = picture.number("<I", place + 4)
        place += 8 + length + length % 2
    return None if place == end and pictures else "its end is missing"


# Lines of one scan-line chunk for each compression, by its number in the file.
EXR_LINES = {0: 1, 1: 1, 2: 1, 3: 16, 4: 32, 5: 16, 6: 32, 7: 32, 8: 32, 9: 256, 10: 256, 11: 32}


def exr_fault(picture: Picture) -> str | None:
    """See that each chunk that an OpenEXR file's offset tables name lies inside the file."""
    multipart, place = bool(picture.number("<I", 4) & 0x1000), 8
    parts: list[dict[bytes, bytes]] = []
    while not parts or multipart:
        header: dict[bytes, bytes] = {}
        while picture.piece(place, 1) != b"\0":
            name = picture.text(place)
            value = place + len(name) + 1 + len(picture.text(place + len(name) + 1)) + 1
            size = picture.number("<i", value)
            header[name] = picture.piece(value + 4, size)
            place = value + 4 + size
        place += 1
        if not header:
            break
        parts.append(header)
    for header in parts:
        kind = header.get(b"type", b"")
        tiled = b"tiles" in header and not kind.startswith(b"scan")
        count = exr_chunks(header, tiled=tiled)
        for offset in picture.numbers(f"<{count}Q", place):
            start = offset + (4 if multipart else 0) + (16 if tiled else 4)
            if kind.startswith(b"deep"):
                end = start + 24 + sum(picture.numbers("<QQ", start))
            else:
                end = start + 4 + picture.number("<i", start)
            if offset == 0 or end > picture.size:
                return "a block of pixels is missing"
        place += 8 * count
    return None if parts else "it holds no picture"


def exr_chunks(header: dict[bytes, bytes], *, tiled: bool) -> int:
    """Give the number of chunks that a part of an OpenEXR file has by its header."""
    if b"chunkCount" in header:
        return int(struct.unpack("<i", header[b"chunkCount"])[0])
    left, top, right, bottom = map(int, struct.unpack("<4i", header[b"dataWindow"]))
    width, height = right - left + 1, bottom - top + 1
    if not tiled:
        return -(-height // EXR_LINES[header[b"compression"][0]])
    tile_x, tile_y, mode = map(int, struct.unpack("<IIB", header[b"tiles"]))
    if mode & 15:
        raise ValueError("it has several sizes of the picture, which Blender never writes")
    return -(-width // tile_x) * -(-height // tile_y)


def bmp_fault(picture: Picture) -> str | None:
    """See that all rows of a BMP lie inside the file."""
    start = picture.number("<I", 10)
    width, height, _, bits = picture.numbers("<iiHH", 18)
    end = start + (width * bits + 31) // 32 * 4 * abs(height)
    return None if start < end <= picture.size else "rows are missing"


def dpx_fault(picture: Picture) -> str | None:
    """See that a DPX or Cineon file is as long as its header says."""
    magic = picture.piece(0, 4)
    end = "<" if magic in (b"XPDS", b"\xd7_*\x80") else ">"
    start = picture.number(end + "I", 4)
    due = picture.number(end + "I", 16 if magic in (b"SDPX", b"XPDS") else 20)
    if due == 0xFFFFFFFF:
        # Not told, as programs other than Blender may do.
        due = start + 1
    return None if start < due <= picture.size else "rows are missing"


def iris_fault(picture: Picture) -> str | None:
    """See that each row that the table of an Iris file names lies inside the file."""
    packed, depth_bytes = picture.numbers(">BB", 2)
    width, height, channels = picture.numbers(">HHH", 6)
    rows = height * channels
    if not packed:
        end = 512 + width * rows * depth_bytes
    else:
        places, sizes = (picture.numbers(f">{rows}I", 512 + 4 * rows * table) for table in range(2))
        end = max(place + size for place, size in zip(places, sizes))
    return None if 512 < end <= picture.size else "rows are missing"


TARGA_FOOTER = b"TRUEVISION-XFILE.\0"


def targa_fault(picture: Picture) -> str | None:
    """Count the pixels of a Targa file, packed or not."""
    name_size, _, kind, _, colours, colour_bits, _, _, width, height, bits = picture.numbers("<BBBHHBHHHHB", 0)
    data, pixel = picture.piece(0, picture.size), (bits + 7) // 8
    place, left = 18 + name_size + colours * ((colour_bits + 7) // 8), width * height
    if not left or not pixel:
        return "it holds no picture"
    if kind not in (9, 10, 11):
        place, left = place + left * pixel, 0
    while left > 0:
        count = (data[place] & 127) + 1
        place += 1 + (pixel if data[place] & 128 else count * pixel)
        left -= count
    if place > len(data):
        return "rows are missing"
    # What goes on after its pixels has the footer of version 2.
    return None if place == len(data) or data.endswith(TARGA_FOOTER) else "its end is missing"


RADIANCE_SIZE = re.compile(rb"\n\n[-+][XY] (\d+) [-+][XY] (\d+)\n")


def radiance_fault(picture: Picture) -> str | None:
    """Unpack the rows of a Radiance picture."""
    data = picture.piece(0, picture.size)
    header = RADIANCE_SIZE.search(data)
    if header is None:
        return "its header is damaged"
    place, rows, width = header.end(), int(header.group(1)), int(header.group(2))
    for _ in range(rows):
        if data[place : place + 4] != struct.pack(">BBH", 2, 2, width):
            # Rows of an old kind; those that Blender writes for very narrow and very wide pictures aren't packed.
            place += 4 * width
            continue
        place, left = place + 4, 4 * width
        while left > 0:
            count = data[place]
            run = count > 128
            place += 2 if run else 1 + count
            left -= count - 128 if run else max(count, 1)
    return None if rows > 0 and place <= len(data) else "rows are missing"


def boxes(picture: Picture) -> Iterator[tuple[bytes, int, int]]:
    """List the boxes of an AVIF or JPEG 2000 file, each with where its content begins and ends."""
    place = 0
    while place < picture.size:
        length, kind = picture.number(">I", place), picture.piece(place + 4, 4)
        head = 16 if length == 1 else 8
        if length == 1:
            length = picture.number(">Q", place + 8)
        end = place + length if length else picture.size
        if end < place + head or end > picture.size:
            raise ValueError(f"a part of it ends at {end} of {picture.size} bytes")
        yield kind, place + head, end
        place = end


def avif_fault(picture: Picture) -> str | None:
    """Walk the boxes of an AVIF file to its end."""
    sizes = {kind: end - start for kind, start, end in boxes(picture)}
    return None if sizes.get(b"mdat") and (b"meta" in sizes or b"moov" in sizes) else "it holds no picture"


def jp2_fault(picture: Picture) -> str | None:
    """Walk the boxes of a JPEG 2000 file, and the tiles of its picture to their end."""
    pictures = [codestream_fault(picture, start, end) for kind, start, end in boxes(picture) if kind == b"jp2c"]
    return next(filter(None, pictures), None) if pictures else "it holds no picture"


def j2c_fault(picture: Picture) -> str | None:
    """Walk the tiles of a bare JPEG 2000 picture to its end."""
    return codestream_fault(picture, 0, picture.size)


def codestream_fault(picture: Picture, place: int, end: int) -> str | None:
    """Walk the segments and tiles of JPEG 2000 from SOC to EOC (ISO 15444-1, annex A)."""
    place += 2
    while place < end:
        marker = picture.number(">H", place)
        if marker == 0xFFD9:
            return None
        if marker != 0xFF90:
            place += 2 + picture.number(">H", place + 2)
            continue
        size = picture.number(">I", place + 6)
        place = place + size if size else end - 2
    return "its end is missing"


class Format(NamedTuple):
    """A kind of picture, and how it is seen whether one is whole."""

    name: str
    #: How its files begin; None where any beginning will do.
    head: re.Pattern[bytes] | None
    suffixes: tuple[str, ...]
    fault: Callable[[Picture], str | None]


FORMATS = (
    Format("PNG", re.compile(rb"\x89PNG\r\n\x1a\n"), (".png",), png_fault),
    Format("JPEG", re.compile(rb"\xff\xd8"), (".jpg", ".jpeg"), jpeg_fault),
    Format("TIFF", re.compile(rb"II[*+]\0|MM\0[*+]"), (".tif", ".tiff"), tiff_fault),
    Format("OpenEXR", re.compile(rb"v/1\x01"), (".exr",), exr_fault),
    Format("WebP", re.compile(rb"RIFF"), (".webp",), webp_fault),
    Format("BMP", re.compile(rb"BM"), (".bmp",), bmp_fault),
    Format("DPX", re.compile(rb"SDPX|XPDS"), (".dpx",), dpx_fault),
    Format("Cineon", re.compile(rb"\x80\*_\xd7|\xd7_\*\x80"), (".cin",), dpx_fault),
    Format("Radiance", re.compile(rb"#\?"), (".hdr",), radiance_fault),
    Format("Iris", re.compile(rb"\x01\xda"), (".rgb",), iris_fault),
    Format("AVIF", re.compile(rb"....ftyp", re.DOTALL), (".avif",), avif_fault),
    Format("JPEG 2000", re.compile(rb"\0\0\0\x0cjP  "), (".jp2",), jp2_fault),
    Format("JPEG 2000", re.compile(rb"\xff\x4f\xff\x51"), (".j2c", ".j2k"), j2c_fault),
    Format("Targa", None, (".tga",), targa_fault),
)


# --------------------------------------------------------------------------------------------------
# Frames and their order


RANGE = re.compile(r"(-?\d+)(?:-(-?\d+)(?:[:x](\d+))?)?")


def frames_of(text: str) -> list[int]:
    """List the frames of a canonical frame set such as `1-10, 20, 30-100:2` or `-5--1`."""
    frames: list[int] = []
    for piece in filter(None, (part.strip() for part in text.split(","))):
        match = RANGE.fullmatch(piece)
        if match is None:
            raise CannotRenderError(f"frames {piece!r} of the job description are not understood")
        first, last, step = match.groups()
        frames.extend(range(int(first), int(last or first) + 1, int(step or 1)))
    return frames


def lane_order(job: Json, lane: int) -> list[int]:
    """Give the frames of all chunks in the order in which `lane` tries them; see Order in docs/lanes.md."""
    chunks = [frames_of(text) for text in job["lanes"]]
    everything = sorted(frames_of(job["frames"]))
    if lane >= len(chunks):
        return everything
    home = list(chunks[lane])
    costs = {int(frame): float(cost) for frame, cost in (job.get("costs") or {}).items()}
    kind = job.get("order", "auto")
    if kind != "sequential" and job.get("simulation_start") is None and everything:
        scouts = {everything[0], everything[len(everything) // 2], everything[-1]}
        home.sort(key=lambda frame: (frame not in scouts, 0.0 if frame in scouts else -costs.get(frame, 0.0)))
        if kind == "scouts-then-wait" and scouts.issuperset(home):
            return home
    following = chunks[lane + 1 :] + chunks[:lane]
    order = home + [frame for chunk in following for frame in reversed(chunk)]
    return list(dict.fromkeys(order))


def frame_name(frame: int) -> str:
    """Give a frame's file name: six characters, the sign among them, or more where the number is longer."""
    return f"{frame:06d}"


# --------------------------------------------------------------------------------------------------
# Files of the state folder


class CannotRenderError(Exception):
    """This lane cannot render at all, whatever the frame: the message says why and what to do."""


class FrameError(Exception):
    """One frame could not be rendered; `reason` is one of those in docs/lanes.md."""

    def __init__(self, reason: str, message: str, log_tail: Sequence[str] = (), crash_log: str = "") -> None:
        """Keep what goes into the failed file, and beside it."""
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.log_tail = list(log_tail)
        self.crash_log = crash_log


HELD_MESSAGE = "another program, such as a picture viewer, holds the file: close it there and retry"


def rename_over(source: str, target: str) -> None:
    """Rename over a file; on Windows a viewer that holds it makes that fail: it is waited for, and then said."""
    for patience in range(100):
        try:
            os.replace(source, target)
        except PermissionError as problem:
            if not WINDOWS:
                raise
            if patience == 99:
                raise PermissionError(problem.errno, HELD_MESSAGE, target) from problem
            time.sleep(0.1)
        else:
            return


def flush_to_disk(path: str) -> None:
    """Have the system write a file's bytes down before its name is given."""
    handle = os.open(path, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: str, value: Json, run: str, *, durable: bool = True) -> None:
    """Rename a JSON file into place: a reader sees the old one or the new one, never a half."""
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name}.{run}.tmp")
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            json.dump(value, file)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        rename_over(temporary, path)
    except OSError as problem:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise OSError(problem.errno, problem.strerror, path) from problem


def read_json(path: str) -> Json | None:
    """Read a JSON object by opening it; None where there is none, or none that can be understood."""
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


@dataclasses.dataclass
class Claim:
    """Who may render a frame, and what has befallen it so far."""

    lane: int
    run: str
    worker: str
    fails: int = 0
    lost: int = 0
    retry: int = 0

    @classmethod
    def read(cls, path: str) -> Claim | None:
        """Read a claim; None where it is unreadable, which makes it somebody else's."""
        value = read_json(path) or {}
        try:
            numbers = [int(value.get(key, 0)) for key in ("fails", "lost", "retry")]
            return cls(int(value["lane"]), str(value["run"]), str(value.get("worker", "")), *numbers)
        except (KeyError, TypeError, ValueError):
            return None


class Frames:
    """The files that say how each frame stands; every method is one step of docs/lanes.md or part of one."""

    def __init__(self, state_dir: str, run: str) -> None:
        """Make the folders that the run needs."""
        self.run = run
        self.folder = os.path.join(state_dir, "frames")
        self.scratch = os.path.join(state_dir, "tmp", run)
        os.makedirs(self.folder, exist_ok=True)
        os.makedirs(self.scratch, exist_ok=True)
        self.known_done: dict[int, bool] = {}

    def path(self, frame: int, suffix: str) -> str:
        """Give the path of a frame's claim, record or failed file."""
        return os.path.join(self.folder, frame_name(frame) + suffix)

    def is_done(self, frame: int) -> bool:
        """Say whether a record exists whose every output is there and whole."""
        if self.known_done.get(frame):
            return True
        record = read_json(self.path(frame, ".json"))
        outputs = record.get("outputs") if record else None
        if not outputs or not isinstance(outputs, list):
            return False
        try:
            if any(fault_in(output["path"], output["size_bytes"]) for output in outputs):
                return False
        except (OSError, KeyError, TypeError):
            return False
        self.known_done[frame] = True
        return True

    def failed_file(self, frame: int) -> Json | None:
        """Read the failed file where it counts: not where people have asked for the frame again since."""
        failed = read_json(self.path(frame, ".failed.json"))
        if failed is None:
            return None
        claim = Claim.read(self.path(frame, ".claim"))
        retry = failed.get("retry", 0)
        return failed if isinstance(retry, int) and retry >= (claim.retry if claim else 0) else None

    def create_claim(self, frame: int) -> int | None:
        """Create the claim; only O_EXCL decides whose a frame is. None where there is one already."""
        try:
            return os.open(self.path(frame, ".claim"), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        except FileExistsError:
            return None
        except PermissionError:
            # Windows answers this way while another lane is renaming over the same claim.
            if WINDOWS and os.path.exists(self.path(frame, ".claim")):
                return None
            raise

    def write_claim(self, frame: int, claim: Claim) -> None:
        """Rename a claim over the old one."""
        write_json(self.path(frame, ".claim"), dataclasses.asdict(claim), self.run)

    def write_crash_log(self, frame: int, text: str) -> str | None:
        """Keep what a Blender that died on a frame said; None where even that cannot be written."""
        path = self.path(frame, ".crash.txt")
        temporary = os.path.join(self.folder, f".{os.path.basename(path)}.{self.run}.tmp")
        try:
            with open(temporary, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
            rename_over(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            return None
        return path

    def remove_scratch(self) -> None:
        """Remove this run's unfinished outputs; nothing else below the state folder is ever removed."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        if os.path.isdir(self.folder):
            return
        # The share is gone, and Blender has made the folders that it writes to anew beneath its mount point.
        temporary = os.path.dirname(self.scratch)
        state_dir = os.path.dirname(temporary)
        above = os.path.dirname(state_dir)
        for folder in (temporary, state_dir, *([above] if os.path.basename(above) == ".farmhand" else [])):
            with contextlib.suppress(OSError):
                os.rmdir(folder)


def put_in_place(source: str, target: str, run: str) -> None:
    """Rename a finished output to its place, by way of a copy beside it where that is another file system."""
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        rename_over(source, target)
    except OSError as problem:
        if problem.errno != errno.EXDEV and getattr(problem, "winerror", None) != 17:
            raise
    else:
        return
    folder, name = os.path.split(target)
    beside = os.path.join(folder, f".{name}.{run}.tmp")
    try:
        shutil.copyfile(source, beside)
        flush_to_disk(beside)
        rename_over(beside, target)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(beside)


def writing_failed(problem: OSError) -> str:
    """Say why a file of the job could not be written, and what to do."""
    if problem.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"disk full, make room and retry: {problem}"
    if problem.errno == errno.EROFS:
        return f"the disk is read-only for this worker, let it be written and retry: {problem}"
    if problem.errno in (errno.ENOENT, errno.ESTALE, errno.ENOTCONN, errno.EIO, errno.ENODEV, errno.ENXIO):
        return f"its folder has disappeared from this worker, bring it back and retry, nothing is lost: {problem}"
    return str(problem)


NOT_WRITABLE = "the output folder {} is read-only or not writable for this worker: let it be written and retry"


def disk_is_full(folder: str) -> bool:
    """Say whether the disk below a folder has no room left worth the name."""
    try:
        return shutil.disk_usage(folder).free < 1 << 16
    except OSError:
        return False


# --------------------------------------------------------------------------------------------------
# What is printed, and what people see of a lane


PRINTING = threading.Lock()


def emit(text: str) -> None:
    """Write to stdout at once and whole, past Python's buffer; a reader that has gone is no reason to stop."""
    data = (text + "\n").encode("utf-8", "replace")
    with PRINTING, contextlib.suppress(OSError):
        while data:
            data = data[os.write(1, data) :]


def clock(seconds: float) -> str:
    """Write seconds as Blender does: MM:SS.ss, with hours before where there are any."""
    hours, rest = divmod(seconds, 3600)
    text = f"{int(rest // 60):02d}:{int(rest % 60 * 100) / 100:05.2f}"
    return f"{int(hours):02d}:{text}" if hours else text


class Progress:
    """The lane's progress file: advice for people, written now and then, never flushed, read by no rule."""

    def __init__(self, state_dir: str, run: str, lane: int) -> None:
        """Make the folder; nothing is written before there is something to say."""
        self.path = os.path.join(state_dir, "progress", f"{lane}.json")
        self.value: Json = {"lane": lane, "run": run, "frame": None, "started_unix_secs": None}
        self.value.update(samples_done=0, samples_total=0, stage="idle")
        self.run = run
        self.last = 0.0
        self.lock = threading.Lock()
        os.makedirs(os.path.dirname(self.path), exist_ok=True)

    def tell(self, *, at_once: bool = False, **news: object) -> None:
        """Take news in, and write the file where the last writing is a while ago or `at_once` is set."""
        with self.lock:
            self.value.update(news)
            now = time.monotonic()
            if at_once or now - self.last >= PROGRESS_EVERY_SECS:
                self.last = now
                self.value["updated_unix_secs"] = time.time()
                with contextlib.suppress(OSError):
                    write_json(self.path, self.value, self.run, durable=False)


# --------------------------------------------------------------------------------------------------
# Want of memory, told apart from a crash and from a kill


# Blender, its allocator, C++, Python, Cycles and the drivers each say it in words of their own.
MEMORY_WORDS = re.compile(
    r"out of (?:[a-z]+ (?:and [a-z ]+)?)?memory|out_of_(?:[a-z]+_)?memory|outofmemory|memoryerror|bad_alloc"
    r"|alloc(?:_?array)?n?(?: array)?(?:_aligned)? returns null|cannot allocate memory",
    re.IGNORECASE,
)
GPU_WORDS = re.compile(r"gpu|cuda|optix|\bhip|oneapi|metal|vulkan|device memory|_device_memory", re.IGNORECASE)
GPU_ADVICE = (
    "make textures smaller (Simplify, Texture Limit), use a GPU with more memory, or send with --device cpu, "
    "which uses the computer's own memory"
)
HOST_ADVICE = (
    "give the worker more memory, let fewer lanes share it (--lanes 1), or make the scene smaller "
    "(Simplify: Texture Limit, Max Subdivision)"
)


def memory_words_in(lines: Iterable[str]) -> str | None:
    """Find the line that says that memory ran out; the first one, since others only follow from it."""
    return next((line.strip() for line in lines if MEMORY_WORDS.search(line)), None)


def with_memory_advice(text: str) -> str:
    """Add the way out to a sentence that says that memory ran out: another one for a GPU's than for the computer's."""
    return f"{text}; {GPU_ADVICE if GPU_WORDS.search(text) else HOST_ADVICE}"


def group_files(version_2: str, version_1: str) -> Iterable[str]:
    """Give the paths at which a file of this process's control group may lie, version 2 before version 1.

    In a container the path of a group may be the host's, and its files lie at the root.
    """
    with contextlib.suppress(OSError, ValueError):
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            groups = [line.rstrip("\n").split(":", 2)[1:] for line in file]
        for controllers, path in sorted(groups):
            if not controllers:
                roots, name = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], version_2
            elif "memory" in controllers.split(","):
                roots, name = ["/sys/fs/cgroup/memory"], version_1
            else:
                continue
            yield from (os.path.join(root + folder, name) for root in roots for folder in (path, ""))


def kill_counters() -> list[str]:
    """Give the files in which Linux counts the processes that it killed for want of memory, the nearest first.

    `oom_kill` in `memory.events` of Linux, Documentation/admin-guide/cgroup-v2.rst; the last is the whole system's.
    """
    return [*group_files("memory.events", "memory.oom_control"), "/proc/vmstat"]


def memory_limit() -> int:
    """Give the memory that this process's control group may use, else the computer's, in bytes; 0 if it isn't told."""
    for path in group_files("memory.max", "memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as file:
            limit = int(file.read())
            # Version 1 writes the largest number of pages where there is no limit.
            if limit < 1 << 60:
                return limit
    with contextlib.suppress(AttributeError, OSError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return 0


def memory_kills() -> int | None:
    """Count the processes that the system has killed here for want of memory; None where it doesn't tell."""
    for path in kill_counters():
        with contextlib.suppress(OSError, ValueError), open(path, encoding="ascii") as file:
            counts = dict(line.split(None, 1) for line in file)
            if "oom_kill" in counts:
                return int(counts["oom_kill"])
    return None


def kill_explained(before: int | None, after: int | None, doing: str) -> tuple[str, str]:
    """Tell by the counts of kills, before and after, whether signal 9 came for want of memory: reason and sentence."""
    if before is None or after is None:
        hint = "by a person, another program, or the system for want of memory, of which it keeps no count here"
        return "killed", f"Blender was killed (signal 9) while {doing}: {hint}"
    if after > before:
        message = f"The system had no memory left and killed Blender (signal 9) while {doing}"
        return "memory", with_memory_advice(message)
    hint = "by a person or another program, since the system has killed nothing here for want of memory"
    return "killed", f"Blender was killed (signal 9) while {doing}: {hint}"


# --------------------------------------------------------------------------------------------------
# The child, as the supervisor sees it


SAMPLE = re.compile(rb"Sample (\d+)/(\d+)")
# What Blender prints when it crashes: the name of a file with its backtrace and that of Python.
CRASH_FILE = re.compile(r"Writing: (.+\.crash\.txt)")
FRAME_MARK = "--- frame {} ---"


class Child:
    """A Blender with the scene open. Its stdin is the command pipe; its answers come among its own output."""

    def __init__(self, job_file: str, job: Json, progress: Progress) -> None:
        """Start it; loading goes on by itself."""
        self.mark = f"@farmhand-{uuid.uuid4().hex}"
        self.progress = progress
        self.started = time.monotonic()
        self.heard = self.started
        self.lines: collections.deque[str] = collections.deque(maxlen=CRASH_LOG_LINES)
        self.memory_kills = memory_kills()
        self.answers: queue.Queue[Json] = queue.Queue()
        self.stalled = False
        self.frames = 0
        self.base_rss = 0
        self.process = subprocess.Popen(
            child_command(job_file, job, self.mark),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        threading.Thread(target=self._await_end, daemon=True).start()

    def _read(self) -> None:
        """Pass Blender's lines on behind a space, and take out the answers."""
        mark, rest = self.mark.encode(), b""
        stream = self.process.stdout
        while stream is not None:
            chunk = os.read(stream.fileno(), 1 << 16)
            if not chunk:
                break
            self.heard = time.monotonic()
            *lines, rest = (rest + chunk).split(b"\n")
            passed: list[str] = []
            for line in lines:
                text, marked, answer = line.rstrip(b"\r").partition(mark)
                if text.strip():
                    passed.append(" " + text.decode("utf-8", "replace").strip())
                if marked:
                    self._take(answer)
            if passed:
                self.lines.extend(line[1:] for line in passed)
                emit("\n".join(passed))
            samples = SAMPLE.findall(chunk)
            if samples:
                self.progress.tell(samples_done=int(samples[-1][0]), samples_total=int(samples[-1][1]))

    def _take(self, answer: bytes) -> None:
        with contextlib.suppress(ValueError):
            value = json.loads(answer.decode("utf-8"))
            if value["say"] == "progress":
                self.progress.tell(**value["news"])
            elif value["say"] == "notice":
                emit("farmhand: " + value["message"])
            else:
                self.answers.put(value)

    def _await_end(self) -> None:
        code = self.process.wait()
        # What a grandchild holds open is not waited for.
        self.reader.join(2.0)
        self.answers.put({"say": "ended", "code": code})

    def ask(self, **command: object) -> None:
        """Send one command; where the child has gone, its end is heard as the answer."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.write(json.dumps(command).encode() + b"\n")

    def answer(self, stall_timeout_secs: float) -> Json:
        """Wait for the next answer, for as long as the child prints something now and then."""
        self.heard = time.monotonic()
        while True:
            silence_left = self.heard + stall_timeout_secs - time.monotonic()
            if silence_left <= 0 and not self.stalled:
                self.stalled = True
                self.ask_where_it_is()
                self.kill()
            try:
                return self.answers.get(timeout=max(silence_left, 0.05))
            except queue.Empty:
                continue

    def end(self) -> None:
        """Close the pipe, at which the child ends itself; kill it where it doesn't."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def ask_where_it_is(self) -> None:
        """Have a hung child print which line of Python it is in; it does so even where Python itself is stuck."""
        if WINDOWS:
            return
        before = self.heard
        with contextlib.suppress(OSError):
            self.process.send_signal(signal.SIGUSR2)
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.heard > before and time.monotonic() - self.heard > 0.2:
                break
            time.sleep(0.05)

    def since_frame_began(self) -> list[str]:
        """Give the lines since the child was last asked for a frame."""
        lines = list(self.lines)
        marks = [place for place, line in enumerate(lines) if line.startswith(FRAME_MARK.split("{", 1)[0])]
        return lines[marks[-1] + 1 :] if marks else lines

    def tail(self) -> list[str]:
        """Give the last lines."""
        return list(self.lines)[-LOG_TAIL_LINES:]

    def crash_file(self) -> str:
        """Read what Blender itself wrote down when it crashed; empty where it wrote nothing."""
        names = [match.group(1) for match in map(CRASH_FILE.search, self.since_frame_began()) if match]
        for name in names[-1:]:
            with contextlib.suppress(OSError), open(name, encoding="utf-8", errors="replace") as file:
                return file.read(CRASH_FILE_BYTES)
        return ""

    def kill(self) -> None:
        """End it at once."""
        with contextlib.suppress(OSError):
            self.process.kill()


def child_command(job_file: str, job: Json, mark: str) -> list[str]:
    """Give the child's command line.

    Inside Blender this file runs twice, before and after the scene is opened: the first run only
    starts the thread that watches the pipe, so that even a long loading ends with its supervisor.
    """
    here = os.path.abspath(__file__)
    own = ["child", "--job-file", job_file, "--mark", mark]
    bpy = sys.modules.get("bpy")
    if bpy is None or not bpy.app.binary_path:
        return [sys.executable, here, *own]
    scripts = "--enable-autoexec" if job["settings"].get("auto_run") else "--disable-autoexec"
    return [bpy.app.binary_path, "-b", scripts, "--python", here, job["blend_file"], "--python", here, "--", *own]


# --------------------------------------------------------------------------------------------------
# The film: what ffmpeg is told, by the settings of the scene


class FilmError(Exception):
    """The film cannot be put together; the message says why. Every frame of it is there."""


# Blender's names of codecs, each with ffmpeg's encoders for it, the best first.
VIDEO_ENCODERS = {
    "AV1": ("libsvtav1", "libaom-av1", "librav1e"),
    "DNXHD": ("dnxhd",),
    "DV": ("dvvideo",),
    "FFV1": ("ffv1",),
    "FLASH": ("flv",),
    "H264": ("libx264", "libopenh264"),
    "H265": ("libx265",),
    "HUFFYUV": ("huffyuv",),
    "MJPEG": ("mjpeg",),
    "MPEG1": ("mpeg1video",),
    "MPEG2": ("mpeg2video",),
    "MPEG4": ("mpeg4",),
    "PNG": ("png",),
    "PRORES": ("prores_ks",),
    "QTRLE": ("qtrle",),
    "RAW": ("rawvideo",),
    "THEORA": ("libtheora",),
    "WEBM": ("libvpx-vp9",),
}
AUDIO_ENCODERS = {
    "AAC": "aac",
    "AC3": "ac3",
    "FLAC": "flac",
    "MP2": "mp2",
    "MP3": "libmp3lame",
    "OPUS": "libopus",
    "PCM": "pcm_s16le",
    "VORBIS": "libvorbis",
}
CONTAINERS = {
    "AVI": "avi",
    "DV": "dv",
    "FLASH": "flv",
    "H264": "avi",
    "MKV": "matroska",
    "MPEG1": "mpeg",
    "MPEG2": "dvd",
    "MPEG4": "mp4",
    "OGG": "ogg",
    "QUICKTIME": "mov",
    "WEBM": "webm",
    "XVID": "avi",
}
RATE_FACTORS = {"LOSSLESS": 0, "PERC_LOSSLESS": 17, "HIGH": 20, "MEDIUM": 23, "LOW": 26, "VERYLOW": 29, "LOWEST": 32}
PRESETS = {"BEST": "slower", "GOOD": "medium", "REALTIME": "superfast"}
LOSSLESS = ("DV", "FFV1", "HUFFYUV", "PNG", "QTRLE", "RAW")
PRORES_PROFILES = ("422_PROXY", "422_LT", "422_STD", "422_HQ", "4444", "4444_XQ")


def find_ffmpeg() -> str | None:
    """Find ffmpeg: the one that FARMHAND_FFMPEG names, else the one on PATH."""
    return shutil.which(os.environ.get("FARMHAND_FFMPEG") or "ffmpeg")


def frame_rate(film: Json) -> fractions.Fraction:
    """Give the frames per second as a fraction, since 24 / 1.001 has no end as a decimal."""
    return fractions.Fraction(film["fps"]) / fractions.Fraction(film["fps_base"]).limit_denominator(10000)


def pixel_format(film: Json, factor: int | None) -> str:
    """Choose ffmpeg's pixel format as Blender does: by codec, depth, alpha and losslessness."""
    codec, depth, alpha = film["codec"], film["depth"], film["color_mode"] == "RGBA"
    lossless = factor == 0
    deep = f"{depth}le" if depth > 8 else ""
    formats = {
        "AV1": "yuv420p" + deep,
        "DNXHD": "yuv422p",
        "DV": "yuv411p" if film["height"] == 480 else "yuv420p",
        "FFV1": f"gbr{'a' * alpha}p{deep}" if deep else "bgra" if alpha else "bgr0",
        "H264": "yuv444p" if lossless else "yuv420p" + deep,
        "H265": "yuv420p" + deep,
        "HUFFYUV": "bgra" if alpha else "rgb24",
        "MJPEG": "yuvj420p",
        "PNG": ("rgba64be" if alpha else "rgb48be") if deep else "rgba" if alpha else "rgb24",
        "PRORES": ("yuva444p10le" if alpha else "yuv444p10le") if "4444" in film["prores"] else "yuv422p10le",
        "QTRLE": "argb" if alpha else "rgb24",
        "RAW": "bgr24",
        "WEBM": "yuva420p" if alpha else "yuv444p" if lossless else "yuv420p" + deep,
    }
    return formats.get(codec, "yuv420p")


def rate_arguments(film: Json, encoder: str, factor: int | None) -> list[str]:
    """Say how large or how good the film is to be; codecs without loss take neither."""
    codec, arguments = film["codec"], []
    if codec == "PRORES":
        arguments = ["-profile:v", str(PRORES_PROFILES.index(film["prores"]))]
    elif codec == "MJPEG":
        arguments = ["-q:v", str(2 + (100 - film["quality"]) * 29 // 100)]
    elif factor is not None and codec == "MPEG4":
        # This codec knows no rate factor, for which Blender makes it as small as it goes.
        arguments = ["-q:v", str(max(1, round(factor / 5)))]
    elif factor == 0 and codec == "WEBM":
        arguments = ["-lossless", "1"]
    elif factor is not None:
        arguments = ["-crf", str(factor), *(["-b:v", "0"] if encoder.startswith(("libvpx", "libaom")) else [])]
    elif codec not in LOSSLESS:
        arguments = ["-b:v", "{}k".format(film["bitrate"])]
        if film["maxrate"] and codec not in ("AV1", "DNXHD", "THEORA"):
            arguments += ["-maxrate", "{}k".format(film["maxrate"]), "-minrate", "{}k".format(film["minrate"])]
            arguments += ["-bufsize", "{}k".format(film["buffer"] * 8)]
    return arguments


def picture_arguments(film: Json, pixels: str) -> list[str]:
    """Say how colours become ffmpeg's pixels: by BT.709 and marked so, that they show as the pictures do."""
    filters, marks = [], []
    across, down = film["aspect"]
    if across != down:
        filters.append(f"setsar={fractions.Fraction(across / down).limit_denominator(1000)}")
    if pixels.startswith("yuv"):
        filters.append("scale=out_color_matrix=bt709:out_range={}".format("pc" if pixels.startswith("yuvj") else "tv"))
        if film["codec"] not in ("MJPEG", "DV"):
            marks = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
    return [*(["-vf", ",".join(filters)] if filters else []), "-pix_fmt", pixels, *marks]


def tuning_arguments(film: Json, encoder: str) -> list[str]:
    """Say how much care the encoder takes, and how far apart whole pictures are."""
    preset = film["preset"]
    arguments = {
        "libx264": ["-preset", PRESETS[preset]],
        "libx265": ["-preset", PRESETS[preset]],
        "libvpx-vp9": ["-deadline", {"BEST": "best", "GOOD": "good"}.get(preset, "realtime"), "-row-mt", "1"],
        "libaom-av1": ["-cpu-used", {"BEST": "2", "GOOD": "4"}.get(preset, "8"), "-row-mt", "1"],
        "libsvtav1": ["-preset", {"BEST": "4", "GOOD": "6"}.get(preset, "10")],
        "dnxhd": ["-mbd", "rd"] if film["lossless"] else [],
    }.get(encoder, [])
    if film["codec"] in ("H264", "H265", "MPEG1", "MPEG2", "MPEG4", "WEBM", "AV1", "FLASH", "THEORA"):
        arguments += ["-g", str(film["gop"])]
    if encoder in ("libx264", "mpeg1video", "mpeg2video", "mpeg4"):
        arguments += ["-bf", str(film["b_frames"])]
    return arguments


def sound_arguments(film: Json) -> list[str]:
    """Say how the sound is encoded."""
    codec = film["audio_codec"]
    arguments = ["-map", "0:v:0", "-map", "1:a:0", "-c:a", AUDIO_ENCODERS[codec]]
    if codec not in ("PCM", "FLAC"):
        arguments += ["-b:a", "{}k".format(film["audio_bitrate"])]
    if film["audio_volume"] != 1.0:
        arguments += ["-af", "volume={:g}".format(film["audio_volume"])]
    return arguments


def film_arguments(film: Json, encoder: str, sound: str | None, frames: int, target: str) -> list[str]:
    """Give ffmpeg's arguments: pictures come through its stdin, one after the other, the sound from a file."""
    rate = frame_rate(film)
    factor = film["rate_factor"] if film["codec"] in ("H264", "H265", "MPEG4", "WEBM", "AV1") else None
    arguments = ["-hide_banner", "-nostats", "-loglevel", "error", "-y"]
    arguments += ["-f", "png_pipe", "-framerate", str(rate), "-i", "pipe:0"]
    if sound is not None:
        arguments += ["-t", f"{float(frames / rate):.6f}", "-i", sound, *sound_arguments(film)]
    arguments += ["-c:v", encoder, *picture_arguments(film, pixel_format(film, factor))]
    arguments += [*rate_arguments(film, encoder, factor), *tuning_arguments(film, encoder)]
    if film["container"] == "XVID":
        arguments += ["-vtag", "xvid"]
    if film["container"] in ("MPEG4", "QUICKTIME"):
        # Some builds of ffmpeg call the younger codecs in these containers experimental.
        arguments += ["-strict", "experimental"]
    return [*arguments, "-f", CONTAINERS[film["container"]], target]


class Encoder:
    """One run of ffmpeg, which ends when its stdin closes, and so with this process."""

    def __init__(self, ffmpeg: str, arguments: Sequence[str]) -> None:
        """Start it."""
        self.said: collections.deque[str] = collections.deque(maxlen=LOG_TAIL_LINES)
        self.told: list[str] = []
        command = [ffmpeg, *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.readers = [
            threading.Thread(target=self._read, args=(self.process.stderr, self.said), daemon=True),
            threading.Thread(target=self._read, args=(self.process.stdout, self.told), daemon=True),
        ]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _read(stream: BinaryIO, lines: collections.deque[str] | list[str]) -> None:
        with stream:
            lines.extend(line.decode("utf-8", "replace").strip() for line in stream)

    def feed(self, picture: str) -> None:
        """Hand over one picture; OSError where ffmpeg has ended."""
        if self.process.stdin is not None:
            with open(picture, "rb") as file:
                shutil.copyfileobj(file, self.process.stdin, 1 << 20)

    def finish(self) -> int:
        """Close its stdin, and wait for its end and its last words."""
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()
        code = self.process.wait()
        for reader in self.readers:
            reader.join(2.0)
        return code

    def reason(self) -> str:
        """Give what it said last, which is why it ended."""
        return " / ".join(list(self.said)[-4:]) or "it gave no reason"


class Film:
    """The last lane's work after the last frame: the pictures become the film that the scene is set to write."""

    def __init__(self, lane: Lane, ffmpeg: str) -> None:
        """Take the lane whose frames are all done."""
        self.lane = lane
        self.job = lane.job
        self.ffmpeg = ffmpeg
        self.frames = frames_of(self.job["film"]["frames"])
        self.folder = os.path.join(lane.frames.scratch, "film")
        self.encoder: Encoder | None = None

    def make(self) -> tuple[list[Json], list[str]]:
        """Have everything encoded, and answer the files with their facts, and what differs from what was set."""
        os.makedirs(self.folder, exist_ok=True)
        settings = self.settings()
        encoder = self.encoder_of(settings["codec"])
        for name, known in (("container", CONTAINERS), ("audio_codec", {**AUDIO_ENCODERS, "NONE": ""})):
            if settings[name] not in known:
                message = "the film is set to the {} {}, which Farmhand does not know"
                raise FilmError(message.format(name.replace("_", " "), settings[name]))
        made = []
        for number, view in enumerate(settings["films"]):
            pictures = [self.picture(frame, view) for frame in self.frames]
            source = os.path.join(self.folder, str(number))
            arguments = film_arguments(settings, encoder, settings["sound"], len(pictures), source)
            self.encode(arguments, pictures)
            self.check(source, len(pictures))
            size = os.stat(source).st_size
            flush_to_disk(source)
            put_in_place(source, view["path"], self.lane.run)
            made.append({"path": view["path"], "size_bytes": size, "frames": len(pictures)})
        return made, settings["notices"]

    def settings(self) -> Json:
        """Ask a child that has the scene open how the film is set, where it goes, and for its sound."""
        try:
            child = self.lane.ready_child(self.frames[-1])
            self.lane.progress.tell(at_once=True, stage="encoding")
            child.ask(do="film", folder=self.folder)
            answer = child.answer(self.job["stall_timeout_secs"])
            if answer["say"] == "film":
                settings: Json = answer["film"]
                child.end()
                self.lane.child = None
                return settings
            if answer["say"] in ("cannot", "failed"):
                raise FilmError(answer["message"])
            raise self.lane.death(child, answer.get("code", 0), "mixing the sound down")
        except (CannotRenderError, FrameError) as problem:
            raise FilmError(str(problem)) from problem

    def encoder_of(self, codec: str) -> str:
        """Choose the first encoder for a codec that this ffmpeg has."""
        wanted = VIDEO_ENCODERS.get(codec)
        if wanted is None:
            raise FilmError(f"the film is set to the codec {codec}, which Farmhand does not know")
        try:
            listed = subprocess.run(
                [self.ffmpeg, "-hide_banner", "-encoders"], stdin=subprocess.DEVNULL, capture_output=True, check=False
            ).stdout.decode("utf-8", "replace")
        except OSError as problem:
            raise FilmError(f"{self.ffmpeg} cannot be started: {problem}") from problem
        known = {fields[1] for fields in map(str.split, listed.splitlines()) if len(fields) > 1}
        found = next((name for name in wanted if name in known), None)
        if found is None:
            message = "{} has no encoder for {} ({}): install one that has, or name it in FARMHAND_FFMPEG"
            raise FilmError(message.format(self.ffmpeg, codec, " or ".join(wanted)))
        return found

    def picture(self, frame: int, view: Json) -> str:
        """Give a frame's picture, by its record where that tells, and see that it is whole."""
        record = read_json(self.lane.frames.path(frame, ".json")) if not view["view"] else None
        outputs = (record or {}).get("outputs")
        path = str(outputs[0]["path"] if outputs else view["pictures"][str(frame)])
        try:
            fault = fault_in(path)
        except OSError as problem:
            fault = problem.strerror or str(problem)
        if fault is not None:
            raise FilmError(f"frame {frame} of the film is missing: {path}: {fault}")
        return path

    def encode(self, arguments: Sequence[str], pictures: Sequence[str]) -> None:
        """Feed ffmpeg picture after picture, and tell now and then how far it is."""
        try:
            encoder = self.encoder = Encoder(self.ffmpeg, arguments)
        except OSError as problem:
            raise FilmError(f"{self.ffmpeg} cannot be started: {problem}") from problem
        told = time.monotonic()
        for number, picture in enumerate(pictures, start=1):
            try:
                encoder.feed(picture)
            except OSError:
                # It has ended, and says why.
                break
            self.lane.progress.tell(stage="encoding", samples_done=number, samples_total=len(pictures))
            if time.monotonic() - told > FILM_TOLD_EVERY_SECS:
                told = time.monotonic()
                emit(f"farmhand: film: {number} of {len(pictures)} frames are encoded")
        code = encoder.finish()
        if code != 0 or self.lane.closing.is_set():
            raise FilmError(f"ffmpeg ended with code {code}: {encoder.reason()}")

    def check(self, path: str, frames: int) -> None:
        """Decode the film to its end, and count its frames."""
        arguments = ["-hide_banner", "-nostats", "-loglevel", "error", "-progress", "pipe:1", "-i", path]
        encoder = self.encoder = Encoder(self.ffmpeg, [*arguments, "-map", "0", "-f", "null", "-"])
        code = encoder.finish()
        counts = [line.partition("=")[2].strip() for line in encoder.told if line.startswith("frame=")]
        if code != 0:
            raise FilmError(f"the film cannot be decoded to its end (ffmpeg's code {code}): {encoder.reason()}")
        if not counts or int(counts[-1]) != frames:
            found = counts[-1] if counts else "no"
            raise FilmError(f"the film has {found} frames instead of {frames}")

    def kill(self) -> None:
        """End ffmpeg at once."""
        if self.encoder is not None:
            with contextlib.suppress(OSError):
                self.encoder.process.kill()


# --------------------------------------------------------------------------------------------------
# The supervisor: one run of one lane


class Lane:
    """One run of a lane: looks, claims, has frames rendered, publishes, records. No scene is open here."""

    def __init__(self, job_file: str, state_dir: str, lane: str) -> None:
        """Read the job description and make this run's folders."""
        self.job_file = os.path.abspath(job_file)
        self.job = read_job(self.job_file)
        self.run = uuid.uuid4().hex
        self.worker = f"{socket.gethostname()}:{os.getpid()}"
        self.last = lane == "last"
        self.lane = len(self.job["lanes"]) if self.last else int(lane)
        if not 0 <= self.lane <= len(self.job["lanes"]):
            message = "the job has lanes 0 to {} and last; lane {} is none of them".format(
                len(self.job["lanes"]) - 1, lane
            )
            raise CannotRenderError(message)
        state_dir = os.path.abspath(state_dir)
        self.frames = Frames(state_dir, self.run)
        self.progress = Progress(state_dir, self.run, self.lane)
        self.child: Child | None = None
        self.film: Film | None = None
        self.closing = threading.Event()
        self.about: Json = {}
        self.load_secs = 0.0
        self.tries = self.settled = 0
        self.held_back: set[int] = set()
        self.output_folder = ("", 0)
        self.trace_path = os.environ.get("FARMHAND_LANE_TRACE")

    # The trace, which is replayed against the rules in Rust.

    def trace(self, step: str, frame: int | None = None, **more: object) -> None:
        """Append a step to the trace, after it was done."""
        if self.trace_path:
            line = json.dumps({"run": self.run, "lane": self.lane, "frame": frame, "step": step, **more})
            with open(self.trace_path, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    # The walk over the frames.

    def work(self) -> bool:
        """Try every frame in order; True where the lane ends with success."""
        order = lane_order(self.job, self.lane)
        self.trace("start", last=self.last, order=order)
        self.check_before_claiming()
        waiting = collections.deque(order)
        while waiting:
            self.wait_where_draining()
            frame = waiting.popleft()
            if not self.settle(frame):
                waiting.append(frame)
                self.held_back.add(frame)
                self.trace("requeue", frame)
        success = not self.last or (self.all_done(order) and self.film_is_made())
        self.trace("end", result="success" if success else "failure")
        return success

    def wait_where_draining(self) -> None:
        """Begin no frame where the worker is to go: wait to be ended, so that this lane is queued again, none lost."""
        path = os.environ.get("FARMHAND_DRAIN_FILE")
        if not path or not os.path.exists(path):
            return
        emit("farmhand: notice: this worker is to go: the lane begins no more frames, and waits to be ended")
        self.progress.tell(at_once=True, frame=None, started_unix_secs=None, stage="idle")
        held = path + ".held"
        with open(held, "w", encoding="utf-8"):
            pass
        while os.path.exists(path):
            time.sleep(0.2)
        with contextlib.suppress(FileNotFoundError):
            os.remove(held)

    def settle(self, frame: int) -> bool:
        """Take a frame from LOOK as far as it goes; False where it goes to the end of the queue."""
        if self.look("look", frame) != "open":
            return True
        claim = self.create(frame) or self.read(frame)
        if claim is None:
            return True
        if claim.run != self.run:
            troubled = claim.fails or claim.lost >= LOST_GOES_LAST
            if troubled and frame not in self.held_back and not self.last:
                return False
            claim = self.take_over(frame, claim)
            if claim is None:
                return True
        return self.look("look_again", frame) != "open" or self.try_frame(frame, claim)

    def look(self, step: str, frame: int) -> str:
        """Say how a frame stands by its files: done, failed or open. To the last lane failed is open."""
        if self.frames.is_done(frame):
            result = "done"
        else:
            result = "failed" if not self.last and self.frames.failed_file(frame) else "open"
        self.trace(step, frame, result=result)
        return result

    def create(self, frame: int) -> Claim | None:
        """Create the claim and write it through the same descriptor; None where there is one already."""
        handle = self.frames.create_claim(frame)
        self.trace("create", frame, result="exists" if handle is None else "created")
        if handle is None:
            return None
        mine = Claim(self.lane, self.run, self.worker)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(dataclasses.asdict(mine), file)
        self.trace("write", frame)
        return mine

    def read(self, frame: int) -> Claim | None:
        """Read the claim that is there; None where it leaves the frame to somebody else."""
        found = Claim.read(self.frames.path(frame, ".claim"))
        if found is None:
            self.trace("read", frame, result="unreadable")
            return Claim(NO_LANE, "", "") if self.last else None
        whose = "mine" if found.run == self.run else "own_lane" if found.lane == self.lane else "other_lane"
        self.trace("read", frame, result=whose, fails=found.fails, lost=found.lost, retry=found.retry)
        return None if whose == "other_lane" and not self.last else found

    def take_over(self, frame: int, found: Claim) -> Claim | None:
        """Rename a claim of mine over one left behind; a frame lost too often is recorded as failed."""
        lost = found.lost + (found.lane == self.lane)
        claim = dataclasses.replace(found, lane=self.lane, run=self.run, worker=self.worker, lost=lost)
        if lost > LOST_LIMIT:
            self.trace("take_over", frame, result="over_limit")
            message = f"Frame {frame} was begun {lost} times and each time its worker was lost; it may need more memory"
            self.record_failed(frame, claim, FrameError("lost", message))
            return None
        self.frames.write_claim(frame, claim)
        self.trace("take_over", frame, result="renamed")
        return claim

    def all_done(self, order: Iterable[int]) -> bool:
        """Say for the last lane whether every frame is done, and print each that is not with its reason."""
        missing = [frame for frame in order if not self.frames.is_done(frame)]
        for frame in missing:
            failed = read_json(self.frames.path(frame, ".failed.json")) or {}
            reason, message = failed.get("reason", "lost"), failed.get("message", "nobody has rendered it")
            emit(f"farmhand: frame {frame} is not rendered ({reason}): {message}")
        return not missing

    def film_is_made(self) -> bool:
        """Put the film together where one was asked for, and note what became of it; False where that failed."""
        if not self.job.get("film"):
            return True
        path = os.path.join(os.path.dirname(self.frames.folder), "film.json")
        if film_is_there(read_json(path)):
            return True
        value: Json = {"format": FORMAT, "run": self.run, "status": "made", "films": [], "message": ""}
        ffmpeg = find_ffmpeg()
        if ffmpeg is None:
            value["status"] = "left"
            value["message"] = (
                "there is no ffmpeg on this worker, so the frames are left as pictures: install it, or name it in "
                "FARMHAND_FFMPEG, and retry"
            )
        else:
            self.film = Film(self, ffmpeg)
            try:
                value["films"], notices = self.film.make()
                value["message"] = "; ".join(notices)
            except (FilmError, OSError) as problem:
                value.update(status="failed", message=f"the film could not be put together: {problem}")
        write_json(path, value, self.run)
        for film in value["films"]:
            emit("farmhand: film: {} ({} frames)".format(film["path"], film["frames"]))
        if value["message"]:
            emit("farmhand: {}: {}".format("error" if value["status"] == "failed" else "notice", value["message"]))
        return bool(value["status"] != "failed")

    # One frame.

    def try_frame(self, frame: int, claim: Claim) -> bool:
        """Render a claimed frame and settle it; False where it is to be tried again later."""
        self.tries += 1
        folder = os.path.join(self.frames.scratch, str(frame))
        failure: FrameError | None = None
        try:
            self.render_and_record(frame, claim, folder)
        except FrameError as problem:
            failure = problem
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if failure is not None:
            return self.settle_failure(frame, claim, failure)
        self.settled += 1
        return True

    def settle_failure(self, frame: int, claim: Claim, failure: FrameError) -> bool:
        """Count a failure; at the limit, and always in the last lane, record the frame as failed."""
        emit(f"farmhand: frame {frame} failed ({failure.reason}): {failure.message}")
        crash_log = self.frames.write_crash_log(frame, failure.crash_log) if failure.crash_log else None
        if crash_log:
            emit(f"farmhand: what Blender said is kept in {crash_log}")
        if not self.last:
            claim.fails += 1
            self.frames.write_claim(frame, claim)
            self.trace("count", frame, fails=claim.fails)
        if self.last or claim.fails >= FAILS_LIMIT:
            self.record_failed(frame, claim, failure, crash_log)
            self.settled += 1
            return True
        if not self.settled and self.tries == FIRST_TRIES:
            message = "the first {} tries failed and nothing was rendered, so this worker cannot render the job: {}"
            raise CannotRenderError(message.format(FIRST_TRIES, failure.message))
        return False

    def record_failed(self, frame: int, claim: Claim, failure: FrameError, crash_log: str | None = None) -> None:
        """Write why a frame could not be rendered."""
        value: Json = {"format": FORMAT, "frame": frame, "lane": self.lane, "run": self.run, "worker": self.worker}
        value.update(retry=claim.retry, reason=failure.reason, message=failure.message, log_tail=failure.log_tail)
        value.update({"crash_log": crash_log} if crash_log else {})
        write_json(self.frames.path(frame, ".failed.json"), value, self.run)
        self.trace("record_failed", frame, result=failure.reason)

    def render_and_record(self, frame: int, claim: Claim, folder: str) -> None:
        """Have a frame rendered into `folder`, put its outputs in place, and record it: in this order only."""
        started = time.time()
        try:
            answer = self.rendered_by_child(frame, folder)
        except FrameError:
            self.trace("render", frame, result="failed")
            raise
        self.trace("render", frame, result="ok")
        self.progress.tell(stage="saving")
        saving = time.monotonic()
        try:
            outputs = self.publish(answer["files"])
        except FrameError:
            self.trace("publish", frame, result="failed")
            raise
        self.trace("publish", frame, result="ok")
        record: Json = {"format": FORMAT, "frame": frame, "lane": self.lane, "run": self.run, "worker": self.worker}
        record.update(retry=claim.retry, seconds=answer["seconds"], load_secs=self.load_secs)
        record.update(started_unix_secs=started, outputs=outputs, peak_memory_bytes=answer["peak_memory_bytes"])
        record.update({key: self.about[key] for key in ("device", "device_names", "samples", "blender_version")})
        write_json(self.frames.path(frame, ".json"), record, self.run)
        self.trace("record", frame)
        self.load_secs = 0.0
        self.frames.known_done[frame] = True
        lines = ["Saved: '{}'".format(output["path"]) for output in outputs]
        saved_secs = time.monotonic() - saving
        lines.append("Time: {} (Saving: {})".format(clock(answer["seconds"] + saved_secs), clock(saved_secs)))
        emit("\n".join(lines))
        self.recycle_if_growing(answer["rss_bytes"])

    def publish(self, files: Sequence[tuple[str, str]]) -> list[Json]:
        """Put outputs in their places, none before all are whole and on the disk."""
        self.check_output_folder()
        outputs = [{"path": target, "size_bytes": self.finished_size(source, target)} for source, target in files]
        for source, target in files:
            try:
                put_in_place(source, target, self.run)
            except OSError as problem:
                raise self.output_failure(target, problem) from problem
        return outputs

    def finished_size(self, source: str, target: str) -> int:
        """Check that an output is whole, and have it on the disk before it is given its name."""
        try:
            fault = fault_in(source)
            if fault is None:
                flush_to_disk(source)
                return os.stat(source).st_size
        except OSError as problem:
            raise self.output_failure(target, problem) from problem
        if disk_is_full(os.path.dirname(source)):
            raise self.output_failure(target, OSError(errno.ENOSPC, "No space left on device"))
        raise FrameError("output", f"Blender wrote {target}, but {fault}")

    def output_failure(self, target: str, problem: OSError) -> FrameError:
        """Say why an output could not be brought to its place."""
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            return FrameError("output", f"Disk full while writing {target}: make room and retry")
        return FrameError("output", f"Cannot write {target}: {problem.strerror or problem}")

    def check_output_folder(self) -> None:
        """See that the output folder is still the one that was there at the start, before anything is put into it.

        Where a share is unmounted, its empty mount point would be filled, and be hidden when the share comes back.
        """
        folder, device = self.output_folder
        if not folder:
            return
        try:
            is_there = os.stat(folder).st_dev == device or bool(os.listdir(folder))
        except OSError:
            is_there = False
        if not is_there:
            message = "the output folder {} has disappeared from this worker: bring it back and retry, nothing is lost"
            raise CannotRenderError(message.format(folder))
        if not os.access(folder, os.W_OK):
            raise CannotRenderError(NOT_WRITABLE.format(folder))

    def rendered_by_child(self, frame: int, folder: str) -> Json:
        """Have the child, started where there is none, render a frame; every other end is told apart."""
        child = self.ready_child(frame)
        self.progress.tell(
            frame=frame, started_unix_secs=time.time(), samples_done=0, samples_total=0, stage="rendering"
        )
        child.lines.append(FRAME_MARK.format(frame))
        child.ask(do="render", frame=frame, folder=folder)
        answer = child.answer(self.job["stall_timeout_secs"])
        if answer["say"] == "rendered" and not child.stalled:
            child.frames += 1
            self.about.update(answer.get("about", {}))
            return answer
        if answer["say"] == "cannot":
            raise CannotRenderError(answer["message"])
        if answer["say"] == "failed":
            # A GPU that has failed once often fails until Blender starts afresh; for a missing file nothing was begun.
            if answer["reason"] != "missing":
                self.child = None
                child.end()
            message = answer["message"]
            if disk_is_full(self.frames.scratch):
                message = "Disk full while writing {}: make room and retry ({})".format(self.job["output"], message)
            raise FrameError(answer["reason"], message, child.tail())
        raise self.death(child, answer.get("code", 0), f"rendering frame {frame}")

    def ready_child(self, frame: int) -> Child:
        """Give a child that has the scene open."""
        if self.child is not None:
            return self.child
        self.progress.tell(at_once=True, frame=frame, started_unix_secs=time.time(), stage="loading")
        child = self.child = Child(self.job_file, self.job, self.progress)
        answer = child.answer(self.job["stall_timeout_secs"])
        if answer["say"] == "ready":
            self.about = answer["about"]
            self.load_secs = time.monotonic() - child.started
            return child
        if answer["say"] == "cannot":
            raise CannotRenderError(answer["message"])
        doing = "opening {}".format(self.job["blend_file"])
        failure = self.death(child, answer["code"], doing)
        if failure.reason == "error":
            message = "{} cannot be opened. Blender's last lines: {}"
            raise CannotRenderError(message.format(self.job["blend_file"], " / ".join(child.tail()[-4:])))
        raise failure

    def death(self, child: Child, code: int, doing: str) -> FrameError:
        """Tell the ways apart in which a child can end without an answer."""
        number = -code if code < 0 else code - 128 if 128 < code < 128 + 65 else 0
        # Who ends a lane often ends all its processes at once, and this one may hear of it a moment later.
        if self.closing.wait(1.0 if number in ENDED_FROM_OUTSIDE and not child.stalled else 0.0):
            # The child was ended with this run: no failure of the frame, and no time for another one.
            threading.Event().wait()
        self.child = None
        reason, message = self.cause_of_death(child, code, number, doing)
        return FrameError(reason, message, child.tail(), self.crash_log(child, f"{reason}: {message}"))

    def cause_of_death(self, child: Child, code: int, number: int, doing: str) -> tuple[str, str]:
        """Give the reason and the sentence for a child that ended with `code`, where `number` is its signal or 0."""
        if child.stalled:
            silence = self.job["stall_timeout_secs"]
            return "stall", f"Blender printed nothing for {silence:g} s while {doing}, and was ended"
        said = memory_words_in(child.since_frame_began())
        if said is not None or code in OUT_OF_MEMORY_CODES:
            message = f"Blender ran out of memory while {doing} ({said or hex(code)})"
            return "memory", with_memory_advice(message)
        if number == KILLED:
            return kill_explained(child.memory_kills, memory_kills(), doing)
        if number in ENDED_FROM_OUTSIDE:
            return "killed", f"Blender was ended from outside (signal {number}) while {doing}"
        if number:
            return "crash", f"Blender ended with signal {number} while {doing}"
        crashed = code >= 0xC0000000
        how = f"crashed (code {code:#x})" if crashed else f"ended with code {code}"
        return "crash" if crashed else "error", f"Blender {how} while {doing}"

    def crash_log(self, child: Child, what: str) -> str:
        """Put together what is known of a child's death: the cause, Blender's own crash file, its last lines."""
        when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        parts = [f"{what}\n{when}, worker {self.worker}, lane {self.lane}, run {self.run}"]
        crash_file = child.crash_file()
        if crash_file:
            parts.append("--- what Blender wrote down when it crashed\n" + crash_file.strip())
        parts.append("--- what Blender printed\n" + "\n".join(child.lines))
        return "\n\n".join(parts) + "\n"

    def recycle_if_growing(self, rss_bytes: int) -> None:
        """End a child whose memory only grows; the next frame starts another."""
        child = self.child
        if child is None or not rss_bytes:
            return
        if child.frames <= 3:
            child.base_rss = max(child.base_rss, rss_bytes)
            return
        grown = rss_bytes > max(child.base_rss * self.job["memory_growth_limit"], child.base_rss + GROWTH_FLOOR_BYTES)
        # A scene that is merely large stays: starting it afresh would gain nothing.
        near = rss_bytes > max(child.base_rss * NEAR_LIMIT_GROWTH, NEAR_LIMIT * (memory_limit() or rss_bytes * 2))
        if grown or near:
            emit(f"farmhand: Blender has grown to {rss_bytes >> 20} MiB and is started afresh")
            child.end()
            self.child = None

    def check_before_claiming(self) -> None:
        """Refuse what no frame can survive, before any frame is claimed."""
        blend, output = self.job["blend_file"], os.path.dirname(self.job["output"])
        try:
            found = os.stat(blend)
        except OSError as problem:
            raise CannotRenderError(f"{blend} cannot be read on this worker: {problem.strerror}") from problem
        expected = (self.job.get("blend_size_bytes"), self.job.get("blend_modified_unix_secs"))
        if expected[0] not in (None, found.st_size) or (expected[1] and abs(expected[1] - found.st_mtime) > 2):
            emit(f"farmhand: warning: {blend} has changed since the job was sent")
        if "{" not in output and output:
            try:
                os.makedirs(output, exist_ok=True)
            except OSError as problem:
                raise CannotRenderError(
                    f"the output folder {output} cannot be made on this worker: {problem.strerror}"
                ) from problem
            if not os.access(output, os.W_OK):
                raise CannotRenderError(NOT_WRITABLE.format(output))
            self.output_folder = (output, os.stat(output).st_dev)

    def close(self, *, kindly: bool) -> None:
        """End the child and remove this run's unfinished outputs."""
        self.closing.set()
        if self.film is not None:
            self.film.kill()
        if self.child is not None:
            if kindly:
                self.child.end()
            else:
                self.child.kill()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.child.process.wait(5)
        self.frames.remove_scratch()


def film_is_there(value: Json | None) -> bool:
    """Say whether a film was made by an earlier run, and still lies where it was put."""
    if not value or value.get("status") != "made" or not value.get("films"):
        return False
    try:
        return all(os.stat(film["path"]).st_size == film["size_bytes"] for film in value["films"])
    except (OSError, KeyError, TypeError):
        return False


def read_job(path: str) -> Json:
    """Read the job description, and say what is wrong with it where it is not one."""
    job = read_json(path)
    if job is None:
        raise CannotRenderError(f"the job description {path} cannot be read, or is no JSON object")
    if job.get("format") != FORMAT:
        message = "the job description {} has format {}, this renderer knows format {}: send the job again".format(
            path, job.get("format"), FORMAT
        )
        raise CannotRenderError(message)
    missing = [key for key in ("blend_file", "scene", "frames", "lanes", "output", "settings") if key not in job]
    if missing:
        message = "the job description {} lacks {}: send the job again".format(path, ", ".join(missing))
        raise CannotRenderError(message)
    job.setdefault("stall_timeout_secs", 600)
    job.setdefault("memory_growth_limit", 4.0)
    return job


def run_lane(options: argparse.Namespace) -> int:
    """Run a lane and give its exit code."""
    try:
        lane = Lane(options.job_file, options.state_dir, options.lane)
    except CannotRenderError as problem:
        emit(f"farmhand: error: {problem}")
        return 1
    except OSError as problem:
        emit(f"farmhand: error: the job's folder cannot be written: {writing_failed(problem)}")
        return 1
    watch_signals(lambda: lane.close(kindly=False))
    watch_parent(lambda: lane.close(kindly=False))
    success = False
    try:
        success = lane.work()
    except CannotRenderError as problem:
        emit(f"farmhand: error: cannot render: {problem}")
        lane.trace("end", result="failure")
    except OSError as problem:
        emit(f"farmhand: error: a file of the job cannot be written: {writing_failed(problem)}")
        lane.trace("end", result="failure")
    finally:
        lane.close(kindly=True)
    lane.progress.tell(at_once=True, frame=None, started_unix_secs=None, stage="idle", samples_done=0, samples_total=0)
    return 0 if success else 1


ENDING = (signal.SIGTERM, signal.SIGINT)


def watch_signals(close: Callable[[], None]) -> None:
    """End promptly with code 1 at SIGTERM or SIGINT, whatever the main thread is waiting for."""
    if WINDOWS:
        return
    # Writing to a child that has just died is heard as its end, and must not end this process.
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    for number in ENDING:
        signal.signal(number, lambda _number, _frame: None)

    def await_signal() -> None:
        while os.read(reading, 1)[0] not in ENDING:
            pass
        leave_after(close)

    threading.Thread(target=await_signal, daemon=True).start()


def watch_parent(close: Callable[[], None]) -> None:
    """End with the process that started this one, which may also be named by FARMHAND_PARENT_PID."""
    if WINDOWS:
        return
    parent = os.getppid()
    named = int(os.environ.get("FARMHAND_PARENT_PID") or 0)

    def await_end() -> None:
        while os.getppid() == parent and (not named or is_alive(named)):
            time.sleep(0.5)
        leave_after(close)

    threading.Thread(target=await_end, daemon=True).start()


def is_alive(pid: int) -> bool:
    """Say whether a process exists, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def leave_after(close: Callable[[], None]) -> None:
    """Close, and leave with code 1 even where closing fails."""
    try:
        close()
    finally:
        leave(1)


def leave(code: int) -> None:
    """End this process at once: Blender's own exit hangs or crashes in several versions.

    Blender's session folder, which its own exit would remove, is removed here.
    """
    with contextlib.suppress(Exception):
        sys.stdout.flush()
        session = os.path.normpath(SESSION_DIR[0])
        if os.path.basename(session).startswith("blender_"):
            shutil.rmtree(session, ignore_errors=True)
    os._exit(code)


# Filled at start, since a thread may not ask bpy for it later.
SESSION_DIR = [""]


# --------------------------------------------------------------------------------------------------
# The child's side


class Pipe:
    """The child's end of the command pipe, and the thread that ends this process when it closes."""

    def __init__(self, mark: str) -> None:
        """Begin to listen."""
        self.mark = mark
        self.commands: queue.Queue[Json] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        rest = b""
        while True:
            chunk = os.read(0, 1 << 16)
            if not chunk:
                leave(0)
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.commands.put(json.loads(line.decode("utf-8")))

    def say(self, what: str, **more: object) -> None:
        """Answer on a line of its own, even where Blender has left one half written."""
        sys.stdout.flush()
        emit("\n" + self.mark + json.dumps({"say": what, **more}))


def run_child(options: argparse.Namespace) -> None:
    """Run before the scene is opened to watch the pipe, and after it to render until the pipe closes."""
    bpy = importlib.import_module("bpy")
    SESSION_DIR[0] = bpy.app.tempdir
    job = read_job(options.job_file)
    pipe: Pipe | None = getattr(sys, "farmhand_pipe", None)
    if pipe is None:
        pipe = Pipe(options.mark)
        sys.farmhand_pipe = pipe  # type: ignore[attr-defined]
        prepare_for_death()
        try:
            refuse_newer_file(bpy, job["blend_file"])
            enable_addons(job["settings"].get("addons") or [])
        except CannotRenderError as problem:
            pipe.say("cannot", message=str(problem))
            threading.Event().wait()
        if bpy.app.binary_path:
            return
        open_scene(bpy, job, pipe)
    try:
        scene = Scene(bpy, job, pipe)
    except CannotRenderError as problem:
        pipe.say("cannot", message=str(problem))
        threading.Event().wait()
        return
    pipe.say("ready", about=scene.about)
    while True:
        command = pipe.commands.get()
        answer_command(scene, pipe, command)


def answer_command(scene: Scene, pipe: Pipe, command: Json) -> None:
    """Do one thing that was asked for, such as rendering a frame, and say how it went."""
    try:
        answer = scene.obey(command)
    except CannotRenderError as problem:
        pipe.say("cannot", message=str(problem))
    except FrameError as failure:
        pipe.say("failed", reason=failure.reason, message=failure.message)
    except MemoryError:
        traceback.print_exc()
        pipe.say("failed", reason="memory", message=with_memory_advice("Python ran out of memory"))
    except Exception as problem:  # noqa: BLE001 (whatever a scene's scripts raise is this frame's failure)
        traceback.print_exc()
        pipe.say("failed", reason="error", message=f"{type(problem).__name__}: {problem}")
    else:
        pipe.say(**answer)


def prepare_for_death() -> None:
    """Have Python's own traceback printed when Blender crashes, and when the supervisor asks where it hangs.

    Blender's own handler comes after and writes its crash file. Written past Python, to the bare stderr.
    """
    if WINDOWS:
        return
    faulthandler.enable(file=2, all_threads=False)
    faulthandler.register(signal.SIGUSR2, file=2, all_threads=True)
    end_with_parent()
    be_the_first_out_of_memory()


def be_the_first_out_of_memory() -> None:
    """Have Linux end this process, before anything else here, where memory runs out: one frame is lost with it.

    Else the supervisor or the farm may go, or the Blender in which somebody works. Anybody may raise the own score
    (proc_pid_oom_score_adj(5)), which counts as that many thousandths of the memory there is.
    """
    path = "/proc/self/oom_score_adj"
    with contextlib.suppress(OSError, ValueError):
        with open(path, encoding="ascii") as file:
            score = int(file.read())
        with open(path, "w", encoding="ascii") as file:
            file.write(str(min(1000, score + 300)))


def end_with_parent() -> None:
    """Have Linux end this process with its supervisor even while native code holds Python, so that no thread can run.

    The thread at the pipe ends it at once where it can, and tidies up; this comes ten seconds later. SIGUSR1 has the
    number 10, and its handler is the system's own `alarm`, which takes that for seconds and then ends the process.
    """
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(ImportError, OSError, AttributeError):
        ctypes: Any = importlib.import_module("ctypes")
        system = ctypes.CDLL(None)
        system.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
        system.signal.restype = ctypes.c_void_p
        system.signal(int(signal.SIGUSR1), ctypes.cast(system.alarm, ctypes.c_void_p))
        set_parent_death_signal = 1
        system.prctl(set_parent_death_signal, int(signal.SIGUSR1))


def enable_addons(names: Sequence[str]) -> None:
    """Enable add-ons, by module or by title, before the scene is opened: its nodes and handlers shall find them."""
    if not names:
        return
    utilities: Any = importlib.import_module("addon_utils")
    titles = {module.__name__: utilities.module_bl_info(module).get("name") for module in utilities.modules()}
    for name in names:
        known = (module for module, title in titles.items() if name in (module, module.rpartition(".")[2], title))
        reasons: list[str] = []
        enabled = utilities.enable(
            next(known, name),
            default_set=True,
            persistent=True,
            handle_error=lambda problem, reasons=reasons: reasons.append(f"{type(problem).__name__}: {problem}"),
        )
        if enabled is None:
            message = "the add-on {!r} cannot be enabled on this worker ({}): install it for its Blender"
            raise CannotRenderError(message.format(name, reasons[0] if reasons else "it is not there"))


def refuse_newer_file(bpy: Any, path: str) -> None:
    """Refuse a file of a newer Blender before opening it, since opening one may crash (4.5 in 3.4 does)."""
    with open(path, "rb") as file:
        head = file.read(1 << 16)
    if head.startswith(b"\x1f\x8b"):
        head = zlib.decompressobj(31).decompress(head, 32)
    elif head.startswith(b"\x28\xb5\x2f\xfd"):
        # Blender brings this module; where it is missing the file's version is read after opening.
        try:
            zstandard: Any = importlib.import_module("zstandard")
            head = zstandard.ZstdDecompressor().decompressobj().decompress(head)[:32]
        except Exception:  # noqa: BLE001 (a foreign module; without it one check comes later)
            return
    match = re.match(rb"BLENDER(?:[-_][vV](\d)(\d\d)|\d\d-\d\dv(\d\d)(\d\d))", head)
    if match is None:
        raise CannotRenderError(f"{path} is not a .blend file")
    version = tuple(int(part) for part in match.groups() if part is not None)
    if version > tuple(bpy.app.version[:2]):
        raise CannotRenderError(newer_file_message(path, version, bpy.app.version_string))


def newer_file_message(path: str, version: Sequence[int], own: str) -> str:
    """Say that a scene is too new for this Blender."""
    text = "{} was saved by Blender {}.{}, and this worker has Blender {}: it needs Blender {}.{} or newer"
    return text.format(path, version[0], version[1], own, version[0], version[1])


def open_scene(bpy: Any, job: Json, pipe: Pipe) -> None:
    """Open the scene where bpy is a module, which has no command line to do so."""
    try:
        bpy.ops.wm.open_mainfile(
            filepath=job["blend_file"], load_ui=False, use_scripts=bool(job["settings"].get("auto_run"))
        )
    except RuntimeError as problem:
        pipe.say("cannot", message="{} cannot be opened: {}".format(job["blend_file"], problem))
        threading.Event().wait()


class Redirect:
    """One output of the scene whose folder is replaced by one below the run's scratch folder.

    Blender goes on to make the names itself, so that digits, views, layers and extensions are its own;
    where it wrote `nested/../../x.png` below the replaced folder, `x.png` beside the true folder is meant.
    """

    def __init__(self, true_folder: str, name: str, nesting: int, setting: tuple[Any, str]) -> None:
        """Take the true folder, what follows it in Blender's own setting, and how deep names may climb out."""
        self.true_folder = true_folder
        self.name = name
        self.nesting = nesting
        self.nest = os.sep.join("d" * (nesting + name.count("..")))
        self.setting = setting
        self.braces = False

    @classmethod
    def of(cls, bpy: Any, path: str, nesting: int, setting: tuple[Any, str]) -> Redirect:
        """Redirect the folder of a path; from where it holds a template (since 4.5) on, it stays Blender's to read."""
        folder, name = os.path.split(path)
        if bpy.app.version < TEMPLATES_SINCE:
            return cls(folder, name, nesting, setting)
        if "{" in folder:
            folder = re.split(r"[^/\\]*\{", folder)[0]
            name = path[len(folder) :]
        redirect = cls(folder, name, nesting, setting)
        redirect.braces = True
        return redirect

    def begin(self, folder: str) -> None:
        """Point the output below `folder`."""
        self.folder = folder
        self.base = os.path.join(folder, self.nest) if self.nest else folder
        os.makedirs(self.base, exist_ok=True)
        self.head = os.path.join(self.base, "")
        if self.braces:
            self.head = self.head.replace("{", "{{").replace("}", "}}")
        self.point()

    def point(self) -> None:
        """Set Blender's own setting to the folder that stands in."""
        owner, name = self.setting
        setattr(owner, name, self.head + self.name)

    def moved_to(self) -> str | None:
        """Give the path that the scene itself has set meanwhile; None where it has left the folder as it is."""
        owner, name = self.setting
        path = str(getattr(owner, name))
        return None if path.startswith(self.head) else path

    def written(self) -> list[tuple[str, str]]:
        """List what Blender wrote, each with the place that it is meant for."""
        found = []
        for folder, _, names in os.walk(self.folder):
            for name in sorted(names):
                path = os.path.join(folder, name)
                place = os.path.join(self.true_folder, os.path.relpath(path, self.base))
                found.append((path, os.path.normpath(place)))
        return found


class Scene:
    """The open scene with the job's settings laid on it, rendering one frame at a time as `blender -a` would."""

    def __init__(self, bpy: Any, job: Json, pipe: Pipe) -> None:
        """Lay the job's settings on the scene, and refuse what cannot be rendered at all."""
        self.bpy, self.job, self.pipe, self.settings = bpy, job, pipe, job["settings"]
        if tuple(bpy.data.version[:2]) > tuple(bpy.app.version[:2]):
            raise CannotRenderError(newer_file_message(job["blend_file"], bpy.data.version, bpy.app.version_string))
        self.scene = self.find_scene()
        self.stepped: int | None = None
        self.film: Json = {}
        if not self.settings.get("allow_missing_addons"):
            self.refuse_missing()
        self.set_camera()
        self.set_view_layers()
        self.set_quality()
        self.set_format()
        device, names = self.set_device()
        self.check_denoisers()
        self.sequences: list[PictureSequence] = []
        self.check_files()
        self.redirects = [self.main_output(), *self.node_outputs()]
        self.rendered_into: list[Redirect] = []
        version = ".".join(str(part) for part in bpy.app.version)
        self.about = {"device": device, "device_names": names, "samples": self.samples(), "blender_version": version}
        if bpy.app.version >= SILENT_SINCE:
            bpy.app.handlers.render_stats.append(self.tell_stats)

    # The job's settings.

    def find_scene(self) -> Any:
        """Find the job's scene, and make it the window's, which handlers and drivers may look at."""
        name, scenes = self.job["scene"], [scene for scene in self.bpy.data.scenes if scene.library is None]
        scene = next((scene for scene in scenes if scene.name == name), None)
        if scene is None:
            message = "{} has no scene {!r}; it has {}".format(
                self.job["blend_file"], name, ", ".join(repr(scene.name) for scene in scenes)
            )
            raise CannotRenderError(message)
        if self.bpy.context.window is not None and self.bpy.context.window.scene != scene:
            self.bpy.context.window.scene = scene
        return scene

    def refuse_missing(self) -> None:
        """Refuse a scene whose engine or nodes nobody here knows: Blender would render it otherwise without a word."""
        engine, missing = str(self.job.get("engine") or ""), []
        if engine and not engine.startswith("BLENDER_") and engine not in engines_of(self.bpy):
            missing.append(f"the render engine {engine}")
        missing += self.unknown_nodes()
        if missing:
            message = (
                "the scene needs {}, which Blender {} on this worker does not know: install the add-on for it and name "
                "it with --addon, or render all the same with --ignore missing-addon"
            )
            raise CannotRenderError(message.format(" and ".join(missing), self.bpy.app.version_string))

    def unknown_nodes(self) -> list[str]:
        """Name the nodes of unknown types that others depend on."""
        data, found = self.bpy.data, []
        owners = [*data.materials, *data.worlds, *data.lights]
        trees = [(owner, owner.node_tree) for owner in owners if owner.node_tree is not None]
        trees += [(group, group) for group in data.node_groups]
        trees += [(scene, compositor_of(scene)) for scene in data.scenes if compositor_of(scene) is not None]
        for owner, tree in trees:
            if owner.users:
                used = (node for node in tree.nodes if any(socket.is_linked for socket in node.outputs))
                names = [node.name for node in used if node.bl_idname == "NodeUndefined" and not node.mute]
                found += [f"the node {name!r} of {owner.name!r}" for name in names]
        return found

    def set_camera(self) -> None:
        """Use the camera that was asked for, past the markers that would switch it; else see that there is one."""
        scene, name = self.scene, self.settings.get("camera")
        if name:
            camera = next((thing for thing in scene.objects if thing.name == name), None)
            if camera is None or camera.type != "CAMERA":
                cameras = ", ".join(repr(thing.name) for thing in scene.objects if thing.type == "CAMERA") or "none"
                raise CannotRenderError(f"the scene {scene.name!r} has no camera {name!r}; its cameras: {cameras}")
            scene.camera = camera
            for marker in scene.timeline_markers:
                marker.camera = None
        marked = any(marker.camera is not None for marker in scene.timeline_markers)
        if scene.camera is None and not marked and not self.only_edits() and not self.only_composites():
            raise CannotRenderError(
                f"the scene {scene.name!r} has no camera: set one in the scene, or send with a camera"
            )

    def only_edits(self) -> bool:
        """Say whether the pictures come from the sequencer, for which Blender wants no camera."""
        editor = self.scene.sequence_editor
        if editor is None or not self.scene.render.use_sequencer:
            return False
        strips = editor.strips if hasattr(editor, "strips") else editor.sequences
        return any(strip.type != "SOUND" for strip in strips)

    def only_composites(self) -> bool:
        """Say whether the scene is made by its compositor alone, for which Blender wants no camera."""
        tree = compositor_of(self.scene)
        return bool(self.scene.render.use_compositing and tree) and not any(
            node.type == "R_LAYERS" for node in nodes_of(tree)
        )

    def set_view_layers(self) -> None:
        """Render only the view layers that were asked for."""
        wanted = self.settings.get("view_layers")
        if not wanted:
            return
        have = [layer.name for layer in self.scene.view_layers]
        missing = [name for name in wanted if name not in have]
        if missing:
            message = "the scene {!r} has no view layer {}; it has {}".format(
                self.scene.name, ", ".join(map(repr, missing)), ", ".join(map(repr, have))
            )
            raise CannotRenderError(message)
        for layer in self.scene.view_layers:
            layer.use = layer.name in wanted

    def set_quality(self) -> None:
        """Lay samples, size, threads and denoising on the scene."""
        scene, settings = self.scene, self.settings
        if settings.get("samples"):
            if scene.render.engine == "CYCLES":
                scene.cycles.samples = settings["samples"]
            elif scene.render.engine.startswith("BLENDER_EEVEE"):
                scene.eevee.taa_render_samples = settings["samples"]
        if settings.get("percentage"):
            scene.render.resolution_percentage = settings["percentage"]
        if settings.get("threads"):
            scene.render.threads_mode = "FIXED"
            scene.render.threads = settings["threads"]
        if settings.get("denoise") == "off":
            if hasattr(scene, "cycles"):
                scene.cycles.use_denoising = False
            for node in self.denoise_nodes():
                node.mute = True
        scene.render.use_overwrite = True
        scene.render.use_placeholder = False
        if settings.get("persistent_data") in ("on", "off"):
            scene.render.use_persistent_data = settings["persistent_data"] == "on"

    def set_format(self) -> None:
        """Use the file format that was asked for; a film becomes pictures, which lanes can share out."""
        image, wanted = self.scene.render.image_settings, self.settings.get("file_format")
        if not wanted and (image.file_format in MOVIE_FORMATS or getattr(image, "media_type", "") == "VIDEO"):
            wanted = "PNG"
            self.read_film()
            self.scene.render.use_file_extension = True
            self.pipe.say("notice", message="the scene writes a film; its frames are rendered as PNG pictures")
        if not wanted:
            return
        try:
            if hasattr(image, "media_type"):
                image.media_type = "MULTI_LAYER_IMAGE" if wanted == "OPEN_EXR_MULTILAYER" else "IMAGE"
            image.file_format = wanted
        except TypeError as problem:
            raise CannotRenderError(
                f"Blender {self.bpy.app.version_string} cannot write the file format {wanted}: {problem}"
            ) from problem
        if self.film:
            image.color_mode = self.film["color_mode"]
            image.color_depth = "16" if self.film["depth"] > 8 else "8"

    # The film.

    def views(self) -> list[str]:
        """Name the views that become films of their own; one without a name where all frames make one film."""
        render = self.scene.render
        if not render.use_multiview or render.image_settings.views_format != "INDIVIDUAL":
            return [""]
        stereo = render.views_format == "STEREO_3D"
        return [view.name for view in render.views if view.use and (not stereo or view.name in ("left", "right"))]

    def read_film(self) -> None:
        """Keep how the film is set and what Blender would call it, before the scene is set to pictures."""
        scene, render, wanted = self.scene, self.scene.render, self.job.get("film")
        image, settings = render.image_settings, render.ffmpeg
        old = {"AVI_JPEG": "MJPEG", "AVI_RAW": "RAW"}.get(image.file_format)
        factor = str(settings.constant_rate_factor)
        self.film = {
            "codec": old or settings.codec,
            "container": "AVI" if old else settings.format,
            "rate_factor": getattr(settings, "custom_constant_rate_factor", 23)
            if factor == "CUSTOM"
            else RATE_FACTORS.get(factor),
            "preset": settings.ffmpeg_preset,
            "prores": getattr(settings, "ffmpeg_prores_profile", "422_STD"),
            "lossless": settings.use_lossless_output,
            "bitrate": settings.video_bitrate,
            "minrate": settings.minrate,
            "maxrate": settings.maxrate,
            "buffer": settings.buffersize,
            "gop": settings.gopsize,
            "b_frames": settings.max_b_frames if settings.use_max_b_frames else 0,
            "quality": image.quality,
            "color_mode": image.color_mode,
            "depth": int(image.color_depth),
            "height": render.resolution_y * render.resolution_percentage // 100,
            "fps": render.fps,
            "fps_base": render.fps_base,
            "aspect": [render.pixel_aspect_x, render.pixel_aspect_y],
            "audio_codec": "NONE" if old else settings.audio_codec,
            "audio_bitrate": settings.audio_bitrate,
            "audio_volume": settings.audio_volume,
            "films": [],
            "notices": [],
        }
        if settings.use_autosplit and not old:
            self.film["notices"].append("the film is in one file, although the scene is set to split it")
        if getattr(scene.display_settings, "display_device", "").startswith("Rec.2100"):
            self.film["notices"].append("the film is marked as BT.709 and not as HDR")
        if wanted:
            frames = frames_of(wanted["frames"])
            scene.frame_start, scene.frame_end = frames[0], frames[-1]
            render.filepath = wanted["output"]
            self.film["films"] = [
                {"view": view, "path": os.path.normpath(render.frame_path(frame=frames[0], view=view))}
                for view in self.views()
            ]

    def film_settings(self, folder: str) -> Json:
        """Say how the film is set, name each of its pictures, and leave its sound in `folder`."""
        frames = frames_of(self.job["film"]["frames"])
        self.scene.render.filepath = self.job["output"]
        for film in self.film["films"]:
            film["pictures"] = {
                str(frame): os.path.normpath(self.scene.render.frame_path(frame=frame, view=film["view"]))
                for frame in frames
            }
        self.film["sound"] = None
        if self.film["audio_codec"] != "NONE" and self.has_sound():
            if frames == list(range(frames[0], frames[-1] + 1)):
                self.film["sound"] = os.path.join(folder, "sound.wav")
                self.mix_down(self.film["sound"], frames)
            else:
                self.film["notices"].append(
                    "the film has no sound, since frames between its first and last are left out"
                )
        return self.film

    def has_sound(self) -> bool:
        """Say whether anything in the scene can be heard."""
        editor = self.scene.sequence_editor
        strips: Any = ()
        if editor is not None:
            strips = editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all
        heard = any(strip.type in ("SOUND", "SCENE") and not strip.mute for strip in strips)
        return heard or any(thing.type == "SPEAKER" for thing in self.scene.objects)

    def mix_down(self, path: str, frames: Sequence[int]) -> None:
        """Write the scene's sound as it is, without loss; channels and rate are the scene's."""
        scene, settings = self.scene, self.scene.render.ffmpeg
        scene.frame_start, scene.frame_end = frames[0], frames[-1]
        options: Json = {"container": "WAV", "codec": "PCM", "format": "F32", "check_existing": False}
        known = {argument.identifier for argument in self.bpy.ops.sound.mixdown.get_rna_type().properties}
        for name, value in (("channels", settings.audio_channels), ("mixrate", settings.audio_mixrate)):
            if name in known:
                options[name] = value
        try:
            self.bpy.ops.sound.mixdown(filepath=path, relative_path=False, **options)
        except (RuntimeError, TypeError) as problem:
            raise FrameError("output", f"the sound cannot be mixed down: {str(problem).strip()}") from problem
        if not os.path.exists(path):
            raise FrameError("output", "the sound cannot be mixed down: Blender wrote none, and gave no reason")

    def samples(self) -> int:
        """Give the samples that the engine takes for each pixel, 0 where it has no such setting."""
        engine = self.scene.render.engine
        if engine == "CYCLES":
            return int(self.scene.cycles.samples)
        return int(self.scene.eevee.taa_render_samples) if engine.startswith("BLENDER_EEVEE") else 0

    # Devices and denoisers.

    def set_device(self) -> tuple[str, list[str]]:
        """Switch on the GPUs that were asked for, and give the device that really renders, with its names."""
        scene, wanted = self.scene, (self.settings.get("device") or "auto").upper()
        if scene.render.engine != "CYCLES":
            return self.drawing_device()
        found: tuple[str, list[str]] = ("CPU", cycles_devices("CPU"))
        if wanted != "CPU":
            open_shading = bool(getattr(scene.cycles, "shading_system", False))
            backends: tuple[str, ...] = GPU_ORDER if wanted in ("AUTO", "GPU") else (wanted,)
            if open_shading:
                # Cycles ignores Open Shading Language on any other GPU backend, and renders wrong.
                backends = tuple(name for name in backends if name == "OPTIX" and self.bpy.app.version >= (3, 5))
            found = next(filter(None, map(self.switch_on, backends)), found)
        if found[0] == "CPU" and self.settings.get("gpu_required"):
            raise CannotRenderError(
                f"a GPU is required ({wanted.lower()}) and Blender {self.bpy.app.version_string} finds none to use"
            )
        if found[0] == "CPU" and wanted not in ("AUTO", "CPU"):
            self.pipe.say("notice", message=f"no usable GPU for {wanted.lower()!r}: rendering on the CPU")
        scene.cycles.device = "CPU" if found[0] == "CPU" else "GPU"
        return found

    def switch_on(self, backend: str) -> tuple[str, list[str]] | None:
        """Switch on all GPUs of a backend; None where there is none. Backends unknown to this build raise."""
        names = cycles_devices(backend)
        addon = self.bpy.context.preferences.addons.get("cycles")
        if not names or addon is None:
            return None
        preferences = addon.preferences
        try:
            preferences.compute_device_type = backend
            preferences.get_devices()
        except (TypeError, ValueError):
            return None
        used = []
        for device in preferences.devices:
            device.use = device.type == backend
            if device.use:
                used.append(device.name)
        return (backend, used) if used else None

    def drawing_device(self) -> tuple[str, list[str]]:
        """Name what draws EEVEE and Workbench; known for certain after the first frame only."""
        try:
            name = str(importlib.import_module("gpu").platform.renderer_get())
        except Exception:  # noqa: BLE001 (in background Blender has no drawing context before the first frame)
            return "GPU", []
        software = any(word in name.lower() for word in ("llvmpipe", "softpipe", "software", "swrast"))
        return "CPU" if software else "GPU", [name]

    def denoise_nodes(self) -> list[Any]:
        """List the Denoise nodes that would run."""
        tree = compositor_of(self.scene)
        if tree is None or not self.scene.render.use_compositing:
            return []
        return [node for node in nodes_of(tree) if node.type == "DENOISE" and not node.mute]

    def check_denoisers(self) -> None:
        """Refuse before rendering where the scene denoises and this Blender was built without the denoiser.

        Debian's Blender raises an error in each frame for Cycles, and passes noise through a Denoise node in silence.
        """
        scene = self.scene
        if has_open_image_denoise():
            return
        uses = []
        if scene.render.engine == "CYCLES" and scene.cycles.use_denoising:
            by_optix = getattr(scene.cycles, "denoiser", "") == "OPTIX" and cycles_devices("OPTIX")
            layers = [layer for layer in scene.view_layers if layer.use]
            if not by_optix and any(getattr(layer.cycles, "use_denoising", True) for layer in layers):
                uses.append("in the Cycles settings")
        if self.denoise_nodes():
            uses.append("in the compositor")
        if uses:
            message = (
                "the scene is denoised {}, and this Blender ({}) was built without OpenImageDenoise: send with "
                "--denoise off, or let workers have a Blender from blender.org"
            ).format(" and ".join(uses), self.bpy.app.version_string)
            raise CannotRenderError(message)

    # What the scene needs.

    def check_files(self) -> None:
        """Refuse a scene of which files are missing here: Blender renders it pink, empty or plain, and says nothing."""
        needs = Needs(self.bpy, self.scene)
        missing = needs.missing()
        if not missing:
            self.sequences = needs.sequences()
            return
        named = "; ".join(missing[:MISSING_NAMED]) + (
            f"; and {len(missing) - MISSING_NAMED} more" if missing[MISSING_NAMED:] else ""
        )
        if self.settings.get("missing_files") != "allow":
            raise CannotRenderError(
                f"files that the scene needs are not there on this worker: {named}; {MISSING_ADVICE}"
            )
        self.pipe.say("notice", message=f"rendered although files are missing: {named}")

    def check_sequences(self, frame: int) -> None:
        """Refuse a frame for which the picture of a sequence is missing."""
        missing = [f"{one.name} ({path})" for one in self.sequences for path in one.missing(frame)]
        if missing:
            message = "frame {} needs {}, which is not there on this worker; {}".format(
                frame, "; ".join(missing), MISSING_ADVICE
            )
            raise FrameError("missing", message)

    # Where Blender would write.

    def main_output(self) -> Redirect:
        """Redirect the scene's own output."""
        output, folder = str(self.job["output"]), self.artist_folder()
        if output.startswith(folder):
            output = self.literal(folder) + output[len(folder) :]
        return Redirect.of(self.bpy, output, 0, (self.scene.render, "filepath"))

    def artist_folder(self) -> str:
        """Give the folder of the artist's own file."""
        return str(self.job.get("blend_dir") or os.path.dirname(self.job["blend_file"]))

    def literal(self, folder: str) -> str:
        """Write a folder so that Blender reads no template into braces that are in its name."""
        if self.bpy.app.version < TEMPLATES_SINCE:
            return folder
        return folder.replace("{", "{{").replace("}", "}}")

    def node_outputs(self) -> list[Redirect]:
        """Redirect every File Output node of every compositor, since another scene's may run through a strip."""
        redirects, seen = [], set()
        trees = [compositor_of(scene) for scene in self.bpy.data.scenes]
        trees += [tree for tree in self.bpy.data.node_groups if tree.bl_idname == "CompositorNodeTree"]
        for tree in trees:
            for node in nodes_of(tree) if tree is not None else ():
                if node.type == "OUTPUT_FILE" and node.as_pointer() not in seen:
                    seen.add(node.as_pointer())
                    redirects.append(self.node_output(node))
        return redirects

    def node_output(self, node: Any) -> Redirect:
        """Redirect one File Output node, of Blender 5 (`directory`) or before (`base_path`)."""
        if hasattr(node, "directory"):
            names = [node.file_name, *(item.name for item in node.file_output_items)]
        else:
            names = [slot.path for slot in node.file_slots]
        is_folder = hasattr(node, "directory") or node.format.file_format != "OPEN_EXR_MULTILAYER"
        setting = "directory" if hasattr(node, "directory") else "base_path"
        path = self.resolve(getattr(node, setting))
        nesting = sum(name.count("..") for name in names)
        return Redirect.of(self.bpy, os.path.join(path, "") if is_folder else path, nesting, (node, setting))

    def follow_scene(self, *_arguments: object) -> None:
        """Follow handlers of the scene that have just set an output elsewhere: Blender writes there, and so do we.

        Only where people have asked for a folder, that is the one.
        """
        for number, redirect in enumerate(self.rendered_into):
            path = redirect.moved_to()
            if path is not None and number == 0 and self.job.get("output_overridden"):
                redirect.point()
            elif path is not None:
                folder = redirect.folder + "-moved"
                followed = Redirect.of(self.bpy, self.resolve(path), redirect.nesting, redirect.setting)
                followed.begin(folder)
                self.rendered_into[number] = followed

    def listen_last(self) -> None:
        """Be the last to hear that a frame is about to be rendered, after all handlers of the scene.

        Blender goes to the frame after `render_pre` where it renders a scene, and not at all where it only edits.
        """
        for handlers in (self.bpy.app.handlers.render_pre, self.bpy.app.handlers.frame_change_post):
            if self.follow_scene in handlers:
                handlers.remove(self.follow_scene)
            handlers.append(self.follow_scene)

    def resolve(self, path: str) -> str:
        """Make a node's path absolute: `//`, `{blend_dir}` since 4.5, is the artist's folder, never a staged copy's.

        A path without any folder to begin at is relative to where Blender was started, which on a farm is nobody's
        choice: the artist's folder is meant there too.
        """
        temporary = [tempfile.gettempdir(), "/tmp", "C:\\tmp"]  # noqa: S108 (compared with, never written to)
        if self.job.get("output_overridden") and path.rstrip("\\/") in [place.rstrip("\\/") for place in temporary]:
            return os.path.join(os.path.dirname(str(self.job["output"])), "")
        if path.startswith("{blend_dir}") and self.bpy.app.version >= TEMPLATES_SINCE:
            path = path[len("{blend_dir}") :].lstrip("/\\")
        if path.startswith("//"):
            path = path[2:]
        elif os.path.isabs(path):
            absolute = os.path.abspath(path)
            return absolute if os.path.basename(path) else os.path.join(absolute, "")
        return os.path.join(self.literal(self.artist_folder()), path)

    # Rendering.

    def obey(self, command: Json) -> Json:
        """Do what the supervisor asks for, and give the answer."""
        if command["do"] == "film":
            return {"what": "film", "film": self.film_settings(command["folder"])}
        return {"what": "rendered", **self.render(command["frame"], command["folder"])}

    def render(self, frame: int, folder: str) -> Json:
        """Render one frame below `folder`, and say what was written and where it belongs."""
        started = time.monotonic()
        self.check_sequences(frame)
        make_frame_folder(folder)
        for number, redirect in enumerate(self.redirects):
            redirect.begin(os.path.join(folder, str(number)))
        self.rendered_into = list(self.redirects)
        self.listen_last()
        self.step_to(frame)
        try:
            result = self.call_render(frame)
        except RuntimeError as problem:
            raise self.failure(str(problem).strip()) from problem
        seconds = time.monotonic() - started
        written = [redirect.written() for redirect in self.rendered_into]
        if "FINISHED" not in result or not written[0]:
            message = "Blender ended frame {} without writing {}".format(frame, self.job["output"])
            raise FrameError("output", message)
        rss, peak = memory_bytes()
        files = [pair for pairs in written for pair in pairs]
        answer: Json = {"frame": frame, "seconds": seconds, "files": files}
        answer.update(rss_bytes=rss, peak_memory_bytes=peak)
        if self.scene.render.engine != "CYCLES":
            device, names = self.drawing_device()
            answer["about"] = {"device": device, "device_names": names}
        return answer

    def call_render(self, frame: int) -> Any:
        """Have Blender render one frame as its own `-a` does."""
        scene = self.scene
        if frame < 0:
            # A scene's range begins at 0, so a still is rendered; for a still, Blender leaves the digits to us.
            scene.frame_set(frame)
            scene.render.filepath = with_digits(scene.render.filepath, frame)
            return self.bpy.ops.render.render(write_still=True, scene=scene.name)
        scene.frame_start = frame
        scene.frame_end = frame
        scene.frame_step = 1
        return self.bpy.ops.render.render(animation=True, scene=scene.name)

    def step_to(self, frame: int) -> None:
        """Step through every frame of a simulation from its first one, since it is wrong out of order."""
        first = self.job.get("simulation_start")
        if first is None:
            return
        begin = first if self.stepped is None or self.stepped >= frame else self.stepped + 1
        # The frame itself included: rendering, even by `-a`, reads a simulation and never moves it on.
        for step in range(begin, frame + 1):
            self.scene.frame_set(step)
            self.pipe.say("progress", news={})
        self.stepped = frame

    def failure(self, text: str) -> Exception:
        """Tell by Blender's own words whether a frame failed, or every frame would."""
        lower = text.lower()
        if "no camera" in lower:
            return CannotRenderError(f"{text}: set a camera in the scene, or send with one")
        if "openimagedenois" in lower:
            return CannotRenderError(f"{text}: send with --denoise off")
        if MEMORY_WORDS.search(text):
            return FrameError("memory", with_memory_advice(text))
        writing = any(words in lower for words in ("could not write", "cannot save", "no space left", "render error"))
        return FrameError("output" if writing else "error", text)

    def tell_stats(self, *arguments: object) -> None:
        """Say on Blender 5, which prints nothing while it renders, that it is alive and how far it is."""
        now = time.monotonic()
        if now - getattr(self, "told", 0.0) < PROGRESS_EVERY_SECS:
            return
        self.told = now
        match = re.search(r"Sample (\d+)/(\d+)", " ".join(str(argument) for argument in arguments))
        news = {"samples_done": int(match.group(1)), "samples_total": int(match.group(2))} if match else {}
        self.pipe.say("progress", news=news)


def make_frame_folder(folder: str) -> None:
    """Make a frame's folder, but never that of the run again: beneath what was unmounted nothing must be written."""
    try:
        os.mkdir(folder)
    except FileExistsError:
        pass
    except OSError as problem:
        raise FrameError("output", f"the job's folder cannot be written: {writing_failed(problem)}") from problem


def with_digits(pattern: str, frame: int) -> str:
    """Put a frame number into a path as Blender does: in its name's last run of `#`, or four digits at its end."""
    folder, name = os.path.split(pattern)
    runs = list(re.finditer("#+", name))
    if not runs:
        return os.path.join(folder, name + signed_digits(frame, 4))
    start, end = runs[-1].span()
    return os.path.join(folder, name[:start] + signed_digits(frame, end - start) + name[end:])


def signed_digits(frame: int, digits: int) -> str:
    """Write a number as C's `%.4d` does: the sign is no digit."""
    return "-" * (frame < 0) + str(abs(frame)).zfill(digits)


@dataclasses.dataclass(frozen=True)
class PictureSequence:
    """An image of which each frame of the scene shows another file."""

    name: str
    path: str
    start: int
    duration: int
    offset: int
    cyclic: bool

    def missing(self, frame: int) -> list[str]:
        """Give the file for a frame where it is not there, counted as Blender does (`BKE_image_user_frame_get`)."""
        number = frame - self.start + 1
        if self.cyclic and self.duration:
            number = (number - 1) % self.duration + 1
        if number < 1 or not self.duration:
            return []
        folder, name = os.path.split(self.path)
        stem, suffix = os.path.splitext(name)
        digits = re.search(r"\d+(?=\D*$)", stem)
        if digits is None:
            return []
        shown = signed_digits(min(number, self.duration) + self.offset, len(digits.group()))
        path = os.path.join(folder, stem[: digits.start()] + shown + stem[digits.end() :] + suffix)
        return [] if os.path.exists(path) else [path]


class Needs:
    """The files that a scene's pictures depend on: those of data that is used by something which is rendered.

    What the scene merely holds (brushes, hidden objects, loose nodes) is left out: it renders right without.
    """

    def __init__(self, bpy: Any, scene: Any) -> None:
        """Look at nothing yet: who uses whom is asked only where a file is missing or may be."""
        self.bpy, self.scene = bpy, scene
        self.users: dict[Any, set[Any]] | None = None
        self.excluded: set[Any] | None = None

    def missing(self) -> list[str]:
        """Name each thing that is used and whose file is not there."""
        data = self.bpy.data
        found = [(kind, thing, path) for kind, thing, path in self.files() if not any_file(path)]
        named = [f"{kind} {thing.name!r} ({path})" for kind, thing, path in found if self.is_rendered(thing)]
        for library in data.libraries:
            path = self.bpy.path.abspath(library.filepath)
            if not os.path.exists(path) and getattr(library, "packed_file", None) is None:
                linked = [thing for thing in self.used_by() if thing.library == library]
                if any(map(self.is_rendered, linked)):
                    named.append(f"library {library.name!r} ({path})")
        return named

    def files(self) -> Iterable[tuple[str, Any, str]]:
        """List everything that shows one file (or the tiles of one image): its kind, itself, the file's path."""
        data = self.bpy.data
        for image in data.images:
            if image.source in ("FILE", "MOVIE", "TILED") and not image.packed_files and not image.use_multiview:
                yield "image", image, self.path_of(image)
        for kind, things in (("font", data.fonts), ("volume", data.volumes), ("cache file", data.cache_files)):
            for thing in things:
                packed = getattr(thing, "packed_file", None) is not None or getattr(thing, "is_sequence", False)
                if not packed and thing.filepath != "<builtin>":
                    yield kind, thing, self.path_of(thing)

    def path_of(self, thing: Any) -> str:
        """Give the absolute path of a thing's file; empty where it names none."""
        return os.path.normpath(self.bpy.path.abspath(thing.filepath, library=thing.library)) if thing.filepath else ""

    def sequences(self) -> list[PictureSequence]:
        """List the sequences of pictures that are used, each with how a node or texture counts its frames."""
        found = []
        for image in self.bpy.data.images:
            if image.source != "SEQUENCE" or image.packed_files or image.use_multiview or not image.filepath:
                continue
            for user in self.used_by().get(image, ()):
                if not self.shows(user, image) or not self.is_rendered(user) or counts_are_animated(user):
                    continue
                for counts in [getattr(node, "image_user", node) for node in self.nodes_with(user, image)] or [
                    getattr(user, "image_user", None)
                ]:
                    if getattr(counts, "use_auto_refresh", False):
                        numbers = (counts.frame_start, counts.frame_duration, counts.frame_offset, counts.use_cyclic)
                        found.append(PictureSequence(f"image {image.name!r}", self.path_of(image), *numbers))
        return list(dict.fromkeys(found))

    def used_by(self) -> dict[Any, set[Any]]:
        """Ask Blender once who uses whom."""
        if self.users is None:
            self.users = self.bpy.data.user_map()
        return self.users

    def is_rendered(self, thing: Any) -> bool:
        """Say whether a way leads from a thing over its users to the scene."""
        seen, waiting = {thing}, [thing]
        while waiting:
            one = waiting.pop()
            if one == self.scene:
                return True
            onward = [user for user in self.used_by().get(one, ()) if user not in seen and self.leads_on(one, user)]
            seen.update(onward)
            waiting.extend(onward)
        return False

    def leads_on(self, one: Any, user: Any) -> bool:
        """Say whether what uses a thing shows it: not a brush, nor the collection of something hidden or left out.

        Whatever else uses a hidden object (particles, geometry nodes, a collection's instance) may well show it.
        """
        kind, to = kind_of(one), kind_of(user)
        if to in NEVER_SHOWN_BY:
            return False
        if kind == "Image":
            return self.shows(user, one)
        if kind not in ("Object", "Collection") or to not in ("Collection", "Scene"):
            return True
        # A scene also knows the objects and collections further down, hidden ones among them.
        holder = user.collection if to == "Scene" else user
        if one.name not in (holder.objects if kind == "Object" else holder.children):
            return False
        return (not one.hide_render or has_animation(one)) and one not in self.left_out()

    def left_out(self) -> set[Any]:
        """Find the collections that each view layer to render leaves out."""
        if self.excluded is None:
            layers = [layer.layer_collection for layer in self.scene.view_layers if layer.use]
            held: set[Any] = set()
            kept: set[Any] = set()
            while layers:
                layer = layers.pop()
                held.add(layer.collection)
                kept.update([] if layer.exclude else [layer.collection])
                layers.extend(layer.children)
            self.excluded = held - kept
        return self.excluded

    def shows(self, user: Any, image: Any) -> bool:
        """Say whether a user of an image shows it, and not in a loose node or, as an empty, to the artist alone."""
        if tree_of(user) is None:
            kind = kind_of(user)
            return kind not in ("Scene", "Material", "World", "Light") and getattr(user, "type", None) != "EMPTY"
        return bool(self.nodes_with(user, image))

    def nodes_with(self, user: Any, image: Any) -> list[Any]:
        """List the nodes of a user's own tree that hold an image and lead somewhere."""
        tree = tree_of(user)
        return [
            node
            for node in (tree.nodes if tree is not None else ())
            if getattr(node, "image", None) == image and not node.mute and any(out.is_linked for out in node.outputs)
        ]


MISSING_NAMED = 8
MISSING_ADVICE = "bring it there, or send with --allow-missing"
NEVER_SHOWN_BY = ("Brush", "Camera", "Screen", "WorkSpace", "WindowManager")


def kind_of(thing: Any) -> str:
    """Give Blender's name of a data-block's type, such as `Object`; that of any node tree is `NodeTree`."""
    name = str(thing.bl_rna.identifier)
    return "NodeTree" if name.endswith("NodeTree") else name


def tree_of(user: Any) -> Any:
    """Give the nodes of a data-block: itself where it is a tree, else those that make its picture, where it has any."""
    kind = kind_of(user)
    if kind == "NodeTree":
        return user
    if kind == "Scene":
        return compositor_of(user) if user.render.use_compositing else None
    return getattr(user, "node_tree", None) if getattr(user, "use_nodes", True) else None


def has_animation(thing: Any) -> bool:
    """Say whether anything animates or drives a data-block."""
    animation = getattr(thing, "animation_data", None)
    return animation is not None and bool(animation.drivers or animation.action or animation.nla_tracks)


def counts_are_animated(user: Any) -> bool:
    """Say whether animation or a driver sets which picture of a sequence is shown, past what its numbers say."""
    return has_animation(user) or has_animation(tree_of(user))


def any_file(path: str) -> bool:
    """Say whether a file is there, or, for a tiled image, one of its tiles."""
    if not path or "<" not in os.path.basename(path):
        return not path or os.path.exists(path)
    pattern = glob.escape(path).replace("<UDIM>", "[0-9]" * 4).replace("<UVTILE>", "u*_v*")
    return bool(glob.glob(pattern))


def compositor_of(scene: Any) -> Any:
    """Give a scene's compositor tree, of Blender 5 (a group of its own) or before; None where it has none."""
    if hasattr(scene, "compositing_node_group"):
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def nodes_of(tree: Any, seen: set[int] | None = None) -> Iterable[Any]:
    """List a tree's nodes, those inside groups included."""
    seen = set() if seen is None else seen
    if tree.as_pointer() in seen:
        return
    seen.add(tree.as_pointer())
    for node in tree.nodes:
        yield node
        inner = getattr(node, "node_tree", None)
        if inner is not None and hasattr(inner, "nodes"):
            yield from nodes_of(inner, seen)


def cycles_devices(backend: str) -> list[str]:
    """Name the devices that Cycles can use by a backend (`CPU`, `OPTIX`, …)."""
    try:
        found = importlib.import_module("_cycles").available_devices(backend)
    except Exception:  # noqa: BLE001 (a build without Cycles, or a driver that fails: no such device here)
        return []
    return [str(device[0]) for device in found if device[1] == backend]


def has_open_image_denoise() -> bool:
    """Say whether this Blender was built with OpenImageDenoise."""
    try:
        return bool(getattr(importlib.import_module("_cycles"), "with_openimagedenoise", True))
    except ImportError:
        return True


def engines_of(bpy: Any) -> list[str]:
    """List the engines that Python has registered; those of Blender's own core are not among them."""
    found, waiting = [], list(bpy.types.RenderEngine.__subclasses__())
    while waiting:
        engine = waiting.pop()
        waiting += engine.__subclasses__()
        found.append(str(getattr(engine, "bl_idname", "")))
    return [name for name in found if name]


def memory_bytes() -> tuple[int, int]:
    """Give this process's memory now and at its peak; 0 where the system doesn't tell."""
    now = peak = 0
    with contextlib.suppress(ImportError, OSError, ValueError):
        usage: Any = importlib.import_module("resource")
        peak = int(usage.getrusage(usage.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)
        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return now, peak


# --------------------------------------------------------------------------------------------------
# The probe, and the command line


def probe() -> None:
    """Print as one line of JSON what this Blender can do."""
    bpy = importlib.import_module("bpy")
    render = bpy.context.scene.render
    engines: list[str] = engines_of(bpy)
    for engine in ("BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH"):
        with contextlib.suppress(TypeError):
            render.engine = engine
            engines.append(engine)
    devices = [{"type": kind, "name": name} for kind in ("CPU", *GPU_ORDER) for name in cycles_devices(kind)]
    denoisers = ["OPENIMAGEDENOISE"] if has_open_image_denoise() else []
    if any(device["type"] == "OPTIX" for device in devices):
        denoisers.append("OPTIX")
    found = {
        "blender_version": ".".join(str(part) for part in bpy.app.version),
        "python_version": "{}.{}.{}".format(*sys.version_info[:3]),
        "background": bool(bpy.app.background),
        "engines": sorted(set(engines)),
        "denoisers": denoisers,
        "devices": devices,
        "movie_formats": bool(bpy.app.build_options.codec_ffmpeg),
        "kind": "blender" if bpy.app.binary_path else "module",
    }
    emit("FARMHAND-PROBE " + json.dumps(found))


def main(arguments: Sequence[str]) -> None:
    """Do what the command line asks for, and end the process with its code; the child's first run returns."""
    parser = argparse.ArgumentParser(prog="render.py", description="Renders lanes of a Farmhand job.")
    commands = parser.add_subparsers(dest="command", required=True)
    lane = commands.add_parser("lane")
    lane.add_argument("--job-file", required=True)
    lane.add_argument("--state-dir", required=True)
    lane.add_argument("--lane", required=True)
    child = commands.add_parser("child")
    child.add_argument("--job-file", required=True)
    child.add_argument("--mark", required=True)
    commands.add_parser("probe")
    code = 1
    try:
        options = parser.parse_args(arguments)
        bpy = sys.modules.get("bpy")
        if bpy is not None:
            SESSION_DIR[0] = bpy.app.tempdir
        if options.command == "child":
            run_child(options)
            return
        if options.command == "probe":
            probe()
            code = 0
        else:
            code = run_lane(options)
    except SystemExit as ending:
        code = ending.code if isinstance(ending.code, int) else 2
    except BaseException:  # noqa: BLE001 (Blender would print it and end with code 0)
        emit(traceback.format_exc().rstrip())
    leave(code)


if __name__ == "__main__":
    main(sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])
