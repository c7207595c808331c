# SPDX-License-Identifier: Apache-2.0
"""The `farmhand` command, as the wheel's console script."""

from __future__ import annotations

import sys

from farmhand._native import run_command

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: What follows the program's name; `sys.argv[1:]` when left out.

    Returns:
        0 done, 1 failed, 2 usage, 3 checks found errors, 4 farm unreachable, 130 interrupted (the job goes on).
    """
    return run_command(sys.argv[1:] if arguments is None else arguments, launcher=[sys.executable, "-m", "farmhand"])
