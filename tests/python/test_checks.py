# SPDX-License-Identifier: Apache-2.0
"""A scene for each finding: exactly that is found in it, and after its fix it is not."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from blenders import RENDERER, ROOT, SCENES, Blender, default_blender
from farms import Farm, farmhand_command

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(default_blender() is None, reason="no Blender: install one, or name it in FARMHAND_BLENDER"),
    pytest.mark.skipif(farmhand_command() is None, reason="no farmhand command: run `make build`"),
]

#: The Blender at hand in these tests: the real one's answer, except for what differs from computer to computer.
THIS_BLENDER: dict[str, Any] = {"denoisers": [], "devices": [{"type": "CPU", "name": "CPU"}]}
NEWER_BLENDER: dict[str, Any] = {**THIS_BLENDER, "blender_version": "99.9.0"}


@dataclasses.dataclass(frozen=True)
class Case:
    """A finding, the scene and options that show it, and the options with which it is gone."""

    code: str
    severity: str
    #: Without one, only the Fix button or `farmhand relink` is there.
    fix: tuple[str, ...] | None = None
    options: tuple[str, ...] = ()
    scene: str = ""
    #: Options of `farmhand relink` that write a copy in which it is gone.
    relink: tuple[str, ...] | None = None
    blender: dict[str, Any] = dataclasses.field(default_factory=lambda: THIS_BLENDER)
    fixing_blender: dict[str, Any] = dataclasses.field(default_factory=lambda: THIS_BLENDER)

    def __str__(self) -> str:
        return self.scene or self.code


CASES = [
    Case("missing-file", "error", relink=("--search", "missing-file/moved")),
    Case("missing-file", "error", scene="missing-file.wrong case", relink=()),
    Case("missing-file", "error", scene="missing-file.library", relink=()),
    Case("missing-file", "notice", scene="missing-file.unused", relink=()),
    Case("missing-tiles", "error"),
    Case("missing-frames", "error", ("--frames", "1, 3")),
    Case("library-unreadable", "error", relink=("--search", "library-unreadable/copies")),
    Case("data-block-missing", "error"),
    Case("absolute-path", "notice", relink=("--relative",)),
    Case("newer-file", "notice"),
    Case("cache-in-temp", "warning"),
    Case("names-clash", "warning", scene="names-clash.files"),
    Case("no-camera", "error", ("--camera", "Camera")),
    Case("no-camera", "error", scene="no-camera.at all"),
    Case("unknown-camera", "error", ("--camera", "Camera"), ("--camera", "Nobody"), scene="clean"),
    Case("strips-hide-scene", "warning"),
    Case("view-layers-off", "error", ("--view-layer", "ViewLayer")),
    Case("view-layer-off", "notice", ("--view-layer", "ViewLayer", "--view-layer", "Shadows")),
    Case("unknown-view-layer", "error", ("--view-layer", "ViewLayer"), ("--view-layer", "Hills"), scene="clean"),
    Case("no-engine", "error"),
    Case("no-denoiser", "error", ("--denoise", "off")),
    Case("no-gpu", "error", (), ("--gpu-required",), scene="clean"),
    Case("gpu-required-on-cpu", "error", ("--device", "cpu"), ("--device", "cpu", "--gpu-required"), scene="clean"),
    Case("newer-than-blender", "error", scene="newer", fixing_blender=NEWER_BLENDER),
    Case("other-blender", "warning", scene="clean", blender=NEWER_BLENDER),
    Case("newer-library", "error", fixing_blender=NEWER_BLENDER),
    Case("unbaked-simulation", "notice"),
    Case("baked-for-other-frames", "warning", ("--frames", "1-2")),
    Case("needs-auto-run", "warning", ("--auto-run",)),
    Case("needs-auto-run", "warning", ("--auto-run",), scene="needs-auto-run.driver"),
    Case("film-as-images", "notice"),
    Case("film-without-ffmpeg", "warning"),
    Case("absolute-file-output", "warning"),
    Case("names-clash", "warning"),
    Case("render-region", "warning"),
    Case("simplify", "warning"),
    Case("small-percentage", "notice", ("--percentage", "100")),
    Case("frame-step", "notice", ("--frames", "1-3")),
    Case("overwrite-off", "notice", ("--existing", "skip")),
    Case("factory-defaults", "notice", ("--samples", "128")),
    Case("output-moved", "notice", ("--output", "elsewhere")),
    Case("output-not-writable", "error", ("--output", "elsewhere"), ("--output", "a-file/frames"), scene="clean"),
    Case("frames-exist", "notice", ("--existing", "new-folder")),
    Case("frames-unknown", "warning", ("--existing", "new-folder"), ("--existing", "skip")),
]


@dataclasses.dataclass(frozen=True)
class Bench:
    """The scenes, and the command that checks them."""

    folder: Path

    def codes(self, blend: Path, options: tuple[str, ...], blender: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """What is found, by its code; the exit code has to fit."""
        program = self._program(blender)
        # Any program that is there counts as ffmpeg: nothing is encoded here.
        ffmpeg = os.devnull if "without-ffmpeg" in blend.parent.name else sys.executable
        farm = Farm(self.folder / "home", Blender(str(program)), FARMHAND_FFMPEG=ffmpeg)
        done = farm.call("check", str(blend), "--json", *options, cwd=self.folder)
        found: list[dict[str, Any]] = json.loads(done.stdout)["findings"] if done.stdout else []
        held_back = any(finding["severity"] == "error" for finding in found)
        assert done.returncode == (3 if held_back else 0), done.stdout + done.stderr
        assert all(finding["fix"] for finding in found), "every finding has a way out"
        codes = {finding["code"]: finding for finding in found}
        assert len(codes) == len(found)
        return codes

    def relinked(self, blend: Path, options: tuple[str, ...]) -> Path:
        """A copy of a scene that `farmhand relink` has mended; the scene itself stays as it is."""
        before = blend.read_bytes()
        copy = blend.with_name("relinked.blend")
        Farm(self.folder / "home", None).must("relink", str(blend), "--to", str(copy), *self._inside(options))
        assert blend.read_bytes() == before
        return copy

    def _inside(self, options: tuple[str, ...]) -> list[str]:
        return [option if option.startswith("--") else str(self.folder / option) for option in options]

    def _program(self, overrides: dict[str, Any]) -> Path:
        """A program that answers like the real Blender, with a few things said otherwise."""
        probe = {**json.loads((self.folder / "probe.json").read_text(encoding="utf-8")), **overrides}
        program = self.folder / f"blender-{probe['blender_version']}"
        if not program.exists():
            said = f"FARMHAND-PROBE {json.dumps(probe)}"
            program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n", encoding="utf-8")
            program.chmod(0o755)
        return program


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """All scenes, made and mended by one run of Blender."""
    folder = tmp_path_factory.mktemp("checks")
    blender = default_blender()
    assert blender is not None
    blender.run(SCENES / "make_check_scenes.py", str(folder))
    said = next(line for line in blender.run(RENDERER, "probe").splitlines() if line.startswith("FARMHAND-PROBE"))
    (folder / "probe.json").write_text(said.partition(" ")[2], encoding="utf-8")
    (folder / "a-file").write_text("no folder", encoding="utf-8")
    (folder / "newer").mkdir()
    shutil.copy(folder / "clean" / "noise.wav", folder / "newer" / "noise.wav")
    content = (folder / "clean" / "scene.blend").read_bytes()
    # Both layouts of a header: `-v304`, `17-01v0500`.
    newer = re.sub(rb"^(BLENDER[-_]v)\d", rb"\g<1>9", content)
    (folder / "newer" / "scene.blend").write_bytes(re.sub(rb"^(BLENDER\d\d-\d\dv)\d", rb"\g<1>9", newer))
    return Bench(folder)


def test_a_clean_scene_has_no_findings(bench: Bench) -> None:
    assert bench.codes(bench.folder / "clean" / "scene.blend", (), THIS_BLENDER) == {}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_exactly_this_is_found_and_its_fix_takes_it_away(bench: Bench, case: Case) -> None:
    home = bench.folder / str(case)
    found = bench.codes(home / "scene.blend", case.options, case.blender)
    assert {code: finding["severity"] for code, finding in found.items()} == {case.code: case.severity}
    ways = 0
    if case.fix is not None or case.fixing_blender is not case.blender:
        ways += 1
        assert case.code not in bench.codes(home / "scene.blend", case.fix or (), case.fixing_blender)
    for fixed in home.glob("**/fixed.blend"):
        ways += 1
        assert bench.codes(fixed, (), case.blender) == {}
    if case.relink is not None:
        ways += 1
        assert bench.codes(bench.relinked(home / "scene.blend", case.relink), (), case.blender) == {}
    assert ways, "a finding without a working fix is not done"
    assert found[case.code]["fixable"] == (case.fixing_blender is case.blender)


def test_missing_files_are_sent_without_where_that_is_asked_for(bench: Bench) -> None:
    scene = bench.folder / "missing-file" / "scene.blend"
    found = bench.codes(scene, ("--allow-missing",), THIS_BLENDER)
    assert {code: finding["severity"] for code, finding in found.items()} == {"missing-file": "notice"}


def test_a_finding_names_each_thing_and_what_it_is(bench: Bench) -> None:
    finding = bench.codes(bench.folder / "missing-file" / "scene.blend", (), THIS_BLENDER)["missing-file"]
    assert finding["owners"] == ["Picture"]
    assert finding["things"] == [{"kind": "image", "name": "Picture"}]
    assert str(bench.folder / "missing-file" / "moved" / "wood.png") in finding["message"]
    finding = bench.codes(bench.folder / "missing-frames" / "scene.blend", (), THIS_BLENDER)["missing-frames"]
    assert "frames 2 of 1-3" in finding["message"]


def test_relinking_in_place_keeps_the_scene_beside(bench: Bench) -> None:
    home = bench.folder / "in place"
    shutil.copytree(bench.folder / "missing-file", home)
    before = (home / "scene.blend").read_bytes()
    Farm(bench.folder / "home", None).must("relink", str(home / "scene.blend"), "--in-place")
    assert (home / "scene.blend1").read_bytes() == before
    assert bench.codes(home / "scene.blend", (), THIS_BLENDER) == {}
    shutil.rmtree(home)


def test_every_scene_has_a_case(bench: Bench) -> None:
    made = {path.parent.name for path in bench.folder.glob("*/scene.blend")}
    assert made == {str(case) for case in CASES} | {"clean"}


def test_every_finding_is_explained() -> None:
    table = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    assert [case.code for case in CASES if f"`{case.code}`" not in table] == []
