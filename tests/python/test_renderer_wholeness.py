# SPDX-License-Identifier: Apache-2.0
"""Whether a picture is whole, judged from its bytes."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

import lane_runs

render = lane_runs.load_renderer()


def png(width: int = 5, height: int = 4, *, interlace: int = 0, rows: bytes | None = None) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, interlace)
    due = render.png_bytes_due(header)
    packed = zlib.compress(bytes(due) if rows is None else rows)
    half = len(packed) // 2
    pieces = [chunk(b"IHDR", header), chunk(b"IDAT", packed[:half]), chunk(b"IDAT", packed[half:]), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(pieces)


def jpeg() -> bytes:
    return b"\xff\xd8\xff\xe0\0\x04ab\xff\xda\0\x04ab" + b"\x12\xff\0\x34\xff\xd0\x56" + b"\xff\xd9"


def tiff() -> bytes:
    entries = [(273, 4, 2, 50), (279, 4, 2, 58)]
    body = struct.pack("<2sHI", b"II", 42, 8) + struct.pack("<H", len(entries))
    body += b"".join(struct.pack("<HHII", *entry) for entry in entries) + struct.pack("<I", 0)
    body = body.ljust(50, b"\0") + struct.pack("<4I", 66, 70, 4, 6)
    return body + b"abcdefghij"


def webp() -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + 8 + 4) + b"WEBPVP8L" + struct.pack("<I", 3) + b"abc\0"


def exr(*, parts: int = 1) -> bytes:
    def attribute(name: bytes, kind: bytes, value: bytes) -> bytes:
        return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value

    height, lines = 40, 16
    chunks = -(-height // lines)
    header = attribute(b"compression", b"compression", b"\x03")
    header += attribute(b"dataWindow", b"box2i", struct.pack("<4i", 0, 0, 9, height - 1))
    if parts > 1:
        header += attribute(b"type", b"string", b"scanlineimage") + attribute(
            b"chunkCount", b"int", struct.pack("<i", chunks)
        )
    head = b"v/1\x01" + struct.pack("<I", 2 | (0x1000 if parts > 1 else 0))
    head += (header + b"\0") * parts + (b"\0" if parts > 1 else b"")
    place, table, body = len(head) + 8 * chunks * parts, b"", b""
    for part in range(parts):
        for number in range(chunks):
            table += struct.pack("<Q", place + len(body))
            body += (struct.pack("<i", part) if parts > 1 else b"") + struct.pack("<ii", number * lines, 7) + b"pixels!"
    return head + table + body


#: Pictures that Blender wrote.
SAVED = Path(__file__).resolve().parents[1] / "fixtures" / "pictures"

WHOLE = {
    **{path.name: path.read_bytes() for path in sorted(SAVED.iterdir()) if path.suffix != ".sh"},
    "picture.png": png(),
    "interlaced.png": png(9, 7, interlace=1),
    "picture.jpg": jpeg(),
    "picture.tif": tiff(),
    "picture.webp": webp(),
    "picture.exr": exr(),
    "parts.exr": exr(parts=2),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_picture_has_no_fault(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(WHOLE[name])
    assert render.fault_in(str(path)) is None


@pytest.mark.parametrize("name", WHOLE)
def test_a_picture_cut_anywhere_is_not_whole(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    size = len(WHOLE[name])
    # The core tries each length of the larger ones.
    for length in {*range(0, size, 1 + size // 300), *range(max(0, size - 20), size)}:
        path.write_bytes(WHOLE[name][:length])
        assert render.fault_in(str(path)), f"cut to {length} of {size} bytes"


def test_a_png_with_any_byte_changed_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    for place in range(len(WHOLE["picture.png"])):
        changed = bytearray(WHOLE["picture.png"])
        changed[place] ^= 0x55
        path.write_bytes(bytes(changed))
        assert render.fault_in(str(path)), f"byte {place} changed"


def test_a_png_that_ends_well_but_lacks_rows_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(png(rows=bytes(21 * 3)))
    assert render.fault_in(str(path)) == "rows are missing"


def test_zeros_of_the_right_length_are_no_picture(tmp_path: Path) -> None:
    for name, data in WHOLE.items():
        path = tmp_path / name
        path.write_bytes(bytes(len(data)))
        assert render.fault_in(str(path))


def test_a_picture_whose_name_has_no_extension_is_judged_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "picture0001"
    path.write_bytes(png()[:-1])
    assert render.fault_in(str(path))
    path.write_bytes(png())
    assert render.fault_in(str(path)) is None


def test_a_format_that_is_not_known_must_have_the_recorded_size(tmp_path: Path) -> None:
    path = tmp_path / "picture.psd"
    path.write_bytes(b"8BPS?")
    assert render.fault_in(str(path)) is None
    assert render.fault_in(str(path), 5) is None
    assert render.fault_in(str(path), 6)
    path.write_bytes(b"")
    assert render.fault_in(str(path))
