# SPDX-License-Identifier: Apache-2.0
"""How long the add-on holds Blender's main thread: 5,000 textures are checked, and 1,000 jobs are listed.

    tests/bench/main_thread.py BLENDER CLASSIC.zip

Timers never fire without a window, so that the add-on's own poll is called here as its timer would, and the lists of
the panels are asked for as drawing does; drawing itself is not measured. The farm is one that answers from memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

INSIDE = Path(__file__).with_name("main_thread_inside.py")
JOBS = 1_000


def job(number: int) -> dict[str, object]:
    """A job as a Manager tells of it."""
    moment = f"2026-01-01T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "name": f"shot {number:04}",
        "type": "farmhand-render",
        "priority": 50,
        "status": "active" if number % 10 == 0 else "completed",
        "created": moment,
        "updated": moment,
        "activity": "",
        "settings": {"frames": "1-240"},
        "metadata": {"user.name": "ada"},
        "submitter_platform": "linux",
        "steps_completed": number % 240,
        "steps_total": 240,
    }


class Farm(BaseHTTPRequestHandler):
    """Answers what a watcher asks."""

    jobs = json.dumps({"jobs": [job(number) for number in range(JOBS)]}).encode()

    def answer(self) -> None:
        """Answer from memory."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answers = {
            "/api/v3/version": b'{"name": "Farm of the bench", "version": "3.9", "shortversion": "3.9", "git": "none"}',
            "/api/v3/jobs": self.jobs,
            "/api/v3/worker-mgt/workers": b'{"workers": []}',
        }
        body = answers.get(self.path.partition("?")[0])
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    do_GET = answer  # noqa: N815 - the names that the server calls
    do_POST = answer  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


def main() -> int:
    """Measure, and print the distribution."""
    blender, archive = sys.argv[1:]
    farm = ThreadingHTTPServer(("127.0.0.1", 0), Farm)
    threading.Thread(target=farm.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="farmhand-bench-") as folder:
        environment = {**os.environ, "HOME": folder, "FARMHAND_HOME": f"{folder}/farmhand", "USER": "ada"}
        command = [blender, "-b", "--factory-startup", "--python-exit-code", "1", "--python", str(INSIDE), "--"]
        arguments = [archive, folder, f"http://127.0.0.1:{farm.server_port}"]
        ended = subprocess.run(
            [*command, *arguments], env=environment, stdout=subprocess.PIPE, text=True, check=False, timeout=1800
        )
    print("\n".join(line for line in ended.stdout.splitlines() if line.startswith("  ")))
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
