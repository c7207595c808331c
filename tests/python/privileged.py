# SPDX-License-Identifier: Apache-2.0
"""Hardships that only root can make: a disk that is small, read-only or gone, and processes with little memory."""

from __future__ import annotations

import contextlib
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator


class Disk:
    """A disk in memory, seen at `folder`; what is on it stays when it is taken away."""

    def __init__(self, folder: Path, size: str) -> None:
        self.folder = folder
        self.beside = folder.with_name(folder.name + ".disk")
        for place in (folder, self.beside):
            place.mkdir()
        if not hasattr(os, "geteuid") or os.geteuid() != 0:
            pytest.skip("mounting a disk needs root")
        if mount("-t", "tmpfs", "-o", f"size={size}", "none", str(self.beside)) != 0:
            pytest.skip("this system lets nobody mount a disk")
        self.come_back()

    def come_back(self) -> None:
        assert mount("--bind", str(self.beside), str(self.folder)) == 0

    def go_away(self) -> None:
        """Take it away even from those who have files open there, as a share that is lost."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def resize(self, size: str) -> None:
        assert mount("-o", f"remount,size={size}", str(self.beside)) == 0

    def allow_writing(self, *, yes: bool) -> None:
        """Let it be written or not, by anybody."""
        assert mount("-o", "remount,bind," + ("rw" if yes else "ro"), str(self.folder)) == 0


def mount(*arguments: str) -> int:
    return subprocess.run(["mount", *arguments], check=False).returncode


@contextlib.contextmanager
def disk(folder: Path, size: str) -> Iterator[Disk]:
    """Mount a disk for as long as a test runs."""
    made = Disk(folder, size)
    try:
        yield made
    finally:
        for place in (made.folder, made.beside):
            subprocess.run(["umount", "--lazy", str(place)], check=False, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def little_memory(limit_bytes: int) -> Iterator[list[str] | None]:
    """Make a control group with little memory; yields what runs a command in it, None where there can be none."""
    group = group_with(limit_bytes)
    if group is None:
        yield None
        return
    try:
        yield ["sh", "-c", f'echo $$ > {group}/cgroup.procs && exec "$@"', "sh"]
    finally:
        wait_until("the group is empty and removed", lambda: is_removed(group), 30)


def is_removed(group: Path) -> bool:
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()


def group_with(limit_bytes: int) -> Path | None:
    """Make a control group of version 2 or 1, where this system lets one be made."""
    name = f"farmhand-test-{os.getpid()}"
    for root, limit in (("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
        group = Path(root, name)
        # Beside groups of version 1 that folder may be an ordinary one, in which files of any name can be made.
        if not Path(root, "cgroup.procs").exists():
            continue
        with contextlib.suppress(OSError):
            group.mkdir()
            try:
                (group / limit).write_text(str(limit_bytes), encoding="ascii")
            except OSError:
                group.rmdir()
            else:
                return group
    return None
