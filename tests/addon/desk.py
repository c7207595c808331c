# SPDX-License-Identifier: Apache-2.0
"""A screen of its own with one real Blender window on it, a mouse, and a camera."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Callable, NamedTuple, TypeVar

INSIDE = Path(__file__).with_name("inside.py")
# A colour that Blender's theme has nowhere.
PROBE_COLOUR = (255, 0, 255)
REDRAW = "[area.tag_redraw() for area in bpy.context.window_manager.windows[0].screen.areas]"

Answer = TypeVar("Answer")


class Spot(NamedTuple):
    """A rectangle on the screen, in pixels."""

    x: int
    y: int
    width: int
    height: int


class Screen(NamedTuple):
    """A screen's size in pixels, and how large Blender draws its interface."""

    width: int
    height: int
    scale: float


def wait_for(what: str, look: Callable[[], Answer | None], timeout_secs: float) -> Answer:
    """Look again and again until there is an answer."""
    deadline = time.monotonic() + timeout_secs
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} within {timeout_secs:.0f} s")
        time.sleep(0.05)


def clean_environment(home: Path) -> dict[str, str]:
    """Return an environment in which neither Blender nor Farmhand finds anything of this user."""
    ours = ("FARMHAND_", "BLENDER_USER_", "BLENDER_SYSTEM_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    folders = {
        "HOME": home,
        "XDG_RUNTIME_DIR": home / "run",
        "XDG_CONFIG_HOME": home / "config",
        "XDG_CACHE_HOME": home / "cache",
        "XDG_DATA_HOME": home / "data",
        "XDG_STATE_HOME": home / "state",
        "BLENDER_USER_RESOURCES": home / "blender",
        "BLENDER_USER_CONFIG": home / "blender/config",
        "BLENDER_USER_SCRIPTS": home / "blender/scripts",
        "BLENDER_USER_EXTENSIONS": home / "blender/extensions",
        "BLENDER_USER_DATAFILES": home / "blender/datafiles",
    }
    for folder in folders.values():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {**kept, **{name: str(folder) for name, folder in folders.items()}}


def processes_of(home: Path) -> dict[int, str]:
    """Return what runs with this home: each process's id and command line."""
    mark = f"HOME={home}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        # Processes end while they are looked at, and some are not ours to look at.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(folder.name)] = command.decode(errors="replace").strip()
    return found


def end_processes_of(home: Path) -> None:
    """Kill whatever still runs with this home."""
    for process_id in processes_of(home):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process_id, signal.SIGKILL)


class Desk:
    """The screen, and the Blender on it."""

    def __init__(self, blender: str, blend_file: Path, home: Path, screen: Screen) -> None:
        """Start both and wait until Render Properties fills the window."""
        self.home = home
        self._width, self._height = screen.width, screen.height
        self._questions = home / "questions"
        self._questions.mkdir()
        self._numbers = itertools.count()
        self._log = home / "blender.log"
        self._processes: list[subprocess.Popen[bytes]] = []
        self._environment = {**clean_environment(home), "LIBGL_ALWAYS_SOFTWARE": "1"}
        try:
            self._environment["DISPLAY"] = self._start_screen()
            self._start_blender(blender, blend_file)
            self.ask(f"bpy.context.preferences.view.ui_scale = {screen.scale}", timeout_secs=90)
        except BaseException:
            self._end()
            raise

    def _start_blender(self, blender: str, blend_file: Path) -> None:
        command = [
            blender,
            "-noaudio",
            "--window-geometry",
            "0",
            "0",
            str(self._width),
            str(self._height),
            str(blend_file),
        ]
        command += ["--python", str(INSIDE), "--", str(self._questions)]
        with self._log.open("wb") as log:
            self._processes.append(
                subprocess.Popen(command, env=self._environment, stdout=log, stderr=subprocess.STDOUT)
            )

    def _start_screen(self) -> str:
        reading, writing = os.pipe()
        command = [
            "Xvfb",
            "-displayfd",
            str(writing),
            "-screen",
            "0",
            f"{self._width}x{self._height}x24",
            "-nolisten",
            "tcp",
        ]
        self._processes.append(
            subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        os.close(writing)
        with os.fdopen(reading) as answer:
            number = answer.readline().strip()
        if not number:
            raise RuntimeError("Xvfb ended before it had a screen")
        return f":{number}"

    def log(self) -> str:
        """Return what Blender printed."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def ask(self, python: str, timeout_secs: float = 30) -> Any:
        """Run Python on Blender's main thread and return its `result`."""
        number = next(self._numbers)
        unfinished = self._questions / f"{number:04}.question"
        unfinished.write_text(python, encoding="utf-8")
        unfinished.replace(unfinished.with_suffix(".py"))
        reply_file = unfinished.with_suffix(".json")

        def look() -> dict[str, Any] | None:
            if self._processes[-1].poll() is not None:
                raise RuntimeError(f"Blender ended: {self.log()[-3000:]}")
            return json.loads(reply_file.read_text(encoding="utf-8")) if reply_file.exists() else None

        reply = wait_for(f"answer to {python!r}", look, timeout_secs)
        if "error" in reply:
            raise RuntimeError(reply["error"])
        return reply["result"]

    def pixels(self) -> bytes:
        """Return the screen, three bytes for each pixel."""
        command = ["import", "-silent", "-window", "root", "-depth", "8", "rgb:-"]
        return subprocess.run(command, env=self._environment, check=True, capture_output=True).stdout

    def still(self) -> bytes:
        """Return the screen once two looks at it are alike, so that no half-drawn window is seen."""
        previous = b""

        def look() -> bytes | None:
            nonlocal previous
            now = self.pixels()
            same, previous = now == previous, now
            return now if same else None

        return wait_for("still screen", look, 20)

    def picture(self, path: Path) -> None:
        """Save the screen as a picture."""
        path.parent.mkdir(parents=True, exist_ok=True)
        command = ["import", "-silent", "-window", "root", "-strip", str(path)]
        subprocess.run(command, env=self._environment, check=True)

    def find_tallest_button(self) -> Spot:
        """Return where the tallest button that starts something is.

        Blender tells no one where its buttons are, so for a moment the theme gives those buttons a colour of their own.
        """
        theme = "bpy.context.preferences.themes[0].user_interface.wcol_tool.inner"
        kept = self.ask(f"result = list({theme})")
        self.ask(f"{theme} = (1.0, 0.0, 1.0, 1.0)\n{REDRAW}")
        wait_for("button that starts something", self._probed_rows, 20)
        self.still()
        rows = self._probed_rows()
        self.ask(f"{theme} = {kept}\n{REDRAW}")
        wait_for("button in its own colour", lambda: not self._probed_rows(), 20)
        spots = []
        # A button is a run of rows with that colour somewhere in each.
        for found, group in itertools.groupby(range(self._height), key=rows.__contains__):
            ys = list(group)
            if found:
                xs = [x for y in ys for x in rows[y]]
                spots.append(Spot(min(xs), ys[0], max(xs) - min(xs) + 1, len(ys)))
        return max(spots, key=lambda spot: spot.height)

    def _probed_rows(self) -> dict[int, list[int]]:
        """Return the rows that show the probe's colour, and where in each row."""
        screen = self.pixels()
        probe = bytes(PROBE_COLOUR)
        rows = {y: self._coloured(screen, y, probe) for y in range(self._height)}
        return {y: xs for y, xs in rows.items() if xs}

    def _coloured(self, screen: bytes, y: int, probe: bytes) -> list[int]:
        row = screen[y * self._width * 3 : (y + 1) * self._width * 3]
        if probe not in row:
            return []
        return [x for x in range(self._width) if row[x * 3 : x * 3 + 3] == probe]

    def move_mouse(self, x: int, y: int) -> None:
        """Move the mouse as a hand would: not in one jump."""
        for step in (30, 10, 0):
            self._xdotool("mousemove", str(max(x - step, 0)), str(max(y - step, 0)))
            self.ask("result = True")

    def click(self, spot: Spot) -> None:
        """Click the middle of a rectangle."""
        self.move_mouse(spot.x + spot.width // 2, spot.y + spot.height // 2)
        self._xdotool("mousedown", "1")
        self.ask("result = True")
        self._xdotool("mouseup", "1")

    def press(self, key: str) -> None:
        """Press a key."""
        self._xdotool("key", key)

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(["xdotool", *arguments], env=self._environment, check=True)

    def close(self) -> int:
        """Quit Blender as its menu would, take the screen away, and return Blender's exit code."""
        blender = self._processes[-1]
        try:
            self.ask("bpy.app.timers.register(lambda: bpy.ops.wm.quit_blender() and None, first_interval=0.1)")
            return blender.wait(30)
        finally:
            self._end()

    def _end(self) -> None:
        for process in reversed(self._processes):
            process.kill()
            process.wait()
        shutil.rmtree(self._questions, ignore_errors=True)
