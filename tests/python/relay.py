# SPDX-License-Identifier: Apache-2.0
"""Stands between a client and a farm, and counts."""

from __future__ import annotations

import re
import select
import socket
import threading

REQUEST = re.compile(rb"(?:GET|POST|PUT|DELETE) (/[^ ?]*)[^ ]* HTTP/1\.1\r\n")


class Relay:
    """Hands connections on to a port of this computer, and counts requests and the bytes of both directions."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.bytes = 0
        self.paths: list[str] = []
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def count(self, path: str) -> int:
        """How often a path was asked for; `/` stands for all."""
        with self.lock:
            return sum(path in ("/", asked) for asked in self.paths)

    def close(self) -> None:
        """Take no further connections."""
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        with near:
            try:
                far = socket.create_connection(("127.0.0.1", self.target_port))
            except OSError:
                return
            with far:
                while self._pass_on(near, far):
                    pass

    def _pass_on(self, near: socket.socket, far: socket.socket) -> bool:
        for one in select.select([near, far], [], [])[0]:
            try:
                data = one.recv(1 << 16)
                if data:
                    (far if one is near else near).sendall(data)
            except OSError:
                return False
            if not data:
                return False
            with self.lock:
                self.bytes += len(data)
                if one is near:
                    self.paths.extend(path.decode() for path in REQUEST.findall(data))
        return True
