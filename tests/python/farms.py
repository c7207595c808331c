# SPDX-License-Identifier: Apache-2.0
"""A local farm of a test's own: its files in a folder of the test, its processes known by that folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blenders import RENDERER, ROOT, Blender, write_job
from processes import PATIENCE_SECS, command_line, kill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PLATFORM = "linux"


def farmhand_command() -> Path | None:
    """The command under test: `FARMHAND_COMMAND`, else the one that `make build` leaves."""
    named = os.environ.get("FARMHAND_COMMAND")
    built = Path(named) if named else ROOT / ".venv" / "bin" / "farmhand"
    return built if built.exists() else None


class Farm:
    """The local farm below `home`, rendering with `blender`."""

    def __init__(self, home: Path, blender: Blender | None, *, prefix: Sequence[str] = (), **environment: str) -> None:
        """`prefix` stands before the command line that wakes the farm: a program that runs it under some limit."""
        command = farmhand_command()
        if command is None:
            message = "there is no farmhand command: run `make build`, or name one in FARMHAND_COMMAND"
            raise FileNotFoundError(message)
        self.command = command
        self.prefix = prefix
        self.home = home
        self.environment = {**os.environ, "FARMHAND_HOME": str(home), "NO_COLOR": "1", **environment}
        self.environment.pop("FARMHAND_FARM", None)
        if blender is not None:
            self.environment["FARMHAND_BLENDER"] = shutil.which(blender.executable) or blender.executable

    def call(
        self, *arguments: str, cwd: Path | None = None, prefix: Sequence[str] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a `farmhand` command to its end, whatever that is."""
        return subprocess.run(
            [*prefix, str(self.command), *arguments],
            env=self.environment,
            cwd=cwd,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=PATIENCE_SECS,
        )

    def must(self, *arguments: str, prefix: Sequence[str] = ()) -> str:
        """Run a `farmhand` command that has to succeed; answers its standard output."""
        done = self.call(*arguments, prefix=prefix)
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def answer(self, *arguments: str) -> dict[str, Any]:
        """Run a `farmhand` command that has to succeed; answers what it says as JSON."""
        said: dict[str, Any] = json.loads(self.must(*arguments, "--json"))
        return said

    def start(self, slots: int = 1) -> None:
        self.must("local", "start", "--slots", str(slots), prefix=self.prefix)

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
            words = command_line(int(folder.name)) if folder.name.isdigit() else []
            if "--job-file" in words and any(word.startswith(beside) for word in words):
                yield int(folder.name), words


class Api:
    """Asks the local farm that runs below `home` as any HTTP client would."""

    def __init__(self, home: Path) -> None:
        (note,) = home.rglob("server.json")
        said = json.loads(note.read_text(encoding="utf-8"))
        self.url: str = said["url"].rstrip("/")
        self.pid: int = said["pid"]
        self.token = Path(said["token_file"]).read_text(encoding="utf-8").strip()

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Send a request; answers the status and the body, read as JSON where it is."""
        request = urllib.request.Request(  # noqa: S310 - the address is the local farm's own
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return answer.status, read(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, read(refused)


def read(answer: Any) -> Any:
    text = answer.read().decode()
    return json.loads(text) if answer.headers.get("Content-Type", "").startswith("application/json") else text


def staged_job(folder: Path, lanes: list[str] | None = None) -> dict[str, Any]:
    """A job as a submission sends it, its files staged, that begins paused."""
    chunks = lanes or ["1-2", "3-4"]
    blend = folder / "scene.blend"
    folder.mkdir(parents=True, exist_ok=True)
    blend.write_bytes(b"")
    output = str(folder / "shot_####")
    scene = {"name": "held", "scene": "Scene", "frames": ",".join(chunks), "output": output, "simulation_start": None}
    job_file = write_job(folder, blend, scene, chunks)
    description = json.loads(job_file.read_text(encoding="utf-8"))
    settings = {key: description[key] for key in ("submission_id", "frames", "scene", "output")}
    settings.update(
        job_file=str(job_file),
        renderer=str(RENDERER),
        storage=str(folder),
        blendfile=str(blend),
        lanes=len(chunks),
        home_chunks="; ".join(chunks),
    )
    return {
        "name": "held",
        "type": "farmhand-render",
        "priority": 50,
        "submitter_platform": PLATFORM,
        "initial_status": "paused",
        "metadata": {"farmhand.output": output},
        "settings": settings,
    }
