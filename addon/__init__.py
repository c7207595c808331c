# SPDX-License-Identifier: GPL-3.0-or-later
"""Farmhand for Blender: sends the open scene to a render farm and shows how its frames come along.

The add-on holds no logic: everything that takes time is done by threads of the `farmhand` library,
whose handles are polled by one timer (`bridge`), so that Blender's window never waits for the farm.
"""

# Blender before 4.2 reads this literal without running the file; later ones read blender_manifest.toml.
bl_info = {
    "name": "Farmhand",
    "description": "Renders the scene on a farm, beginning with this computer",
    "author": "The Farmhand developers",
    "version": (0, 1, 0),
    "blender": (2, 93, 0),
    "location": "Properties > Render > Farmhand",
    "category": "Render",
}

from . import library  # noqa: E402 - bl_info stands first, where Blender looks for it

library.make_importable()

from . import (  # noqa: E402 - they need the library
    bridge,
    checks_panel,
    farm_operators,
    handlers,
    indicator,
    job_operators,
    jobs_panel,
    operators,
    panel,
    preferences,
    properties,
    translations,
)

_PARTS = (
    translations,
    properties,
    preferences,
    bridge,
    operators,
    farm_operators,
    job_operators,
    panel,
    checks_panel,
    jobs_panel,
    indicator,
    handlers,
)


def register() -> None:
    """Make every part known to Blender; a part that fails takes back those before it."""
    done = []
    try:
        for part in _PARTS:
            part.register()
            done.append(part)
    except BaseException:
        for part in reversed(done):
            part.unregister()
        raise


def unregister() -> None:
    """Take every part back, in reverse."""
    for part in reversed(_PARTS):
        part.unregister()
