# SPDX-License-Identifier: Apache-2.0
"""The packing of the add-on, with a wheel that holds nothing but its name."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools/build_addon.py"
VERSION = next(
    line.split('"')[1]
    for line in (ROOT / "Cargo.toml").read_text(encoding="utf-8").splitlines()
    if line.startswith("version")
)
WHEEL = f"farmhand-{VERSION}-cp39-abi3-manylinux_2_28_x86_64.whl"


def pack(dist: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(TOOL), "--dist", str(dist)], capture_output=True, text=True, check=False, timeout=60
    )


def make_wheel(dist: Path, name: str = WHEEL) -> None:
    dist.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(dist / name, "w") as archive:
        archive.writestr("farmhand/__init__.py", "")
        archive.writestr("farmhand/_native.abi3.so", "native")
        archive.writestr(f"farmhand-{VERSION}.dist-info/METADATA", "")


def test_the_same_wheel_gives_the_same_bytes(tmp_path: Path) -> None:
    zips = []
    for name in ("one", "two"):
        make_wheel(tmp_path / name)
        # The wheel itself must be the same one: a zip holds times.
        (tmp_path / name / WHEEL).write_bytes((tmp_path / "one" / WHEEL).read_bytes())
        assert pack(tmp_path / name).returncode == 0
        zips.append({path.name: path.read_bytes() for path in (tmp_path / name).glob("*.zip")})
    assert zips[0] == zips[1]
    assert sorted(zips[0]) == [f"farmhand-{VERSION}.zip", f"farmhand-classic-{VERSION}.zip"]


def test_the_extension_names_its_version_platform_and_wheel(tmp_path: Path) -> None:
    make_wheel(tmp_path)
    assert pack(tmp_path).returncode == 0
    with zipfile.ZipFile(tmp_path / f"farmhand-{VERSION}.zip") as archive:
        manifest = archive.read("blender_manifest.toml").decode()
        assert f"wheels/{WHEEL}" in archive.namelist()
    assert f'\nversion = "{VERSION}"\n' in manifest
    assert f'\nwheels = ["./wheels/{WHEEL}"]\n' in manifest
    assert '\nplatforms = ["linux-x64"]\n' in manifest


def test_the_classic_add_on_hides_the_library_in_a_folder_of_its_own(tmp_path: Path) -> None:
    make_wheel(tmp_path)
    assert pack(tmp_path).returncode == 0
    with zipfile.ZipFile(tmp_path / f"farmhand-classic-{VERSION}.zip") as archive:
        names = archive.namelist()
    assert "farmhand_addon/site/farmhand/_native.abi3.so" in names
    assert {name.split("/")[0] for name in names} == {"farmhand_addon"}
    assert not [name for name in names if "dist-info" in name or "manifest" in name]


def test_without_a_wheel_the_way_out_is_named(tmp_path: Path) -> None:
    ended = pack(tmp_path)
    assert ended.returncode == 1
    assert "make wheel" in ended.stderr


def test_a_wheel_for_no_named_system_is_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path, f"farmhand-{VERSION}-cp39-abi3-linux_x86_64.whl")
    ended = pack(tmp_path)
    assert ended.returncode == 1
    assert "make wheel" in ended.stderr
