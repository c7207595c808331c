# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be asked for of farms and of rules for paths. The library keeps both; tokens never reach the .blend."""

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

import farmhand

from . import bridge, farms, words


def _try(operator, change) -> set:  # noqa: ANN001 - an operator, and what is to be done
    """Change the settings, and have the panels show it."""
    try:
        change()
    except (farmhand.FarmhandError, ValueError) as error:
        operator.report({"ERROR"}, str(error))
        return {"CANCELLED"}
    bridge.current().read_farms()
    bridge.request()
    return {"FINISHED"}


class FARMHAND_OT_choose_farm(bpy.types.Operator):  # noqa: N801 - Blender's naming
    """Send to this farm from now on, and show its jobs."""

    bl_idname = "farmhand.choose_farm"
    bl_label = "Choose Farm"

    name: StringProperty(name="Name", description="The farm's name, or local", options={"SKIP_SAVE"})

    def execute(self, context) -> set:  # noqa: ANN001
        """Choose it; what is not there is said at once."""
        # The command may have added it a moment ago.
        bridge.current().read_farms()
        known = [farms.LOCAL, *(farm.name for farm in bridge.current().farms())]
        if self.name not in known:
            self.report({"ERROR"}, f"No farm is named {self.name!r}; there are {', '.join(known)}")
            return {"CANCELLED"}
        context.preferences.addons[__package__].preferences.farm = self.name
        context.window_manager.farmhand.page = 0
        return {"FINISHED"}


class FARMHAND_OT_add_farm(bpy.types.Operator):  # noqa: N801
    """Add a farm: a Flamenco Manager, or the proxy before it."""

    bl_idname = "farmhand.add_farm"
    bl_label = "Add Farm"

    name: StringProperty(name="Name", description="Letters, digits, - and _", options={"SKIP_SAVE"})
    url: StringProperty(
        name="Address", description="Such as https://farm.example.com", default="http://", options={"SKIP_SAVE"}
    )
    auth: EnumProperty(
        name="Sign In",
        description="How the farm knows you",
        items=(
            ("none", "Not at All", "The farm lets everybody in"),
            ("bearer", "Token", "A token (Authorization: Bearer)"),
            ("basic", "Name and Password", "Your name and a password (Authorization: Basic)"),
            ("header", "Header", "A token in a header of another name"),
        ),
        default="none",
        options={"SKIP_SAVE"},
    )
    user: StringProperty(name="User", description="Your name there", options={"SKIP_SAVE"})
    header: StringProperty(name="Header", description="The header's name", default="X-Api-Key", options={"SKIP_SAVE"})
    # Kept in a file that is its user's alone, neither in the preferences nor in the .blend.
    token: StringProperty(
        name="Token or Password",
        description="Kept in a file that you alone can read",
        subtype="PASSWORD",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    allow_plain_http: BoolProperty(
        name="Unencrypted",
        description="Let the token go unencrypted to another computer. Only where the network is trusted",
        options={"SKIP_SAVE"},
    )

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Ask for all of it."""
        return context.window_manager.invoke_props_dialog(self, width=340)

    def draw(self, _context) -> None:  # noqa: ANN001
        """Draw what the way of signing in needs."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        for name in ("name", "url", "auth"):
            layout.prop(self, name)
        needed = {"none": (), "bearer": ("token",), "basic": ("user", "token"), "header": ("header", "token")}
        for name in needed[self.auth]:
            layout.prop(self, name)
        if self.auth != "none" and self.url.startswith("http://"):
            layout.prop(self, "allow_plain_http")

    def execute(self, context) -> set:  # noqa: ANN001
        """Add it, and choose it."""
        token, self.token = self.token, ""
        outcome = _try(
            self,
            lambda: farmhand.add_farm(
                self.name.strip(),
                self.url.strip(),
                token=token if self.auth != "none" else None,
                user=self.user.strip() if self.auth == "basic" else None,
                header=self.header.strip() if self.auth == "header" else None,
                allow_plain_http=self.allow_plain_http,
            ),
        )
        if outcome == {"FINISHED"}:
            context.preferences.addons[__package__].preferences.farm = self.name.strip()
        return outcome


class FARMHAND_OT_remove_farm(bpy.types.Operator):  # noqa: N801
    """Forget this farm, and the token that was kept for it. Its jobs go on."""

    bl_idname = "farmhand.remove_farm"
    bl_label = "Remove Farm"

    name: StringProperty(name="Name", description="The farm's name", options={"SKIP_SAVE"})

    def invoke(self, context, event) -> set:  # noqa: ANN001
        """Ask first."""
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, context) -> set:  # noqa: ANN001
        """Forget it."""
        preferences = context.preferences.addons[__package__].preferences
        if preferences.farm == self.name:
            preferences.farm = farms.LOCAL
        return _try(self, lambda: farmhand.remove_farm(self.name))


class FARMHAND_OT_test_farm(bpy.types.Operator):  # noqa: N801
    """Ask this farm whether it answers, and lets you in."""

    bl_idname = "farmhand.test_farm"
    bl_label = "Test Connection"

    name: StringProperty(name="Name", description="The farm's name", options={"SKIP_SAVE"})

    _reply = None
    _timer = None

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Ask while Blender goes on, for people."""
        if bpy.app.background:
            return self.execute(context)
        if not self._ask():
            return {"CANCELLED"}
        bridge.current().answers[self.name] = words.farm_state("connecting")
        self._timer = context.window_manager.event_timer_add(0.2, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, _event) -> set:  # noqa: ANN001
        """Let every event through until the answer is there."""
        if self._reply.state == "running":
            return {"PASS_THROUGH"}
        context.window_manager.event_timer_remove(self._timer)
        return self._end(context) | {"PASS_THROUGH"}

    def execute(self, context) -> set:  # noqa: ANN001
        """Ask, and return with the answer, for scripts."""
        if not self._ask():
            return {"CANCELLED"}
        try:
            self._reply.result()
        except farmhand.FarmhandError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return self._end(context)

    def _ask(self) -> bool:
        try:
            self._reply = farms.open_named(self.name).greet()
        except farmhand.FarmhandError as error:
            bridge.current().answers[self.name] = (str(error), "ERROR")
            self.report({"ERROR"}, str(error))
            return False
        return True

    def _end(self, context) -> set:  # noqa: ANN001
        text, error = self._reply.text, self._reply.error
        answers = bridge.current().answers
        answers[self.name] = (text, "CHECKMARK") if text else (error or "?", "ERROR")
        for area in context.screen.areas if context.screen else ():
            area.tag_redraw()
        if text is None:
            return {"CANCELLED"}
        self.report({"INFO"}, f"{self.name}: {text}")
        return {"FINISHED"}


class FARMHAND_OT_add_path_rule(bpy.types.Operator):  # noqa: N801
    """Say where the farm's workers see a folder of this computer."""

    bl_idname = "farmhand.add_path_rule"
    bl_label = "Add Rule"

    source: StringProperty(name="Folder Here", description="A folder as this computer sees it", subtype="DIR_PATH")
    target: StringProperty(name="On Workers", description="The same folder as workers see it")

    def invoke(self, context, _event) -> set:  # noqa: ANN001
        """Ask for both."""
        return context.window_manager.invoke_props_dialog(self, width=340)

    def execute(self, _context) -> set:  # noqa: ANN001
        """Keep it."""
        return _try(self, lambda: farmhand.add_path_rule(self.source, self.target))


class FARMHAND_OT_remove_path_rule(bpy.types.Operator):  # noqa: N801
    """Forget this rule."""

    bl_idname = "farmhand.remove_path_rule"
    bl_label = "Remove Rule"

    source: StringProperty(name="Folder Here", description="The rule's folder", options={"SKIP_SAVE"})

    def execute(self, _context) -> set:  # noqa: ANN001
        """Forget it."""
        return _try(self, lambda: farmhand.remove_path_rule(self.source))


_CLASSES = (
    FARMHAND_OT_choose_farm,
    FARMHAND_OT_add_farm,
    FARMHAND_OT_remove_farm,
    FARMHAND_OT_test_farm,
    FARMHAND_OT_add_path_rule,
    FARMHAND_OT_remove_path_rule,
)


def register() -> None:
    """Make the operators known to Blender."""
    for cls in _CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    """Take the operators back."""
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
