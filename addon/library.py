# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the `farmhand` library lies, and which program can start the local farm from here."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import bpy

# Written by tools/build_addon.py; the library that is loaded must be of this version.
ADDON_VERSION = "0.1.0"

_HERE = Path(__file__).resolve().parent
# The classic add-on carries the library in this folder; the extension has it installed from a wheel by Blender.
_SITE = _HERE / "site"
_SERVER = _HERE / "server.py"


def make_importable() -> None:
    """Let `import farmhand` find the library that came with the classic add-on, and see that it can be loaded.

    Raises:
        ImportError: It is missing, or was built for another system.
    """
    site = str(_SITE)
    if _SITE.is_dir() and site not in sys.path:
        sys.path.append(site)
    try:
        import farmhand  # noqa: F401, PLC0415 - importable only now
    except ImportError as error:
        system = f"{platform.system()} {platform.machine()}"
        message = f"Farmhand's library cannot be loaded ({error}); install the add-on that was built for {system}"
        raise ImportError(message) from error


def restart_needed() -> str | None:
    """Say that Blender must be restarted, where an older library is still loaded after an update."""
    import farmhand  # noqa: PLC0415 - importable only after make_importable

    if farmhand.__version__ == ADDON_VERSION:
        return None
    return (
        f"Restart Blender: the add-on is version {ADDON_VERSION}, "
        f"the library that is loaded is version {farmhand.__version__}"
    )


def is_module() -> bool:
    """Tell whether Blender is a module of an ordinary Python here."""
    return bool(getattr(bpy.app, "module", not bpy.app.binary_path))


def own_blender() -> str:
    """Return the program that renders like this Blender: itself, or the Python that it is a module of."""
    return sys.executable if is_module() else bpy.app.binary_path


def launcher() -> list[str]:
    """Return the command that the local farm is started with; `local serve …` is appended to it.

    Inside Blender `sys.executable` can be any unrelated Python, so it is used only where Blender is a module.
    """
    import farmhand  # noqa: PLC0415 - importable only after make_importable

    site = Path(farmhand.__file__).resolve().parent.parent
    if is_module():
        return [sys.executable, str(_SERVER), "--", str(site)]
    beside = shutil.which("farmhand", path=str(site / "bin"))
    if beside:
        return [beside]
    return [
        bpy.app.binary_path,
        "--background",
        "--factory-startup",
        "--python-exit-code",
        "1",
        "--python",
        str(_SERVER),
        "--",
        str(site),
    ]


def open_in_desktop(path: Path) -> None:
    """Open a file or a folder with what the desktop has for it, and do not wait.

    Raises:
        OSError: There is nothing for it.
    """
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606 - the folder of a job
        return
    opener = "open" if sys.platform == "darwin" else "xdg-open"
    subprocess.Popen([opener, str(path)], stdin=subprocess.DEVNULL)
