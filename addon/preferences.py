# SPDX-License-Identifier: GPL-3.0-or-later
"""What is set once for this user: farms, rules for paths, this computer's Blender, and what scenes begin with."""

import bpy
from bpy.props import IntProperty, StringProperty

import farmhand

from . import bridge, farm_operators, farms, library, properties, words


def _farm_changed(_preferences, _context) -> None:  # noqa: ANN001 - Blender's callback types have no names
    bridge.forget_farm()


class FARMHAND_preferences(bpy.types.AddonPreferences):  # noqa: N801 - Blender's naming
    """Preferences of the add-on."""

    bl_idname = __package__

    farm: StringProperty(
        name="Farm", description="The farm that scenes are sent to, by its name", default="local", update=_farm_changed
    )
    blender_path: StringProperty(
        name="Blender",
        description="The Blender that renders on this computer. Empty: the one that is open",
        subtype="FILE_PATH",
        update=_farm_changed,
    )
    slots: IntProperty(
        name="Renders at a Time",
        description="How many frames this computer renders side by side. "
        "One is fastest for most scenes; more pay where a frame leaves processor cores idle",
        min=1,
        max=64,
        default=1,
        update=_farm_changed,
    )
    order: properties.order_property()
    existing: properties.existing_property()
    priority: properties.priority_property()

    def draw(self, context) -> None:  # noqa: ANN001
        """Draw the settings, and what is installed."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        _draw_farms(layout.box())
        box = layout.box()
        box.label(text="This Computer", icon="DESKTOP")
        box.prop(self, "blender_path")
        box.prop(self, "slots")
        box = layout.box()
        box.label(text="New Scenes Begin With", icon="SCENE_DATA")
        for name in properties.DEFAULTS:
            box.prop(self, name)
        _draw_rules(layout.box(), context)
        row = layout.row()
        row.active = False
        row.label(text=library.restart_needed() or f"Farmhand {library.ADDON_VERSION}", translate=False)


def _draw_farms(box) -> None:  # noqa: ANN001
    row = box.row()
    row.label(text="Farms", icon="NETWORK_DRIVE")
    row.operator(farm_operators.FARMHAND_OT_add_farm.bl_idname, icon="ADD")
    if not bridge.current().farms():
        box.label(text=words.NO_OTHER_FARM, icon="INFO")
    for farm in bridge.current().farms():
        row = box.row()
        row.label(text=f"{farm.name}: {farm.url}", icon="LOCKED" if farm.has_token else "BLANK1", translate=False)
        row.operator_context = "INVOKE_DEFAULT"
        row.operator(farm_operators.FARMHAND_OT_test_farm.bl_idname, text="Test").name = farm.name
        row.operator(farm_operators.FARMHAND_OT_remove_farm.bl_idname, text="", icon="REMOVE").name = farm.name
        answer = bridge.current().answers.get(farm.name)
        if answer:
            for number, line in enumerate(words.lines(answer[0], 80)):
                box.label(text=line, icon="BLANK1" if number else answer[1], translate=False)


def _draw_rules(box, context) -> None:  # noqa: ANN001
    row = box.row()
    row.label(text="Where Workers See Folders", icon="FILE_FOLDER")
    row.operator(farm_operators.FARMHAND_OT_add_path_rule.bl_idname, icon="ADD")
    try:
        for rule in farmhand.path_rules():
            row = box.row()
            row.label(text=f"{rule['source']} → {rule['target']}", icon="BLANK1", translate=False)
            remover = row.operator(farm_operators.FARMHAND_OT_remove_path_rule.bl_idname, text="", icon="REMOVE")
            remover.source = rule["source"]
        choice = context.window_manager.farmhand
        box.prop(choice, "tried_path")
        if choice.tried_path:
            seen = farmhand.explain_path(choice.tried_path, farm=farms.url_of_chosen())
            text = seen or words.translate("No rule says anything of it")
            box.label(text=text, icon="FORWARD" if seen else "INFO", translate=False)
    except farmhand.FarmhandError as error:
        for number, line in enumerate(words.lines(str(error), 80)):
            box.label(text=line, icon="BLANK1" if number else "ERROR", translate=False)


def register() -> None:
    """Make the preferences known to Blender."""
    bpy.utils.register_class(FARMHAND_preferences)


def unregister() -> None:
    """Take the preferences back."""
    bpy.utils.unregister_class(FARMHAND_preferences)
