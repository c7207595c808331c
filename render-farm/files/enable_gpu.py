# SPDX-License-Identifier: Apache-2.0
"""Switches the GPUs on for the job types of Flamenco itself; Farmhand's lanes do that on their own.

`FARMHAND_CYCLES_DEVICE` names the interface, or AUTO for the best that there is.
"""

from __future__ import annotations

import os
from typing import Any

import bpy

ORDER = ("OPTIX", "CUDA", "HIP", "ONEAPI")


def usable(preferences: Any, interface: str) -> bool:
    """Switch an interface on; False where this Blender or this computer has no GPU of it."""
    try:
        preferences.compute_device_type = interface
    except TypeError:
        return False
    refresh = getattr(preferences, "refresh_devices", None) or preferences.get_devices
    refresh()
    found = False
    for device in preferences.devices:
        device.use = device.type == interface
        found = found or device.use
    return found


@bpy.app.handlers.persistent  # type: ignore[untyped-decorator]
def render_by_gpu(*_: object) -> None:
    """Have every scene of the file that was opened render on the GPU, whatever it was saved with."""
    for scene in bpy.data.scenes:
        if hasattr(scene, "cycles"):
            scene.cycles.device = "GPU"


def main() -> None:
    """Switch on what was asked for, or say that it is not there."""
    wanted = os.environ.get("FARMHAND_CYCLES_DEVICE", "AUTO").upper()
    if wanted == "CPU":
        return
    preferences = bpy.context.preferences.addons["cycles"].preferences
    for interface in ORDER if wanted == "AUTO" else (wanted,):
        if usable(preferences, interface):
            # The scene is opened after this.
            bpy.app.handlers.load_post.append(render_by_gpu)
            print(f"farmhand: rendering by {interface}", flush=True)
            return
    print(f"farmhand: no GPU for {wanted} was found; rendering on the CPU", flush=True)


main()
