# SPDX-License-Identifier: Apache-2.0
"""Packs addon/ and the wheels in dist/ into the extension (Blender 4.2+) and the classic add-on (2.93 to 4.1).

    dist/farmhand-VERSION.zip            blender_manifest.toml, the sources, wheels/*.whl
    dist/farmhand-classic-VERSION.zip    farmhand_addon/ with the sources, and the library in farmhand_addon/site/

The same sources and wheels give the same bytes. The version is Cargo.toml's; the wheels must be of that version.
The classic add-on carries an unpacked library, so it is for one platform: the first wheel that this computer can load.
"""

from __future__ import annotations

import argparse
import re
import sys
import sysconfig
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLASSIC_FOLDER = "farmhand_addon"
# The earliest time that a zip can hold, so that the bytes do not depend on when it is built.
ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class PackingError(Exception):
    """The add-on cannot be packed; the message says what to do."""


def project_version(cargo_toml: str) -> str:
    """Return the version in the `[package]` table of a Cargo.toml."""
    package = cargo_toml.partition("[package]")[2].partition("\n[")[0]
    found = re.search(r'^version\s*=\s*"([^"]+)"', package, re.MULTILINE)
    if not found:
        raise PackingError(f"{ROOT / 'Cargo.toml'} has no version in its [package] table")
    return found[1]


def stamp(text: str, pattern: str, replacement: str, name: str) -> str:
    """Replace the only line that matches, so that each version is written down in one place."""
    stamped, count = re.subn(pattern, lambda _: replacement, text, flags=re.MULTILINE)
    if count != 1:
        raise PackingError(f"addon/{name} should have exactly one line that matches {pattern}, it has {count}")
    return stamped


def sources(version: str, wheels: list[Path]) -> dict[str, bytes]:
    """Return the add-on's files, with the version and the wheels written in."""
    files = {}
    folder = ROOT / "addon"
    for path in [*sorted(folder.glob("*.py")), folder / "LICENSE", folder / "blender_manifest.toml"]:
        name = path.name
        text = path.read_text(encoding="utf-8")
        if name == "blender_manifest.toml":
            text = stamp(text, r'^version = ".*"$', f'version = "{version}"', name)
            listed = ", ".join(f'"./wheels/{wheel.name}"' for wheel in wheels)
            text = stamp(text, r"^wheels = \[\]$", f"wheels = [{listed}]", name)
            platforms = ", ".join(f'"{platform}"' for platform in sorted({blender_platform(wheel) for wheel in wheels}))
            text = stamp(text, r"^platforms = \[\]$", f"platforms = [{platforms}]", name)
        elif name == "__init__.py":
            numbers = ", ".join(re.findall(r"\d+", version)[:3])
            text = stamp(text, r'^    "version": \(.*\),$', f'    "version": ({numbers}),', name)
        elif name == "library.py":
            text = stamp(text, r'^ADDON_VERSION = ".*"$', f'ADDON_VERSION = "{version}"', name)
        files[name] = text.encode()
    return files


def blender_platform(wheel: Path) -> str:
    """Return Blender's name of a wheel's platform."""
    tag = wheel.stem.rsplit("-", 1)[1]
    system = "linux" if "linux" in tag else "macos" if tag.startswith("macosx") else "windows"
    machine = "arm64" if tag.endswith(("arm64", "aarch64")) else "x64"
    return f"{system}-{machine}"


def find_wheels(folder: Path, version: str) -> list[Path]:
    """Return the wheels of this version."""
    wheels = sorted(folder.glob(f"farmhand-{version}-*.whl"))
    if not wheels:
        raise PackingError(f"{folder} has no wheel of version {version}; run `make wheel` first")
    too_new = [wheel.name for wheel in wheels if "-linux_" in wheel.name]
    if too_new:
        raise PackingError(
            f"{too_new[0]} says nothing of the systems it runs on; run `make wheel`, which builds with zig"
        )
    return wheels


def wheel_for_this_computer(wheels: list[Path]) -> Path:
    """Return the wheel whose native module loads here."""
    platform = sysconfig.get_platform()
    system, machine = platform.split("-", 1)[0], platform.rsplit("-", 1)[-1]
    for wheel in wheels:
        tag = wheel.stem.rsplit("-", 1)[1]
        if system in tag and machine in tag:
            return wheel
    raise PackingError(f"none of {', '.join(wheel.name for wheel in wheels)} is for {platform}")


def library_files(wheel: Path) -> dict[str, bytes]:
    """Return what a wheel would install, without its metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {
            name: archive.read(name)
            for name in archive.namelist()
            if not name.endswith("/") and ".dist-info/" not in name and ".data/" not in name
        }


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    """Write a zip whose bytes depend on the files' names and contents only."""
    unfinished = path.with_suffix(".zip.unfinished")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    unfinished.replace(path)


def pack(dist: Path) -> tuple[Path, Path]:
    """Write both zips beside the wheels and return their paths: the extension, the classic add-on."""
    version = project_version((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    wheels = find_wheels(dist, version)
    addon = sources(version, wheels)

    extension = dist / f"farmhand-{version}.zip"
    write_zip(extension, {**addon, **{f"wheels/{wheel.name}": wheel.read_bytes() for wheel in wheels}})

    classic = dist / f"farmhand-classic-{version}.zip"
    library = {f"site/{name}": data for name, data in library_files(wheel_for_this_computer(wheels)).items()}
    # A manifest would make Blender 4.2+ take the classic zip for an extension without wheels.
    kept = {name: data for name, data in addon.items() if name != "blender_manifest.toml"}
    write_zip(classic, {f"{CLASSIC_FOLDER}/{name}": data for name, data in {**kept, **library}.items()})
    return extension, classic


def main() -> int:
    """Pack, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where the wheels are, and the zips go")
    arguments = parser.parse_args()
    try:
        for path in pack(arguments.dist):
            print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    except PackingError as error:
        print(f"build_addon: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
