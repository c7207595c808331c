# SPDX-License-Identifier: Apache-2.0
"""A local farm that lives and is silent for a while, as on a computer without memory, is waited for, not given up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from farms import Api, Farm, farmhand_command
from processes import wait_until

pytestmark = [
    pytest.mark.skipif(farmhand_command() is None, reason="no farmhand command: run `make build`"),
    pytest.mark.skipif(sys.platform != "linux", reason="how many wait for an answer is read from /proc/net"),
]

LISTENS = "0A"


def waiting_for(port: int) -> int:
    """How many connections to that port of 127.0.0.1 its server has not taken up."""
    rows = [row.split() for row in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    queues = [row[4] for row in rows if row[1] == f"0100007F:{port:04X}" and row[3] == LISTENS]
    return sum(int(queue.partition(":")[2], 16) for queue in queues)


def test_a_farm_that_is_silent_for_seconds_is_asked_again_and_never_called_asleep(tmp_path: Path) -> None:
    farm = Farm(tmp_path / "home", None)
    farm.start()
    api = Api(farm.home)
    port = int(api.url.rpartition(":")[2])
    os.kill(api.pid, signal.SIGSTOP)
    try:
        asking = subprocess.Popen(
            [str(farm.command), "jobs"],
            env=farm.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        wait_until("the command asks a second time", lambda: waiting_for(port) > 1)
    finally:
        os.kill(api.pid, signal.SIGCONT)
    said, _ = asking.communicate(timeout=30)
    farm.stop()
    assert asking.returncode == 0, said
    assert "asleep" not in said
