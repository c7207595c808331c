# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the `farmhand` command where the library is not installed: inside a Blender without a window, or a plain Python.

Arguments after `--`: the folder that holds the library, then those of the command.
"""

import os
import sys


def main() -> int:
    """Run the command and return its exit code."""
    site, *arguments = sys.argv[sys.argv.index("--") + 1 :]
    sys.path.insert(0, site)
    from farmhand import cli  # noqa: PLC0415 - importable only now

    sys.argv = ["farmhand", *arguments]
    return cli.main() or 0


if __name__ == "__main__":
    try:
        code = main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    # Blender's own way out would run handlers of a user interface that was never there.
    os._exit(code)
