# SPDX-License-Identifier: Apache-2.0
"""What the chart configures, as plain processes: a real nginx, a real Manager where `FARMHAND_FLAMENCO` names one."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from clusters import CHART, ROOT, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow
TOKEN = "correct-horse-battery"  # noqa: S105 - of this test alone


def rendered(template: str, *options: str) -> dict[str, str]:
    """The files of a ConfigMap of the chart."""
    helm = subprocess.run([ROOT / "tools/setup.sh", "helm"], capture_output=True, encoding="utf-8", check=False)
    if helm.returncode != 0:
        pytest.skip(helm.stderr.strip())
    command = [helm.stdout.strip(), "template", "blender", str(CHART), "--show-only", f"templates/{template}", *options]
    text = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    files: dict[str, str] = yaml.safe_load(text)["data"]
    return files


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def answer(url: str, authorization: str = "", body: bytes | None = None) -> tuple[int, str]:
    """The status and the text of an answer."""
    headers = {"Authorization": authorization} if authorization else {}
    request = urllib.request.Request(url, data=body, headers=headers)  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - loopback
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except OSError:
        return 0, ""


class Echo(http.server.BaseHTTPRequestHandler):
    """Tells what reached it."""

    def do_GET(self) -> None:
        size = len(self.rfile.read(int(self.headers["Content-Length"] or 0)))
        self.send_response(200)
        self.end_headers()
        about = {"port": self.server.server_port, "size": size, "authorization": self.headers["Authorization"]}
        self.wfile.write(json.dumps(about).encode())

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def parts() -> Iterator[tuple[int, int]]:
    """The ports of a stand-in Manager and a stand-in companion."""
    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) for _ in range(2)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield servers[0].server_port, servers[1].server_port
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_real_nginx_asks_for_the_token_and_passes_large_scenes_on(tmp_path: Path, parts: tuple[int, int]) -> None:
    nginx = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if nginx is None:
        pytest.skip("there is no nginx")
    manager, companion = parts
    port = free_port()
    files = rendered("proxy/config.yaml")
    config = files["nginx.conf"].replace("listen 8080;", f"listen 127.0.0.1:{port};").replace("/tmp/", f"{tmp_path}/")  # noqa: S108
    config = config.replace("http://blender-manager:8080", f"http://127.0.0.1:{manager}")
    config = config.replace("http://blender-companion:8090", f"http://127.0.0.1:{companion}")
    (tmp_path / "nginx.conf").write_text(config, encoding="utf-8")
    (tmp_path / "proxy.sh").write_text(files["proxy.sh"], encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "FARMHAND_CONFIG_DIR": str(tmp_path),
        "FARMHAND_WORK_DIR": str(tmp_path),
        "FARMHAND_PROGRAM": nginx,
        "FARMHAND_TOKEN": TOKEN,
        "FARMHAND_USER": "ada",
    }
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(["/bin/sh", tmp_path / "proxy.sh"], env=environment) as proxy:
        try:
            wait_until("nginx answers", lambda: answer(f"{url}/healthz")[0] == 200)
            assert answer(f"{url}/api/v3/version")[0] == 401
            assert answer(f"{url}/farmhand/v1/wanted", f"Bearer {TOKEN}x")[0] == 401
            basic = b64encode(f"ada:{TOKEN}".encode()).decode()
            # A Manager takes any Authorization for a worker's.
            for shown in (f"Bearer {TOKEN}", f"Basic {basic}"):
                said: dict[str, Any] = json.loads(answer(f"{url}/api/v3/version", shown)[1])
                assert said == {"port": manager, "size": 0, "authorization": None}
            # The companion asks for the token itself, also of whom the proxy knows by a name.
            said = json.loads(answer(f"{url}/farmhand/v1/wanted", f"Basic {basic}")[1])
            assert said == {"port": companion, "size": 0, "authorization": f"Bearer {TOKEN}"}
            scene = bytes(50_000_000)
            said = json.loads(answer(f"{url}/api/v3/shaman/files/x/1", f"Bearer {TOKEN}", scene)[1])
            assert said["size"] == len(scene)
        finally:
            proxy.terminate()


def test_a_real_manager_starts_by_the_charts_configuration_and_has_the_job_type(tmp_path: Path) -> None:
    programs = os.environ.get("FARMHAND_FLAMENCO")
    if not programs:
        pytest.skip("FARMHAND_FLAMENCO names no folder with a Manager")
    share, data, work = tmp_path / "share", tmp_path / "data", tmp_path / "work"
    for folder in (share, data, work, tmp_path / "scripts"):
        folder.mkdir()
    files = rendered("manager/config.yaml", "--set", f"nfs.linux.mount={share},nfs.linux.artistMount=/net/farm")
    port = free_port()
    config = files["flamenco-manager.yaml"].replace("/var/lib/flamenco", str(data))
    config = config.replace("listen: :8080", f"listen: 127.0.0.1:{port}")
    (tmp_path / "flamenco-manager.yaml").write_text(config, encoding="utf-8")
    (tmp_path / "scripts/farmhand_render.js").write_text(files["farmhand_render.js"], encoding="utf-8")
    (tmp_path / "manager.sh").write_text(files["manager.sh"], encoding="utf-8")
    program = shutil.copy(Path(programs) / "flamenco-manager", tmp_path)
    environment = {
        **os.environ,
        "FARMHAND_CONFIG_DIR": str(tmp_path),
        "FARMHAND_WORK_DIR": str(work),
        "FARMHAND_PROGRAM": program,
    }
    url = f"http://127.0.0.1:{port}/api/v3"
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(["/bin/sh", tmp_path / "manager.sh"], env=environment, stdout=log, stderr=log) as manager,
    ):
        try:
            wait_until("the Manager answers", lambda: answer(f"{url}/version")[0] == 200)
            types = {one["name"] for one in json.loads(answer(f"{url}/jobs/types")[1])["job_types"]}
            assert "farmhand-render" in types
            for audience, platform, mount in (
                ("workers", "linux", str(share)),
                ("users", "linux", "/net/farm"),
                ("users", "darwin", "/Volumes/shared/flamenco"),
                ("workers", "windows", "Z:"),
            ):
                variables = json.loads(answer(f"{url}/configuration/variables/{audience}/{platform}")[1])
                assert variables["my_storage"] == {"is_twoway": True, "value": mount}
            assert (data / "flamenco-manager.sqlite").is_file()
        finally:
            manager.terminate()
