# SPDX-License-Identifier: Apache-2.0
"""A real companion beside a real Manager, and pods that are processes: a small server lists them as a cluster would.

`FARMHAND_COMPANION` names the `farmhand` that was built with the feature `companion`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flamenco_bed import Worker, descendants
from processes import PATIENCE_SECS, kill, wait_until

if TYPE_CHECKING:
    from email.message import Message

    from typing_extensions import Self

    from flamenco_bed import Flamenco

TOKEN = "a token of the farm"  # noqa: S105 - of this test alone
POD_TOKEN = "of the pod"  # noqa: S105 - of this test alone


def companion_command() -> Path | None:
    """The `farmhand` with a companion in it, where one is named."""
    named = os.environ.get("FARMHAND_COMPANION")
    return Path(named).resolve() if named else None


class Cluster:
    """What the companion asks of Kubernetes, over TLS: the pods, and what deleting one costs."""

    def __init__(self, folder: Path) -> None:
        self.account = folder / "account"
        self.account.mkdir(parents=True)
        self.pods: dict[str, dict[str, str]] = {}
        self.lock = threading.Lock()
        key = folder / "key.pem"
        certificate = self.account / "ca.crt"
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=cluster"),
                *(
                    "-addext",
                    "subjectAltName=IP:127.0.0.1",
                    "-addext",
                    "basicConstraints=critical,CA:FALSE",
                    "-keyout",
                    str(key),
                    "-out",
                    str(certificate),
                ),
            ],
            check=True,
            capture_output=True,
        )
        (self.account / "token").write_text(POD_TOKEN, encoding="utf-8")
        cluster = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

            def answer(self, status: int, value: object) -> None:
                body = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self) -> None:
                if self.headers["Authorization"] != f"Bearer {POD_TOKEN}":
                    self.answer(401, {})
                    return
                with cluster.lock:
                    items = [
                        {"metadata": {"name": name, "annotations": notes}, "status": {"phase": "Running"}}
                        for name, notes in cluster.pods.items()
                    ]
                self.answer(200, {"metadata": {}, "items": items})

            def do_PATCH(self) -> None:
                patch = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with cluster.lock:
                    notes = cluster.pods.get(self.path.rsplit("/", 1)[-1])
                    if notes is not None:
                        notes.update(patch["metadata"]["annotations"])
                self.answer(200, {})

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Companion:
    """A companion of a Manager, with a cluster of processes."""

    def __init__(self, bed: Flamenco, *options: str) -> None:
        command = companion_command()
        assert command is not None, "FARMHAND_COMPANION names no command"
        self.bed = bed
        self.command = command
        self.folder = bed.folder / "companion"
        self.cluster = Cluster(self.folder)
        self.token = self.folder / "token"
        self.token.write_text(TOKEN, encoding="utf-8")
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = int(listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            **bed.environment,
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": str(self.cluster.port),
            "FARMHAND_SERVICE_ACCOUNT_DIR": str(self.cluster.account),
            "FARMHAND_COMPANION_TOKEN_FILE": str(self.token),
            "FARMHAND_COMPANION_URL": self.url,
            "FARMHAND_COMPANION_MANAGER": bed.url,
        }
        arguments = ["companion", "--share", str(bed.share), "--listen", f"127.0.0.1:{port}"]
        arguments += ["--kubernetes-namespace", "farm", "--worker-selector", "part=worker", *options]
        with (self.folder / "companion.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(command), *arguments], env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until("the companion answers", self.answers)

    def answers(self) -> bool:
        try:
            self.get("healthz")
        except OSError:
            return False
        return True

    def get(self, path: str) -> Any:
        return json.loads(self.text(path))

    def text(self, path: str) -> str:
        request = urllib.request.Request(f"{self.url}/{path}", headers={"Authorization": f"Bearer {TOKEN}"})  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=PATIENCE_SECS) as answer:  # noqa: S310 - loopback
            return str(answer.read().decode())

    def metric(self, name: str) -> float:
        """One number of the metrics page."""
        lines = (line.rsplit(" ", 1) for line in self.text("metrics").splitlines() if not line.startswith("#"))
        return float(dict(lines)[name])

    def call(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.command), "companion", *arguments],
            env={**self.environment, **environment},
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=PATIENCE_SECS,
        )

    def end(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.cluster.end()


class Front:
    """One address for both, as an Ingress has it: /farmhand leads to the companion, the rest to the Manager."""

    def __init__(self, companion: Companion) -> None:
        self.companion = companion
        targets = (companion.url, companion.bed.url)

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                target = targets[0] if self.path.startswith("/farmhand/") else targets[1]
                passed = {
                    name: self.headers[name] for name in ("Authorization", "Range", "If-Range") if self.headers[name]
                }
                request = urllib.request.Request(target + self.path, headers=passed)  # noqa: S310 - loopback
                try:
                    with urllib.request.urlopen(request, timeout=PATIENCE_SECS) as answer:  # noqa: S310 - loopback
                        self.pass_on(answer.status, answer.headers, answer.read())
                except urllib.error.HTTPError as refusal:
                    self.pass_on(refusal.code, refusal.headers, refusal.read())

            def pass_on(self, status: int, headers: Message, body: bytes) -> None:
                self.send_response(status)
                for name in ("Content-Type", "Content-Range", "ETag"):
                    if headers[name]:
                        self.send_header(name, headers[name])
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def farmhand(self, *arguments: str) -> str:
        """Run a command that has to succeed, with the companion's token; answers its standard output."""
        done = subprocess.run(
            [str(self.companion.command), *arguments],
            env={**self.companion.environment, "FARMHAND_FARM": self.url, "FARMHAND_TOKEN": TOKEN},
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
            timeout=3 * PATIENCE_SECS,
        )
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done.stdout


class Pod(Worker):
    """A worker as its pod would start it: under an identity that is lent."""

    def __init__(self, companion: Companion, name: str) -> None:
        super().__init__(companion.bed, name)
        self.companion = companion
        self.place = self.home
        self.drain_file = self.place / "drain"
        with companion.cluster.lock:
            companion.cluster.pods[name] = {}
        lent = companion.call("lease", "--pod", name)
        assert lent.returncode == 0, lent.stderr
        self.home = Path(lent.stdout.strip())
        # Where it looks for its settings is up to the folder that it is started in, or its home.
        shutil.copy(self.place / "flamenco-worker.yaml", self.home)
        self.bed.workers.append(self)

    def launch(self) -> None:
        """Start it as its pod's entry point does; it asks for work at once."""
        environment = {
            **os.environ,
            "FLAMENCO_HOME": str(self.home),
            "FLAMENCO_WORKER_NAME": self.name,
            "FARMHAND_DRAIN_FILE": str(self.drain_file),
        }
        with (self.place / "worker.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.bed.programs / "flamenco-worker")],
                cwd=self.place,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def is_up(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def lose(self) -> None:
        """Kill it as a preemption without grace would, with its pod."""
        assert self.process is not None
        started = descendants(self.pid)
        self.send(signal.SIGKILL)
        self.process.wait()
        # A container takes all of its processes along.
        for pid in started:
            kill(pid)
        self.gone()

    def gone(self) -> None:
        """Its pod is listed no more."""
        with self.companion.cluster.lock:
            self.companion.cluster.pods.pop(self.name, None)
        self.process = None
