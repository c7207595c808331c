# SPDX-License-Identifier: Apache-2.0
"""A local farm of a test's own: its files in a folder of the test, its processes known by that folder."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from blenders import ROOT, Blender

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_SECS = 240


def farmhand_command() -> Path | None:
    """The command under test: `FARMHAND_COMMAND`, else the one that `make build` leaves."""
    named = os.environ.get("FARMHAND_COMMAND")
    built = Path(named) if named else ROOT / ".venv" / "bin" / "farmhand"
    return built if built.exists() else None


class Farm:
    """The local farm below `home`, rendering with `blender`."""

    def __init__(self, home: Path, blender: Blender | None, **environment: str) -> None:
        command = farmhand_command()
        if command is None:
            message = "there is no farmhand command: run `make build`, or name one in FARMHAND_COMMAND"
            raise FileNotFoundError(message)
        self.command = command
        self.home = home
        self.environment = {**os.environ, "FARMHAND_HOME": str(home), "NO_COLOR": "1", **environment}
        self.environment.pop("FARMHAND_FARM", None)
        if blender is not None:
            self.environment["FARMHAND_BLENDER"] = shutil.which(blender.executable) or blender.executable

    def call(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a `farmhand` command to its end, whatever that is."""
        return subprocess.run(
            [str(self.command), *arguments],
            env=self.environment,
            cwd=cwd,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=PATIENCE_SECS,
        )

    def must(self, *arguments: str) -> str:
        """Run a `farmhand` command that has to succeed; answers its standard output."""
        done = self.call(*arguments)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def answer(self, *arguments: str) -> dict[str, Any]:
        """Run a `farmhand` command that has to succeed; answers what it says as JSON."""
        said: dict[str, Any] = json.loads(self.must(*arguments, "--json"))
        return said

    def start(self, slots: int = 1) -> None:
        self.must("local", "start", "--slots", str(slots))

    def stop(self) -> None:
        """End the farm, and whatever of it is left, so that no test leaves a process behind."""
        self.call("local", "stop")
        for pid in list(self.renderers()):
            kill(pid)

    def pid(self) -> int:
        return int(self.answer("local", "status")["pid"])

    def renderers(self) -> Iterator[int]:
        """The supervisors and their children of any job below the folder that holds `home`."""
        yield from (pid for pid, _words in self.processes())

    def supervisors(self) -> list[int]:
        return [pid for pid, words in self.processes() if "lane" in words]

    def children(self) -> list[int]:
        return [pid for pid, words in self.processes() if "child" in words]

    def processes(self) -> Iterator[tuple[int, list[str]]]:
        """Every process that runs the renderer of a job of this test, with its command line."""
        beside = str(self.home.parent)
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if "--job-file" in words and any(word.startswith(beside) for word in words):
                yield int(folder.name), words


def kill(pid: int) -> None:
    """End a process at once, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(what: str, condition: Callable[[], bool], patience_secs: float = PATIENCE_SECS) -> None:
    """Look again and again until `condition` holds."""
    deadline = time.monotonic() + patience_secs
    while not condition():
        assert time.monotonic() < deadline, f"after {patience_secs:.0f} s still not: {what}"
        time.sleep(0.05)
