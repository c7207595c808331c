# SPDX-License-Identifier: Apache-2.0
"""The `farmhand` command, as the wheel's console script."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING

from farmhand._native import run_command

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["main"]


@contextlib.contextmanager
def _without_keyboard_interrupt() -> Iterator[None]:
    """Leave Ctrl-C to the command: Python's own handler would raise KeyboardInterrupt after what it has to say."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: What follows the program's name; `sys.argv[1:]` when left out.

    Returns:
        0 done, 1 failed, 2 usage, 3 checks found errors, 4 farm unreachable, 130 interrupted (the job goes on).
    """
    with _without_keyboard_interrupt():
        return run_command(
            sys.argv[1:] if arguments is None else arguments, launcher=[sys.executable, "-m", "farmhand"]
        )
