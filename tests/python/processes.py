# SPDX-License-Identifier: Apache-2.0
"""Waiting for conditions, and looking at processes, for tests that start real ones."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Callable

#: No single step of these tests takes longer, on two cores that are busy with other things.
PATIENCE_SECS = 240


def wait_until(what: str, condition: Callable[[], object], patience_secs: float = PATIENCE_SECS) -> None:
    """Look again and again until `condition` holds."""
    deadline = time.monotonic() + patience_secs
    while not condition():
        assert time.monotonic() < deadline, f"after {patience_secs:.0f} s still not: {what}"
        time.sleep(0.03)


def kill(pid: int) -> None:
    """End a process at once, if it is still there."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_alive(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def children_of(pid: int) -> list[int]:
    """List the processes that a process has started."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def command_line(pid: int) -> list[str]:
    """Give a process's arguments; none where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return []
