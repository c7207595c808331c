# SPDX-License-Identifier: GPL-3.0-or-later
"""Which farm is chosen, and how it is opened. The farms themselves are those of `farmhand farms`."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

import bpy

import farmhand

from . import library, words

LOCAL = "local"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NamedFarm(NamedTuple):
    """A farm that can be chosen."""

    name: str
    url: str
    has_token: bool


def _preferences() -> bpy.types.AddonPreferences:
    return bpy.context.preferences.addons[__package__].preferences


def chosen() -> str:
    """Return the chosen farm's name; `local` is this computer."""
    return _preferences().farm or LOCAL


def is_local() -> bool:
    """Tell whether this computer is chosen."""
    return chosen() == LOCAL


def title() -> str:
    """Return the chosen farm's name for people."""
    return words.translate(words.THIS_COMPUTER) if is_local() else chosen()


def url_of_chosen() -> str:
    """Return the chosen farm's address, as rules for paths name it; `local` for this computer."""
    return next((farm.url for farm in listed() if farm.name == chosen()), LOCAL)


def listed() -> list[NamedFarm]:
    """Return the farms that have names; reads a small file.

    Raises:
        farmhand.FarmhandError: The file cannot be read.
    """
    return [NamedFarm(farm["name"], farm["url"], farm["has_token"]) for farm in farmhand.farms()]


def open_chosen() -> farmhand.Farm:
    """Open the chosen farm; nothing is connected yet.

    Raises:
        farmhand.FarmhandError: There is no such farm any more, or no way in.
    """
    if not is_local():
        return open_named(chosen())
    preferences = _preferences()
    return farmhand.local(
        launcher=library.launcher(),
        slots=preferences.slots,
        blender=bpy.path.abspath(preferences.blender_path) or library.own_blender(),
    )


def open_named(name: str) -> farmhand.Farm:
    """Open a farm by its name, where Blender may go online for it.

    Raises:
        farmhand.FarmhandError: There is no such farm, no way in, or Blender is to stay offline.
    """
    farm = farmhand.connect(name)
    is_near = urlsplit(farm.name).hostname in _LOOPBACK
    # Blender 4.2 asks add-ons to stay off the network where its user wants that.
    if not is_near and not getattr(bpy.app, "online_access", True):
        raise farmhand.FarmhandError(words.translate(words.STAY_OFFLINE))
    return farm
