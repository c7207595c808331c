# SPDX-License-Identifier: Apache-2.0
"""Jobs on a real Flamenco Manager with real Workers and a real Blender, and what becomes of them when something dies.

`FARMHAND_FLAMENCO` names the folder with `flamenco-manager` and `flamenco-worker`; without it these tests are skipped.
"""

from __future__ import annotations

import json
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import farmhand
from blenders import default_blender
from flamenco_bed import Flamenco, Worker, descendants, flamenco_folder
from processes import is_alive, wait_until
from relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        flamenco_folder() is None, reason="FARMHAND_FLAMENCO names no folder with a Manager and a Worker"
    ),
]

FRAMES = 12
# A frame that takes long enough to be hit in the middle.
SLOW = "import bpy, time; bpy.app.handlers.render_pre.append(lambda *_: time.sleep(1.5))"
# Frame 3 ends Blender whenever it is rendered.
POISON = (
    "import bpy, os, signal; bpy.app.handlers.render_pre.append("
    "lambda scene, *_: os.kill(os.getpid(), signal.SIGSEGV) if scene.frame_current == 3 else None)"
)
PATIENCE_SECS = 600


@pytest.fixture
def flamenco(tmp_path: Path) -> Iterator[Flamenco]:
    """A Manager with the job type that soon notices a silent Worker, but no idle one, which asks every 20 seconds."""
    blender = default_blender()
    assert blender is not None, "no Blender was found"
    bed = Flamenco(tmp_path / "flamenco", blender=blender.executable, worker_timeout_secs=30)
    bed.start()
    yield bed
    bed.end()


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The scenes of these tests by name, made once."""
    blender = default_blender()
    assert blender is not None, "no Blender was found"
    folder = tmp_path_factory.mktemp("scenes")
    maker = Path(__file__).with_name("lane_scene.py")
    made = {}
    for name, options in {
        "plain": {"frames": FRAMES},
        "slow": {"frames": FRAMES, "script": SLOW},
        "poison": {"frames": 6, "script": POISON},
    }.items():
        made[name] = folder / f"{name}.blend"
        blender.run(maker, str(made[name]), json.dumps(options))
    return made


@pytest.fixture
def place(flamenco: Flamenco, scenes: dict[str, Path]) -> Callable[[str], Path]:
    """Put a scene onto the share, in a folder of its own."""

    def put(name: str) -> Path:
        folder = flamenco.share / name
        folder.mkdir()
        return Path(shutil.copy(scenes[name], folder))

    return put


def done(bed: Flamenco, job_id: str) -> int:
    return int(bed.show(job_id)["frames_done"])


def assert_whole(scene: Path, frames: int) -> None:
    pictures = sorted((scene.parent / "frames").glob("shot_*.png"))
    assert [int(picture.stem[-4:]) for picture in pictures] == list(range(1, frames + 1))


def note(what: str, **facts: Any) -> None:
    """Say what happened, for whoever runs these tests with -s."""
    print(f"\n[flamenco] {what}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))


def rendering(worker: Worker) -> bool:
    """Whether the Worker's lane has a child Blender."""
    supervisor = worker.supervisor()
    return supervisor is not None and len(descendants(supervisor)) > 0


def test_a_job_is_sent_watched_and_ended_with_its_last_frame(flamenco: Flamenco, place: Callable[[str], Path]) -> None:
    flamenco.add_worker("one")
    flamenco.add_worker("two")
    scene = place("plain")
    # 20 lanes are far more than the workers; whoever waits has the leftover ones closed.
    ran = flamenco.must("submit", str(scene), "--farm", flamenco.url, "--lanes", "20", "--wait", "--json")
    said = json.loads(ran)
    assert (said["status"], said["frames_done"], said["frames_total"]) == ("completed", FRAMES, FRAMES)
    assert_whole(scene, FRAMES)
    tasks = flamenco.tasks(said["job_id"])
    assert len(tasks) == FRAMES + 1, "no lane without a frame"
    assert {task["status"] for task in tasks.values()} == {"completed"}
    frames = json.loads(flamenco.must("frames", said["job_id"], "--farm", flamenco.url, "--json"))["frames"]
    ends = max(frame["started_unix_secs"] + frame["load_secs"] + frame["seconds"] for frame in frames)
    note("sent and watched", lanes=len(tasks) - 1, loads=sum(frame["load_secs"] > 0 for frame in frames), ends=ends)
    # A second job to the same place is refused while the first one lives, whatever the Manager makes of its paths.
    first = flamenco.submit(scene, "--existing", "new-folder", "--lanes", "1")
    assert flamenco.call("cancel", first, "--farm", flamenco.url).returncode == 0
    assert flamenco.settled(first) == "canceled"


def test_a_cancelled_job_stops_and_goes_on_when_it_is_asked_for_again(
    flamenco: Flamenco, place: Callable[[str], Path]
) -> None:
    worker = flamenco.add_worker("one")
    scene = place("slow")
    job = flamenco.submit(scene, "--auto-run")
    wait_until("two frames are done", lambda: done(flamenco, job) >= 2)
    supervisor = worker.supervisor()
    assert supervisor is not None
    begun = time.monotonic()
    flamenco.must("cancel", job, "--farm", flamenco.url)
    wait_until("the lane is gone", lambda: not is_alive(supervisor))
    note("cancelled", lane_gone_after_secs=round(time.monotonic() - begun, 1), frames=done(flamenco, job))
    assert flamenco.settled(job) == "canceled"
    before = done(flamenco, job)
    assert 2 <= before < FRAMES
    flamenco.must("retry", job, "--farm", flamenco.url)
    watcher = flamenco.watch(job)
    assert flamenco.settled(job, PATIENCE_SECS) == "completed"
    watcher.wait(timeout=60)
    assert_whole(scene, FRAMES)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_a_worker_that_dies_in_the_middle_of_a_frame_costs_that_frame_alone(
    flamenco: Flamenco, place: Callable[[str], Path], number: signal.Signals
) -> None:
    first, second = flamenco.add_worker("one"), flamenco.add_worker("two")
    scene = place("slow")
    job = flamenco.submit(scene, "--auto-run")
    watcher = flamenco.watch(job)
    wait_until("both render", lambda: rendering(first) and rendering(second) and done(flamenco, job) >= 2)
    orphans = descendants(first.pid)
    begun = time.monotonic()
    first.send(number)
    wait_until("its Blenders are gone", lambda: not any(is_alive(pid) for pid in orphans), 60)
    gone_secs = time.monotonic() - begun
    assert flamenco.settled(job, PATIENCE_SECS) == "completed"
    note(
        number.name,
        blenders_gone_after_secs=round(gone_secs, 2),
        job_ended_after_secs=round(time.monotonic() - begun, 1),
    )
    watcher.wait(timeout=60)
    assert_whole(scene, FRAMES)


def test_a_manager_that_starts_again_in_the_middle_of_a_job_loses_nothing(
    flamenco: Flamenco, place: Callable[[str], Path]
) -> None:
    worker = flamenco.add_worker("one")
    scene = place("slow")
    job = flamenco.submit(scene, "--auto-run")
    watcher = flamenco.watch(job)
    wait_until("two frames are done", lambda: done(flamenco, job) >= 2)
    supervisor = worker.supervisor()
    flamenco.stop(signal.SIGKILL)
    flamenco.start()
    note("Manager again", same_lane=worker.supervisor() == supervisor, status=flamenco.status(job))
    assert flamenco.settled(job, PATIENCE_SECS) == "completed"
    assert watcher.wait(timeout=60) == 0, "whoever watches bears it"
    assert_whole(scene, FRAMES)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_a_poison_frame_is_named_and_all_others_are_rendered(
    flamenco: Flamenco, place: Callable[[str], Path], workers: int
) -> None:
    for number in range(workers):
        flamenco.add_worker(f"worker-{number}")
    scene = place("poison")
    begun = time.monotonic()
    job = flamenco.submit(scene, "--auto-run")
    watcher = flamenco.watch(job)
    status = flamenco.settled(job, PATIENCE_SECS)
    said = flamenco.show(job)
    blocked = flamenco.get(f"jobs/{job}/blocklist")
    note(
        f"poison with {workers}",
        status=status,
        frames=said["frames_done"],
        failed=[(failure["frame"], failure["reason"]) for failure in said["failed"]],
        secs=round(time.monotonic() - begun),
        blocked=len(blocked or []),
        says=flamenco.get(f"jobs/{job}")["activity"],
    )
    assert status == "failed"
    assert said["frames_done"] == 5
    assert [(failure["frame"], failure["reason"]) for failure in said["failed"]] == [(3, "crash")]
    watcher.wait(timeout=60)


def test_a_worker_of_the_past_does_not_hold_a_failing_job_open(
    flamenco: Flamenco, place: Callable[[str], Path]
) -> None:
    stale = flamenco.add_worker("stale")
    stale.stop(signal.SIGKILL)
    flamenco.add_worker("one")
    scene = place("poison")
    job = flamenco.submit(scene, "--auto-run", "--lanes", "1")
    watcher = flamenco.watch(job)
    status = flamenco.settled(job, PATIENCE_SECS)
    note("stale worker", status=status, says=flamenco.get(f"jobs/{job}")["activity"])
    assert status == "failed"
    assert flamenco.show(job)["frames_done"] == 5
    watcher.wait(timeout=60)


def test_a_lane_that_is_closed_by_hand_leaves_its_frames_to_the_others(
    flamenco: Flamenco, place: Callable[[str], Path]
) -> None:
    worker = flamenco.add_worker("one")
    scene = place("slow")
    job = flamenco.submit(scene, "--auto-run", "--lanes", "2")
    wait_until("it renders", lambda: rendering(worker) and done(flamenco, job) >= 1)
    lane = next(task for task in flamenco.tasks(job).values() if task["status"] == "active")
    flamenco.post(f"tasks/{lane['id']}/setstatus", {"status": "completed", "reason": "closed by hand"})
    watcher = flamenco.watch(job)
    assert flamenco.settled(job, PATIENCE_SECS) == "completed"
    watcher.wait(timeout=60)
    note("closed by hand", lane=lane["name"], frames=done(flamenco, job))
    assert_whole(scene, FRAMES)


def test_scouts_are_waited_for_at_a_gate_until_they_are_approved(
    flamenco: Flamenco, place: Callable[[str], Path]
) -> None:
    flamenco.add_worker("one")
    flamenco.add_worker("two")
    scene = place("plain")
    order = ("--order", "scouts-then-wait", "--lanes", "2")
    sent = flamenco.must("submit", str(scene), "--farm", flamenco.url, "--wait", "--json", *order)
    said = json.loads(sent)
    job = str(said["job_id"])
    # Whoever waits is let go once there is something to look at.
    assert (said["frames_done"], said["waits_for_approval"]) == (3, True)
    assert flamenco.show(job)["waits_for_approval"] is True
    assert flamenco.status(job) == "active"
    refused = flamenco.call("resume", job, "--farm", flamenco.url)
    assert refused.returncode == 1, refused.stdout
    flamenco.must("approve", job, "--farm", flamenco.url)
    assert flamenco.show(job)["waits_for_approval"] is False
    watcher = flamenco.watch(job)
    assert flamenco.settled(job, PATIENCE_SECS) == "completed"
    watcher.wait(timeout=60)
    assert_whole(scene, FRAMES)
    note("scouts", frames_before=said["frames_done"], frames=done(flamenco, job))


def test_deleting_a_job_takes_its_own_folders_and_leaves_its_frames(
    flamenco: Flamenco, place: Callable[[str], Path]
) -> None:
    flamenco.add_worker("one")
    scene = place("plain")
    job = flamenco.submit(scene, "--frames", "1-2")
    watcher = flamenco.watch(job)
    assert flamenco.settled(job, PATIENCE_SECS) == "completed"
    watcher.wait(timeout=60)
    own = list(scene.parent.rglob(".farmhand"))
    assert [len(list(folder.iterdir())) for folder in own] == [2], "what was staged, and the state"
    asked = flamenco.call("delete", job, "--farm", flamenco.url)
    assert asked.returncode == 2, "nobody is there to be asked"
    assert own[0].exists()
    flamenco.must("delete", job, "--farm", flamenco.url, "--yes")
    assert not own[0].exists()
    assert_whole(scene, 2)

    def is_gone() -> bool:
        return all(known["id"] != job for known in flamenco.get("jobs")["jobs"])

    wait_until("the Manager has forgotten it", is_gone)


def test_a_manager_tells_of_its_jobs_by_itself_and_again_after_a_restart(
    flamenco: Flamenco, place: Callable[[str], Path]
) -> None:
    flamenco.add_worker("one")
    relay = Relay(flamenco.port)
    watcher = farmhand.connect(relay.url).watch()

    def shown() -> dict[str, farmhand.JobView]:
        return {job.job_id: job for job in watcher.snapshot().jobs}

    wait_until("it is online", lambda: watcher.snapshot().state == "online")
    job = flamenco.submit(place("plain"), "--frames", "1-4")
    wait_until("a new job is shown", lambda: job in shown())
    wait_until("its end is shown", lambda: shown()[job].status == "completed")
    assert shown()[job].frames_done == 4
    assert (relay.count("/socket.io/"), relay.count("/api/v3/jobs")) == (1, 1)
    flamenco.stop(signal.SIGKILL)
    wait_until("its silence is noticed", lambda: watcher.snapshot().state == "offline")
    flamenco.start()
    wait_until("it is online again", lambda: watcher.snapshot().state == "online")
    before = relay.count("/api/v3/jobs")
    flamenco.must("priority", job, "77", "--farm", flamenco.url)
    wait_until("the priority is told", lambda: shown()[job].priority == 77)
    flamenco.must("delete", job, "--farm", flamenco.url, "--yes")
    wait_until("it is gone", lambda: job not in shown())
    assert relay.count("/api/v3/jobs") == before
    note("told", bytes=relay.bytes, lists=before)
    relay.close()


def test_a_manager_without_the_job_type_gets_chunks_and_people_are_told(
    tmp_path: Path, scenes: dict[str, Path]
) -> None:
    blender = default_blender()
    assert blender is not None
    bed = Flamenco(tmp_path / "flamenco", blender=blender.executable, has_job_type=False)
    bed.start()
    try:
        bed.add_worker("one")
        scene = Path(shutil.copy(scenes["plain"], bed.share))
        ran = bed.call("submit", str(scene), "--farm", bed.url, "--wait")
        assert ran.returncode == 0, ran.stderr
        assert "no-job-type" in ran.stderr
        assert "farmhand job-type --to" in ran.stderr
        assert_whole(scene, FRAMES)
        doctor = json.loads(bed.call("doctor", "--farm", bed.url, "--json").stdout)
        assert doctor["farm"]["job_type"] == "missing"
        asked = ["submit", str(scene), "--farm", bed.url, "--dry-run", "--json", "--chunk-size", "5"]
        sent = json.loads(bed.must(*asked))["job"]
        assert (sent["type"], sent["settings"]["chunk_size"]) == ("simple-blender-render", 5)
        options = {"chunk_size": 4, "job_type": "simple-blender-render", "blender": "blender"}
        submission = farmhand.connect(bed.url).submit(scene, existing="new-folder", **options)
        job = bed.get(f"jobs/{submission.result(timeout_secs=60).job_id}")
        assert (job["type"], job["settings"]["chunk_size"]) == ("simple-blender-render", 4)
    finally:
        bed.end()
