# SPDX-License-Identifier: Apache-2.0
"""The native module. Import what is here from `farmhand`."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, final

from typing_extensions import TypeAlias

__all__ = [
    "BlendFile",
    "Dependency",
    "DependencyFile",
    "Event",
    "Farm",
    "FarmWatch",
    "FileWork",
    "Finding",
    "Frames",
    "Job",
    "JobView",
    "Operation",
    "PathMap",
    "Preview",
    "Problem",
    "Reply",
    "Snapshot",
    "Submission",
    "Trace",
    "__version__",
    "add_farm",
    "add_path_rule",
    "bring_files",
    "check",
    "connect",
    "explain_path",
    "farms",
    "fill_sequences",
    "find_files",
    "format_seconds_left",
    "local",
    "part_files",
    "path_rules",
    "plan",
    "read_blend",
    "remove_farm",
    "remove_path_rule",
    "run_command",
    "set_default_farm",
]
__version__: str

_Path: TypeAlias = str | os.PathLike[str]

@final
class Frames:
    """A set of frames, written as `1-10, 20, 30-100:2` (also `30-100x2`).

    Negative frames, spaces and duplicates are fine; ten million frames cost nothing until they are listed.

    Raises:
        FrameSetError: The text is empty, a range is reversed, a step is zero, or something is no number.
    """

    def __new__(cls, text: str) -> Frames: ...
    @property
    def count(self) -> int:
        """How many frames there are."""
    @property
    def first(self) -> int:
        """The lowest frame."""
    @property
    def last(self) -> int:
        """The highest frame."""
    def __len__(self) -> int: ...
    def __contains__(self, frame: int, /) -> bool: ...
    def __iter__(self) -> Iterator[int]: ...
    def __str__(self) -> str: ...
    def __repr__(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class BlendFile:
    """What a .blend file says of itself, read without Blender."""

    @property
    def path(self) -> str:
        """The file's local path, as it was given."""
    @property
    def blender_version(self) -> tuple[int, int]:
        """The Blender that saved it, such as `(4, 5)`."""
    @property
    def active_scene(self) -> str | None:
        """The name of the scene that was active when the file was saved."""
    @property
    def libraries(self) -> list[dict[str, Any]]:
        """The files that it links from, with the version of the Blender that saved each: 304 is 3.4."""
    @property
    def scenes(self) -> list[dict[str, Any]]:
        """Each scene's facts: frame range, engine, camera, output and so on."""
    def dependencies(self) -> list[Dependency]:
        """Every path that the file and the libraries that it links hold, and the files that these stand for.

        Reads all libraries and looks on disk; takes tenths of a second for some hundred libraries. The same as
        `trace().dependencies`.
        """
    def trace(self, *, frames: str | Frames | None = None) -> Trace:
        """Everything that the file needs, and what could not be followed: a library that is missing, for one.

        Of sequences, what `frames` ask for is required; without them, what all frames of all scenes ask for. Takes
        as long as `dependencies`.
        """

@final
class Trace:
    """Everything that a .blend file and the libraries that it links need."""

    @property
    def dependencies(self) -> list[Dependency]:
        """Every path that they hold, and the files that these stand for."""
    @property
    def files(self) -> list[DependencyFile]:
        """Every file once, the .blend file first, those that are missing included."""
    @property
    def problems(self) -> list[Problem]:
        """What could not be followed; all else is there nevertheless."""

@final
class Problem:
    """Something that could not be followed."""

    @property
    def code(self) -> Literal["library_missing", "library_unreadable", "data_block_missing"]:
        """What kind of problem it is."""
    @property
    def path(self) -> str:
        """The file that it is about."""
    @property
    def message(self) -> str:
        """What happened and what to do."""

@final
class Dependency:
    """A path that a .blend file holds."""

    @property
    def path(self) -> str:
        """Where it leads on this computer; a path of another platform is as it is stored."""
    @property
    def kind(self) -> str:
        """What it is for: `library`, `image`, `point_cache`, `render_output` and so on."""
    @property
    def role(self) -> Literal["input", "cache", "output"]:
        """`input`: rendering reads it; `cache`: where it is there; `output`: rendering writes it."""
    @property
    def owner(self) -> str:
        """The name of the data-block that holds it."""
    @property
    def owner_type(self) -> str:
        """The kind of that data-block, such as `Image`, as the file itself calls it."""
    @property
    def blend_file(self) -> str:
        """The .blend file that holds it."""
    @property
    def stored(self) -> str:
        """The path as it is stored."""
    @property
    def form(self) -> Literal["relative", "absolute", "windows", "unc", "bare"]:
        """How it says where it begins."""
    @property
    def is_packed(self) -> bool:
        """Whether the content lies in the .blend file itself."""
    @property
    def is_required(self) -> bool:
        """Whether rendering does badly without it."""
    @property
    def is_used(self) -> bool:
        """Whether a scene uses its owner."""
    @property
    def files(self) -> list[DependencyFile]:
        """The files that it stands for: frames, tiles, what lies in a folder. None for outputs and what is packed."""
    @property
    def frames_asked(self) -> Frames | None:
        """Of a sequence, the numbers in the names of the files that the scenes ask for.

        None of other paths, and where it can't be known: a driver, a keyframe or a node chooses.
        """
    @property
    def frames_missing(self) -> Frames | None:
        """Of a sequence, those of them that lie not on disk. None of other paths."""

@final
class DependencyFile:
    """A file that a .blend file needs."""

    @property
    def path(self) -> str:
        """The file."""
    @property
    def size_bytes(self) -> int | None:
        """Its size; none where it is missing."""
    @property
    def missing(self) -> bool:
        """Whether it isn't there."""
    @property
    def is_required(self) -> bool:
        """Whether rendering does badly without it; a frame of a sequence that nothing asks for isn't required."""
    @property
    def kind(self) -> str:
        """What it is for, as of `Dependency`."""
    @property
    def owner(self) -> str:
        """The data-block that names it first."""
    @property
    def named_in(self) -> str:
        """The .blend file that names it."""
    @property
    def found_as(self) -> str | None:
        """Where a file lies whose name differs only in capital and small letters."""

@final
class PathMap:
    """Rules from folders of one platform to folders of another; the longest source that a path lies in decides.

    Rules match whole names, so that `/mnt` says nothing of `/mnt2`; case counts on Linux alone. Platforms are named
    `linux`, `windows` and `darwin`.

    Args:
        rules: Tuples of source platform, source, target platform and target. Of equal sources the first counts.
        mapping_json: More rules, in the form of Open Job Description (`pathmapping-1.0`).

    Raises:
        PathRuleError: A folder is not absolute, a platform unknown, or the JSON of another form.
    """

    def __new__(
        cls,
        rules: Sequence[tuple[str, str, str, str]] = ...,
        *,
        mapping_json: str | None = None,
    ) -> PathMap: ...
    @property
    def rules(self) -> list[tuple[str, str, str, str]]:
        """The rules in the order in which they are tried."""
    def map(self, path: str, *, source_platform: str, target_platform: str) -> str | None:
        """A path as the other platform has it, or None where no rule says anything of it.

        Raises:
            PathRuleError: The path is not absolute, or the other platform has no form for one of its names.
        """
    def __len__(self) -> int: ...
    def __repr__(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...

@final
class Finding:
    """Something to know, or to mend, before sending."""

    @property
    def code(self) -> str:
        """A stable name, such as `no-camera`."""
    @property
    def severity(self) -> Literal["error", "warning", "notice"]:
        """`error` stops a submission."""
    @property
    def message(self) -> str:
        """What it is about."""
    @property
    def fix(self) -> str | None:
        """What to do about it."""
    @property
    def owners(self) -> list[str]:
        """The things that it is about, by name: objects, nodes, files. Empty where it is the scene as a whole."""
    @property
    def things(self) -> list[tuple[str, str]]:
        """The owners that are in the scene: what each is (`object`, `image`, `node`, `strip`, …), and its name."""
    @property
    def details(self) -> list[str]:
        """What the message sums up, one line for each; empty where it says all."""
    @property
    def fixable(self) -> bool:
        """Whether it can be fixed right here: by an option of the command, or by the panel's Fix button."""

@final
class Event:
    """One step of a piece of long work."""

    @property
    def kind(self) -> Literal["stage", "notice"]:
        """`stage`: the work moved on; `notice`: something that people should know."""
    @property
    def message(self) -> str:
        """The stage or the notice, in words."""
    @property
    def finding(self) -> Finding | None:
        """What a check has found, where the notice says that."""

@final
class Operation:
    """Work under way in the background, such as a cancellation."""

    @property
    def state(self) -> Literal["running", "done", "failed", "cancelled"]:
        """Never blocks."""
    @property
    def error(self) -> str | None:
        """Why it failed, or None."""
    def result(self, *, timeout_secs: float | None = None) -> None:
        """Wait for the end. Ctrl-C is honoured.

        Raises:
            FarmTimeoutError: It took longer than `timeout_secs`.
            FarmhandError: It failed.
        """

@final
class FileWork:
    """Work on files under way in the background. It replaces nothing; where it fails, what it made is gone again."""

    @property
    def state(self) -> Literal["running", "done", "failed", "cancelled"]:
        """Never blocks."""
    @property
    def error(self) -> str | None:
        """Why it failed, or None."""
    def cancel(self) -> None:
        """Ask for the end. Never blocks."""
    def result(self, *, timeout_secs: float | None = None) -> list[tuple[str, str | None]]:
        """Wait for the end: paths, as they were given, and what each becomes. Ctrl-C is honoured.

        Raises:
            FarmTimeoutError: It took longer than `timeout_secs`.
            CancelledError: It was ended.
            FarmhandError: A file could not be copied, or a folder not be read.
        """

@final
class Reply:
    """A text that the farm is asked for in the background, such as a job's log."""

    @property
    def state(self) -> Literal["running", "done", "failed", "cancelled"]:
        """Never blocks."""
    @property
    def error(self) -> str | None:
        """Why it failed, or None."""
    @property
    def text(self) -> str | None:
        """The text once it is there. Never blocks."""
    def result(self, *, timeout_secs: float | None = None) -> str:
        """Wait for the text. Ctrl-C is honoured.

        Raises:
            FarmTimeoutError: It took longer than `timeout_secs`.
            FarmhandError: It failed.
        """

@final
class Preview:
    """A look at what would be sent, under way in the background. Nothing is sent."""

    @property
    def state(self) -> Literal["running", "done", "failed", "cancelled"]:
        """Never blocks."""
    @property
    def stage(self) -> str:
        """What is being done now, in words. Never blocks."""
    @property
    def error(self) -> str | None:
        """Why it failed, or None."""
    def poll(self) -> list[Event]:
        """What has been found since the last call. Never blocks."""
    def cancel(self) -> None:
        """Ask for the end. Never blocks."""
    def result(self, *, timeout_secs: float | None = None) -> dict[str, Any]:
        """Wait for the end, and return what would be sent.

        Keys: `name`, `scene`, `frames`, `frame_count`, `engine`, `size`, `output` (a pattern), `output_dir`, `order`,
        `lanes`, `job_type`, `blender` (a version, or the name that the farm has for one), `files`, `files_missing`,
        `size_bytes`, `is_held_back`.

        Raises:
            FarmTimeoutError: It took longer than `timeout_secs`.
            FarmhandError: It failed.
        """

@final
class Submission:
    """A submission under way in the background."""

    @property
    def state(self) -> Literal["running", "done", "failed", "cancelled"]:
        """Never blocks."""
    @property
    def stage(self) -> str:
        """What is being done now, in words. Never blocks."""
    @property
    def error(self) -> str | None:
        """Why it failed, or None."""
    @property
    def job_id(self) -> str | None:
        """The job's id once the farm has it."""
    def poll(self) -> list[Event]:
        """What has happened since the last call. Never blocks."""
    def cancel(self) -> None:
        """Ask for the end; what was staged is removed. Never blocks."""
    def result(self, *, timeout_secs: float | None = None) -> Job:
        """Wait until the farm has the job. Ctrl-C is honoured.

        Raises:
            CheckError: The scene cannot be rendered as it is.
            FarmTimeoutError: It took longer than `timeout_secs`; the submission goes on.
            CancelledError: It was cancelled.
            FarmhandError: Anything else that went wrong.
        """

@final
class Job:
    """A job on a farm. Its methods ask the farm and block while they do; Ctrl-C is honoured."""

    @property
    def job_id(self) -> str:
        """The farm's id of it."""
    @property
    def name(self) -> str:
        """The job's name, the .blend's by default."""
    @property
    def output_dir(self) -> str:
        """The local folder that the frames go to."""
    def status(self, *, timeout_secs: float = 30.0) -> str:
        """The job's status in Flamenco's words: queued, active, completed, failed, canceled and so on."""
    def progress(self, *, timeout_secs: float = 30.0) -> dict[str, Any]:
        """Frames done, failed and in work, and the seconds left; keys as in ARCHITECTURE.md."""
    def frames(self, *, timeout_secs: float = 30.0) -> list[dict[str, Any]]:
        """The record of every rendered frame; keys as in `docs/lanes.md`."""
    def wait(self, *, timeout_secs: float | None = None) -> str:
        """Wait until the job has ended, or is held after its scouts, and return its status.

        Raises:
            JobFailedError: The job failed or was cancelled; the message names the frames and reasons.
            FarmTimeoutError: It took longer than `timeout_secs`; the job goes on.
        """
    def cancel(self, *, timeout_secs: float = 30.0) -> None:
        """Cancel the job; rendered frames stay."""
    def pause(self, *, timeout_secs: float = 30.0) -> None:
        """Hold the job; rendered frames stay, and frames in work are rendered again later."""
    def resume(self, *, timeout_secs: float = 30.0) -> None:
        """Let a held job go on; with the order `scouts-then-wait` this approves the scouts.

        Raises:
            FarmRefusedError: The job is not held.
        """
    def retry(self, *, timeout_secs: float = 30.0) -> list[int]:
        """Ask for the failed frames again, and return them; or resume a cancelled job, which returns none."""
    def set_priority(self, priority: int, *, timeout_secs: float = 30.0) -> None:
        """Say when the job's turn is: 0 to 100, higher goes first. Lanes in work are left alone."""
    def last_picture(self, *, timeout_secs: float = 30.0) -> bytes | None:
        """The job's latest picture, as the farm keeps it (a Manager: JPEG); None where it has none yet."""
    def blocklist(self, *, timeout_secs: float = 30.0) -> list[dict[str, Any]]:
        """The workers that the job shuns since they failed at it: `worker_id`, `worker_name`, `task_type`."""
    def clear_blocklist(self, *, timeout_secs: float = 30.0) -> None:
        """Let the workers that the job shuns work on it again."""
    def delete(self, *, timeout_secs: float = 30.0) -> None:
        """Remove the job from the farm's list; its frames stay.

        Raises:
            FarmRefusedError: The job has not ended.
        """
    def log(self, *, timeout_secs: float = 30.0) -> str:
        """What the job's lanes have printed so far."""

@final
class JobView:
    """A job as a snapshot shows it."""

    @property
    def job_id(self) -> str:
        """The farm's id of it."""
    @property
    def name(self) -> str:
        """The job's name."""
    @property
    def status(self) -> str:
        """In Flamenco's words: queued, active, completed, failed, canceled and so on."""
    @property
    def priority(self) -> int:
        """Higher goes first; 50 is usual."""
    @property
    def is_mine(self) -> bool:
        """Whether this computer's user sent it, by the name."""
    @property
    def user(self) -> str | None:
        """Who sent it, where the job says so."""
    @property
    def is_live(self) -> bool:
        """Whether it can still render frames."""
    @property
    def waits_for_approval(self) -> bool:
        """Whether it is held until somebody has looked at its scouts, and resumes it."""
    @property
    def frames_total(self) -> int:
        """How many frames the job has."""
    @property
    def frames_done(self) -> int:
        """How many are rendered."""
    @property
    def frames_failed(self) -> int:
        """How many could not be rendered."""
    @property
    def frames_in_work(self) -> list[int]:
        """The frames that are being rendered now."""
    @property
    def fraction(self) -> float:
        """The part that is done, 0 to 1, samples of the frames in work included."""
    @property
    def seconds_left(self) -> tuple[float, float] | None:
        """A low and a high estimate, or None while there is nothing to go by."""
    @property
    def output_dir(self) -> str:
        """The local folder that the frames go to."""
    @property
    def blend_file(self) -> str:
        """The scene's local path."""
    @property
    def last_output(self) -> str | None:
        """The picture that was finished last."""
    @property
    def failed(self) -> list[tuple[int, str]]:
        """The failed frames and why."""

@final
class Snapshot:
    """What was known of a farm at one moment."""

    @property
    def state(self) -> Literal["stopped", "connecting", "online", "offline"]:
        """`stopped`: the local farm is not running; it starts with the first submission."""
    @property
    def message(self) -> str:
        """The state in words, with the reason where there is one."""
    @property
    def jobs(self) -> list[JobView]:
        """The farm's jobs, newest first."""
    def choose(
        self,
        which: Literal["all", "active", "done", "failed"] = "all",
        *,
        mine_only: bool = False,
        most: int = 20,
    ) -> tuple[list[JobView], int]:
        """The newest of some of the jobs, and how many of these there are in all. Thousands of others cost nothing."""
    def job(self, job_id: str) -> JobView | None:
        """The job of that id."""
    @property
    def workers(self) -> list[dict[str, Any]]:
        """The farm's workers: `name`, `status`, `last_seen` and so on; those long gone included."""
    @property
    def worker_statuses(self) -> list[str]:
        """The status of each: awake, asleep, error, offline and so on."""
    def looks_like(self, other: Snapshot) -> bool:
        """Whether people would see no difference."""

@final
class FarmWatch:
    """Watches a farm in the background until it is dropped."""

    def snapshot(self) -> Snapshot:
        """What is known now. Reads memory; never blocks, never raises for a lost network."""
    def refresh(self) -> None:
        """Ask the farm again soon. Never blocks."""

@final
class Farm:
    """A farm: this computer, or a Flamenco Manager. Making one connects to nothing."""

    @property
    def name(self) -> str:
        """`This Computer`, or the farm's URL."""
    def submit(
        self,
        path: _Path,
        *,
        frames: str | Frames | None = None,
        scene: str | None = None,
        camera: str | None = None,
        view_layers: Sequence[str] | None = None,
        samples: int | None = None,
        percentage: int | None = None,
        device: str = "auto",
        denoise: Literal["scene", "off"] = "scene",
        output: _Path | None = None,
        existing: Literal["replace", "skip", "new-folder"] = "replace",
        order: Literal["auto", "sequential", "scouts-then-wait"] = "auto",
        costs: Mapping[int, float] | None = None,
        priority: int = 50,
        name: str | None = None,
        auto_run: bool = False,
        allow_missing: bool = False,
        persistent_data: Literal["scene", "on", "off"] = "scene",
        addons: Sequence[str] | None = None,
        job_type: str | None = None,
        chunk_size: int | None = None,
        blender: str | None = None,
        worker_tag: str | None = None,
    ) -> Submission:
        """Send a saved .blend file. Returns at once; reading, checking and sending go on in the background.

        Args:
            path: The .blend's local path.
            frames: A frame set; the scene's own range when left out.
            scene: The scene's name; the active one when left out.
            camera: The camera object's name; the scene's own (and its camera markers) when left out.
            view_layers: The only view layers to render; those switched on in the scene when left out.
            samples: Cycles samples; the scene's own when left out.
            percentage: Resolution percentage; the scene's own when left out.
            device: auto, cpu, gpu, optix, cuda, hip, oneapi or metal.
            denoise: `off` renders without denoising where this Blender has no denoiser.
            output: The folder for the frames; the scene's own output when left out.
            existing: What to do about frames that are there already.
            order: `auto` renders three scouts first; `sequential` renders in order; `scouts-then-wait` renders the
                scouts and holds the job until `Job.resume`.
            costs: How many seconds frames are known to take; the longest go first.
            priority: Higher goes first.
            name: The job's name; the .blend's when left out.
            auto_run: Let Python inside the .blend run: scripts, and drivers that are more than arithmetic. Off by
                default, as in Blender itself, since a file from elsewhere could do anything with it.
            allow_missing: Render frames although files that they need are not there.
            persistent_data: Keep the scene in memory between frames, or not; the scene's own choice by default.
            addons: Add-ons to enable before the scene is opened, by module or title.
            job_type: The Manager's job type; the one with lanes when left out, where the farm knows it.
            chunk_size: Frames in each task, where the job type has no lanes.
            blender: The Manager's variable that names the Blender; the one that fits the scene when left out.
            worker_tag: The name of the worker tag whose workers alone may render the job.
        """
    def jobs(self, *, timeout_secs: float = 30.0) -> list[Job]:
        """The farm's jobs, newest first. Blocks."""
    def job(self, job_id: str, *, timeout_secs: float = 30.0) -> Job:
        """One job by its id. Blocks.

        Raises:
            NotFoundError: The farm does not know it.
        """
    def workers(self, *, timeout_secs: float = 30.0) -> list[dict[str, Any]]:
        """The farm's workers: `name`, `status`, `last_seen` and so on; those long gone included. Blocks."""
    def cancel_job(self, job_id: str) -> Operation:
        """Cancel a job in the background."""
    def pause_job(self, job_id: str) -> Operation:
        """Hold a job in the background."""
    def resume_job(self, job_id: str) -> Operation:
        """Let a held job go on, in the background; fails where the job is not held."""
    def retry_job(self, job_id: str) -> Operation:
        """Ask for a job's failed frames again, or resume a cancelled job, in the background."""
    def set_job_priority(self, job_id: str, priority: int) -> Operation:
        """Say when a job's turn is, in the background: 0 to 100, higher goes first."""
    def read_job_log(self, job_id: str) -> Reply:
        """Read what a job's lanes have printed so far, in the background."""
    def fetch_picture(self, job_id: str, folder: _Path) -> Reply:
        """Write a job's latest picture into a folder, in the background. The reply is its path, or empty."""
    def greet(self) -> Reply:
        """Ask the farm for its name and version, in the background: whether it answers, and lets us in."""
    def preview(
        self,
        path: _Path,
        *,
        frames: str | Frames | None = None,
        scene: str | None = None,
        output: _Path | None = None,
        existing: Literal["replace", "skip", "new-folder"] = "replace",
        order: Literal["auto", "sequential", "scouts-then-wait"] = "auto",
        priority: int = 50,
        auto_run: bool = False,
    ) -> Preview:
        """Look in the background at what `submit` would send with these; the farm on this computer is started."""
    def watch(self) -> FarmWatch:
        """Watch the farm in the background. Returns at once."""

def connect(
    farm: str | None = None,
    *,
    token: str | None = None,
    user: str | None = None,
    header: str | None = None,
    ca_file: _Path | None = None,
    proxy: str | None = None,
    allow_plain_http: bool = False,
) -> Farm:
    """A farm by its name or address. Connects to nothing yet. The settings (`farmhand farms`) say what is not given.

    Args:
        farm: A name of the settings, an address, or `local`; the usual farm by default.
        token: Sent as `Authorization: Bearer`, to this farm alone; with `user` or `header` in their way.
        user: The name that goes with the token as its password, as `Authorization: Basic`.
        header: The name of a header that holds the token instead, like `X-Api-Key`.
        ca_file: A PEM file with the CA of the farm; nobody else may vouch for it then.
        proxy: An HTTP proxy's address, or `none`; as the environment says by default.
        allow_plain_http: Let the token go unencrypted to another computer.

    Raises:
        FarmhandError: The address is none, no farm has that name, or there is no token where one should be.
        ValueError: Token, user and header do not go together.
    """

def local(*, launcher: Sequence[str] | None = None, slots: int | None = None, blender: _Path | None = None) -> Farm:
    """The farm on this computer. It is started, in the background, by the first submission.

    Args:
        launcher: The command that runs `farmhand` here, without its arguments; the console script by default.
        slots: How many lanes render at once; 1 unless the farm runs already.
        blender: The Blender to render with; found by itself by default.
    """

def farms() -> list[dict[str, Any]]:
    """The farms that have names (`farmhand farms`): `name`, `url`, `auth`, `user`, `header`, `has_token`, `is_usual`.

    Raises:
        FarmhandError: The list cannot be read.
    """

def add_farm(
    name: str,
    url: str,
    *,
    token: str | None = None,
    user: str | None = None,
    header: str | None = None,
    ca_file: _Path | None = None,
    proxy: str | None = None,
    allow_plain_http: bool = False,
    replace: bool = False,
) -> None:
    """Give a farm a name; its token is kept in a file that is its user's alone.

    Args:
        name: What `connect` and `--farm` take: letters, digits, - and _.
        url: The farm's address.
        token: As `connect` takes it, as are those that follow.
        user: The name that goes with the token as its password.
        header: The name of a header that holds the token instead.
        ca_file: A PEM file with the CA of the farm.
        proxy: An HTTP proxy's address, or `none`.
        allow_plain_http: Let the token go unencrypted to another computer.
        replace: Replace the farm of that name.

    Raises:
        FarmhandError: The name is taken or none, or the address holds a password.
    """

def remove_farm(name: str) -> None:
    """Forget a farm, and the token that was kept for it.

    Raises:
        FarmhandError: No farm has that name.
    """

def set_default_farm(name: str) -> None:
    """Say which farm is meant where none is named; `local` is this computer.

    Raises:
        FarmhandError: No farm has that name.
    """

def path_rules() -> list[dict[str, Any]]:
    """What was said of folders (`farmhand paths`): `source`, `target` and so on.

    Raises:
        FarmhandError: The list cannot be read.
    """

def add_path_rule(source: str, target: str, *, farm: str | None = None) -> None:
    """Say where workers see a folder of this computer; with `farm`, an address, for that farm alone.

    Raises:
        PathRuleError: A folder is not absolute.
    """

def remove_path_rule(source: str) -> None:
    """Forget what was said of a folder.

    Raises:
        FarmhandError: Nothing was said of it.
    """

def explain_path(path: str, *, target_platform: str = "linux", farm: str = "local") -> str | None:
    """Where workers see a path by the rules of `path_rules`; None where no rule says anything of it.

    Raises:
        PathRuleError: The path is not absolute, or the platform unknown.
    """

def read_blend(path: _Path) -> BlendFile:
    """Read a .blend file without Blender. Blocks while it reads.

    Raises:
        BlendFileMissingError: It is not there or cannot be opened.
        BlendFileError: It is no .blend, is cut short, or is too new.
    """

def check(path: _Path, *, frames: str | Frames | None = None, scene: str | None = None) -> list[Finding]:
    """What to know before sending this file. Blocks while it reads.

    Raises:
        BlendFileError: As `read_blend`.
    """

def find_files(paths: Sequence[_Path], *, below: _Path | None = None) -> FileWork:
    """Which of these paths lead nowhere, each with the one file below a folder that it most likely means, or None."""

def bring_files(files: Sequence[tuple[_Path, _Path, bool]]) -> FileWork:
    """Copy files and folders to where they would best lie, or near by where that is taken; where each lies then.

    The third of each says whether the file stands for all tiles or pictures that differ from it in their last number.
    """

def part_files(paths: Sequence[_Path]) -> FileWork:
    """Copy those whose paths differ from an earlier one in upper and lower case alone to names of their own."""

def fill_sequences(sequences: Sequence[tuple[_Path, int, int]]) -> FileWork:
    """Copy the picture before it into each gap of a sequence, between two numbers; the pictures that are made."""

def plan(frames: str | Frames, *, workers: int, simulation: bool = False) -> list[Frames]:
    """The home chunk of each lane for so many workers."""

def format_seconds_left(low: float, high: float) -> str:
    """A range of seconds in words, such as `2 to 3 min left`."""

def run_command(arguments: Sequence[str], *, launcher: Sequence[str]) -> int:
    """Run the `farmhand` command and return its exit code."""
