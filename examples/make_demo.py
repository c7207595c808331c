# SPDX-License-Identifier: Apache-2.0
"""Writes the demo scene: a day on a small floating farm, from sunrise to the first lit windows, in 48 frames.

    blender -b --factory-startup --python-exit-code 1 --python examples/make_demo.py -- demo.blend
    python examples/make_demo.py demo.blend          where bpy is a module of this Python

Everything is modelled and lit by this script, for any Blender from 3.4 on: no file is downloaded, nothing is drawn by
chance that a seed doesn't fix. It renders with Cycles on the CPU in a second or two a frame, without denoising.
"""

from __future__ import annotations

import math
import random
import sys
from pathlib import Path

import bpy
from mathutils import Euler, Matrix, Vector, noise

Point = tuple[float, float, float]

FRAMES = 48
ISLAND_RADIUS = 7.0
MILL = (-2.6, 2.0)
HOUSE = (1.9, 2.6)
BARN = (4.1, 0.9)
POND = (-3.4, -2.5)
FIELD = (0.1, -5.0, 4.3, -1.0)  # left, near, right, far


class Shape:
    """A mesh under construction: parts are added, each where a matrix puts it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.points: list[Point] = []
        self.faces: list[tuple[int, ...]] = []

    def add(self, points: list[Point], faces: list[tuple[int, ...]], where: Matrix | None = None) -> Shape:
        """Add points and faces."""
        first = len(self.points)
        self.points += [tuple(where @ Vector(point)) if where else point for point in points]
        self.faces += [tuple(first + corner for corner in face) for face in faces]
        return self

    def box(self, size: Point, where: Matrix | None = None) -> Shape:
        """Add a box that stands on its origin."""
        x, y, z = size[0] / 2, size[1] / 2, size[2]
        corners = [(i * x, j * y, k * z) for k in (0, 1) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        sides = [(3, 2, 1, 0), (4, 5, 6, 7), *((i, (i + 1) % 4, (i + 1) % 4 + 4, i + 4) for i in range(4))]
        return self.add(corners, sides, where)

    def cone(self, low: float, high: float, height: float, sides: int, where: Matrix | None = None) -> Shape:
        """Add a cone or a tapered tower with its foot at the origin."""
        turn = [math.tau * side / sides for side in range(sides)]
        ring = [(low * math.cos(a), low * math.sin(a), 0.0) for a in turn]
        top = [(high * math.cos(a), high * math.sin(a), height) for a in turn]
        walls = [(i, (i + 1) % sides, (i + 1) % sides + sides, i + sides) for i in range(sides)]
        return self.add(ring + top, [*walls, tuple(range(sides, 2 * sides)), tuple(reversed(range(sides)))], where)

    def ball(self, radius: float, where: Matrix | None = None, rings: int = 5, rough: float = 0.0) -> Shape:
        """Add a ball of flat faces, uneven by `rough`."""
        sides = rings * 2
        points: list[Point] = [(0.0, 0.0, -radius)]
        for ring in range(1, rings):
            polar = math.pi * ring / rings
            for side in range(sides):
                around = math.tau * (side + 0.5 * (ring % 2)) / sides
                point = Vector((math.sin(polar) * math.cos(around), math.sin(polar) * math.sin(around), -math.cos(polar)))
                away = Vector(where.translation) if where else Vector()
                points.append(tuple(point * radius * (1 + rough * noise.noise(point * 2 + away * 5))))
        points.append((0.0, 0.0, radius))
        last = len(points) - 1
        faces: list[tuple[int, ...]] = []
        for side in range(sides):
            after = (side + 1) % sides
            faces.append((0, 1 + after, 1 + side))
            faces.append((last, last - sides + side, last - sides + after))
            for ring in range(rings - 2):
                low, high = 1 + ring * sides, 1 + (ring + 1) * sides
                faces.append((low + side, low + after, high + after, high + side))
        return self.add(points, faces, where)

    def roof(self, size: Point, where: Matrix) -> Shape:
        """Add a gable roof: a prism along y."""
        x, y, z = size[0] / 2, size[1] / 2, size[2]
        points = [(-x, -y, 0.0), (x, -y, 0.0), (0.0, -y, z), (-x, y, 0.0), (x, y, 0.0), (0.0, y, z)]
        return self.add(points, [(0, 1, 2), (5, 4, 3), (0, 2, 5, 3), (2, 1, 4, 5), (1, 0, 3, 4)], where)

    def place(self, name: str, surface: bpy.types.Material, parent: bpy.types.Object | None = None) -> bpy.types.Object:
        """Make an object of it in the scene."""
        mesh = bpy.data.meshes.new(name)
        mesh.from_pydata(self.points, [], self.faces)
        mesh.materials.append(surface)
        made = bpy.data.objects.new(name, mesh)
        made.parent = parent
        bpy.context.scene.collection.objects.link(made)
        return made


def at(x: float, y: float, z: float = 0.0, turn: float = 0.0, scale: float = 1.0) -> Matrix:
    """Put something at a place, turned about the vertical, scaled."""
    return Matrix.LocRotScale(Vector((x, y, z)), Euler((0, 0, turn)), Vector((scale,) * 3))


def near(x: float, y: float, place: tuple[float, float], width: float) -> float:
    """Answer 1 at `place`, falling to 0 some `width` away."""
    return math.exp(-((x - place[0]) ** 2 + (y - place[1]) ** 2) / (width * width))


def ground(x: float, y: float) -> float:
    """Answer the height of the land: a hill for the mill, hollows, level where buildings and crops stand."""
    rolling = 0.35 * noise.noise(Vector((x * 0.28, y * 0.28, 3.7))) + 0.06 * noise.noise(Vector((x, y, 9.1)))
    level = max(near(x, y, HOUSE, 1.5), near(x, y, BARN, 1.6), near(x, y, (2.2, -3.0), 2.9))
    return rolling * (1 - level) + 1.35 * near(x, y, MILL, 1.9) - 0.3 * near(x, y, POND, 1.3)


def plain(name: str, color: Point, roughness: float = 0.9) -> bpy.types.Material:
    """Make a material of one colour."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    surface = made.node_tree.nodes["Principled BSDF"]
    surface.inputs["Base Color"].default_value = (*color, 1.0)
    surface.inputs["Roughness"].default_value = roughness
    return made


def mottled(name: str, dark: Point, light: Point, scale: float) -> bpy.types.Material:
    """Make a material that wanders between two colours."""
    made = plain(name, light)
    nodes, links = made.node_tree.nodes, made.node_tree.links
    wander, ramp, place = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeValToRGB"), nodes.new("ShaderNodeTexCoord")
    wander.inputs["Scale"].default_value = scale
    ramp.color_ramp.elements[0].color, ramp.color_ramp.elements[1].color = (*dark, 1.0), (*light, 1.0)
    ramp.color_ramp.elements[0].position, ramp.color_ramp.elements[1].position = 0.38, 0.62
    links.new(place.outputs["Object"], wander.inputs["Vector"])
    links.new(wander.outputs[0], ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    return made


def glowing(name: str, color: Point, strengths: dict[int, float]) -> bpy.types.Material:
    """Make a material that shines with a strength for each keyed frame."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    tree = made.node_tree
    light = tree.nodes.new("ShaderNodeEmission")
    light.inputs["Color"].default_value = (*color, 1.0)
    tree.links.new(light.outputs[0], tree.nodes["Material Output"].inputs["Surface"])
    key_socket(light.inputs["Strength"], strengths)
    return made


def key_socket(socket: bpy.types.NodeSocket, values: dict[int, object]) -> None:
    """Key the value of a node's input."""
    for frame, value in values.items():
        socket.default_value = value
        socket.keyframe_insert("default_value", frame=frame)


def key(target: bpy.types.bpy_struct, path: str, values: dict[int, object]) -> None:
    """Key a property of anything."""
    for frame, value in values.items():
        setattr(target, path, value)
        target.keyframe_insert(path, frame=frame)


def steady(target: bpy.types.Object) -> None:
    """Make an object's motion even: no easing in or out."""
    action = target.animation_data.action
    curves = getattr(action, "fcurves", None)
    if curves is None:
        curves = [curve for strip in action.layers[0].strips for bag in strip.channelbags for curve in bag.fcurves]
    for curve in curves:
        for point in curve.keyframe_points:
            point.interpolation = "LINEAR"


def land() -> None:
    """The island: grass above, earth and rock below."""
    rings, sides = 26, 72
    top, cliff = Shape(), Shape()

    def edge(around: float) -> float:
        return ISLAND_RADIUS * (1 + 0.1 * noise.noise(Vector((math.cos(around) * 1.3, math.sin(around) * 1.3, 0.5))))

    points: list[Point] = [(0.0, 0.0, ground(0, 0))]
    for ring in range(1, rings + 1):
        for side in range(sides):
            around = math.tau * side / sides
            reach = edge(around) * ring / rings
            x, y = reach * math.cos(around), reach * math.sin(around)
            points.append((x, y, ground(x, y) - 0.22 * (ring / rings) ** 12))
    faces: list[tuple[int, ...]] = [(0, 1 + side, 1 + (side + 1) % sides) for side in range(sides)]
    for ring in range(rings - 1):
        low, high = 1 + ring * sides, 1 + (ring + 1) * sides
        faces += [(low + i, high + i, high + (i + 1) % sides, low + (i + 1) % sides) for i in range(sides)]
    top.add(points, faces).place("Grass", mottled("Grass", (0.10, 0.25, 0.035), (0.28, 0.46, 0.07), 0.55))
    rows: list[Point] = []
    depths = [(1.0, 0.0), (0.965, 0.45), (0.84, 1.2), (0.6, 2.3), (0.33, 3.4), (0.08, 4.4)]
    for row, (width, depth) in enumerate(depths):
        for side in range(sides):
            around = math.tau * side / sides
            ragged = noise.noise(Vector((math.cos(around) * 2.6, math.sin(around) * 2.6, depth)))
            reach = edge(around) * width * (1 + (0.16 * ragged if row else 0.0))
            x, y = reach * math.cos(around), reach * math.sin(around)
            rows.append((x, y, ground(x, y) - 0.22 if not row else -depth * (1 + 0.25 * ragged) - 0.15))
    walls = [
        (row * sides + i, row * sides + (i + 1) % sides, (row + 1) * sides + (i + 1) % sides, (row + 1) * sides + i)
        for row in range(len(depths) - 1)
        for i in range(sides)
    ]
    cliff.add(rows, walls).place("Earth", mottled("Earth", (0.13, 0.06, 0.035), (0.36, 0.2, 0.11), 0.7))


def mill(dice: random.Random) -> None:
    """The windmill; its sails turn three quarters of a circle."""
    x, y = MILL
    z = ground(x, y) - 0.1
    Shape().cone(0.95, 0.62, 2.5, 10, at(x, y, z)).place("Mill", plain("Lime wash", (0.84, 0.79, 0.7)))
    Shape().cone(1.02, 0.95, 0.35, 10, at(x, y, z)).place("Mill foot", plain("Stone", (0.3, 0.27, 0.25)))
    Shape().cone(0.76, 0.06, 0.85, 10, at(x, y, z + 2.5)).place("Mill cap", plain("Tiles", (0.48, 0.1, 0.055)))
    wood = plain("Wood", (0.2, 0.1, 0.05))
    face = math.radians(-68)
    ahead = Matrix.Translation((x, y, z)) @ Matrix.Rotation(face + math.pi / 2, 4, "Z")
    Shape().box((0.5, 0.12, 0.85), ahead @ Matrix.Translation((0, -0.9, 0.05))).place("Mill door", wood)
    panes = Shape()
    for side, height in ((-0.9, 1.2), (0.9, 1.2), (0.0, 1.5)):
        turned = Matrix.Translation((x, y, z)) @ Matrix.Rotation(face + math.pi / 2 + side, 4, "Z")
        panes.box((0.24, 0.1, 0.34), turned @ Matrix.Translation((0, -0.78, height)))
    panes.place("Mill windows", lamp_light())
    hub = bpy.data.objects.new("Hub", None)
    bpy.context.scene.collection.objects.link(hub)
    hub.location = (x + 0.92 * math.cos(face), y + 0.92 * math.sin(face), z + 2.72)
    spars, cloth = Shape(), Shape()
    for arm in range(4):
        turned = Matrix.Rotation(math.radians(90 * arm), 4, "Y")
        spars.box((0.09, 0.07, 2.1), turned)
        for rung in range(7):
            spars.box((0.52, 0.03, 0.035), turned @ Matrix.Translation((0.2, 0, 0.45 + rung * 0.26)))
        cloth.add([(0.04, 0.03, 0.4), (0.46, -0.08, 0.4), (0.46, -0.08, 2.05), (0.04, 0.03, 2.05)], [(0, 1, 2, 3)], turned)
    spars.cone(0.15, 0.1, 0.25, 8, Matrix.Rotation(math.pi / 2, 4, "X"))
    spars.place("Spars", wood, hub)
    cloth.place("Sailcloth", plain("Sailcloth", (0.9, 0.82, 0.66)), hub)
    start, along = 0.35, face + math.pi / 2
    key(hub, "rotation_euler", {1: (0, start, along), FRAMES + 1: (0, start + math.radians(270), along)})
    steady(hub)


def lamp_light() -> bpy.types.Material:
    """Windows: dark by day, lit in the evening. One material for all of them."""
    known = bpy.data.materials.get("Window")
    return known or glowing("Window", (1.0, 0.52, 0.16), {1: 0.9, 8: 0.05, 36: 0.05, 44: 3.2})


def buildings() -> None:
    """The house with its chimney, and the red barn."""
    x, y = HOUSE
    turn = at(x, y, ground(x, y) - 0.05, math.radians(24))
    wall, roof = plain("Plaster", (0.82, 0.68, 0.5)), plain("Shingles", (0.17, 0.2, 0.26))
    Shape().box((1.5, 2.0, 1.05), turn).place("House", wall)
    Shape().roof((1.9, 2.3, 0.85), turn @ Matrix.Translation((0, 0, 1.03))).place("House roof", roof)
    Shape().roof((1.5, 2.0, 0.7), turn @ Matrix.Translation((0, -0.02, 1.0))).place("House gable", wall)
    Shape().box((0.3, 0.3, 1.0), turn @ Matrix.Translation((0.4, 0.5, 1.2))).place("Chimney", plain("Brick", (0.4, 0.13, 0.08)))
    Shape().box((0.42, 0.08, 0.75), turn @ Matrix.Translation((0, -1.01, 0))).place("Door", plain("Blue door", (0.05, 0.2, 0.32)))
    panes = Shape()
    for place in ((-0.5, -1.0), (0.5, -1.0)):
        panes.box((0.28, 0.06, 0.32), turn @ Matrix.Translation((*place, 0.42)))
    for along in (-0.55, 0.55):
        panes.box((0.06, 0.34, 0.34), turn @ Matrix.Translation((-0.75, along, 0.42)))
    panes.place("House windows", lamp_light())
    x, y = BARN
    turn = at(x, y, ground(x, y) - 0.05, math.radians(-32))
    red, white = plain("Barn red", (0.5, 0.045, 0.03)), plain("Trim", (0.85, 0.82, 0.76))
    front = [(-0.95, 0.0), (0.95, 0.0), (0.95, 0.95), (0.58, 1.5), (0.0, 1.8), (-0.58, 1.5), (-0.95, 0.95)]
    body = [(px, py, pz) for py in (-1.25, 1.25) for px, pz in front]
    count = len(front)
    sides = [(i, (i + 1) % count, (i + 1) % count + count, i + count) for i in range(count)]
    Shape().add(body, [tuple(reversed(range(count))), tuple(range(count, 2 * count)), *sides], turn).place("Barn", red)
    over = Shape()
    for (ax, az), (bx, bz) in zip(front[2:6], front[3:7]):
        out = 1.05
        strip = [(ax * out, -1.4, az * out), (bx * out, -1.4, bz * out), (bx * out, 1.4, bz * out), (ax * out, 1.4, az * out)]
        over.add(strip, [(0, 1, 2, 3)], turn)
    over.place("Barn roof", plain("Slate", (0.2, 0.21, 0.23)))
    trim = Shape().box((0.9, 0.06, 0.06), turn @ Matrix.Translation((0, -1.27, 0.92)))
    for post in (-0.45, 0.45):
        trim.box((0.06, 0.06, 0.95), turn @ Matrix.Translation((post, -1.27, 0)))
    for lean in (-1, 1):
        trim.box((0.05, 0.05, 1.25), turn @ Matrix.Translation((-0.42 * lean, -1.27, 0.02)) @ Matrix.Rotation(0.75 * lean, 4, "Y"))
    trim.box((0.36, 0.06, 0.36), turn @ Matrix.Translation((0, -1.26, 1.15)))
    trim.place("Barn trim", white)


def smoke() -> None:
    """Puffs that rise from the chimney and fade away by growing thin."""
    x, y = HOUSE
    gone = (0.0, 0.0, 0.0)
    white = plain("Smoke", (0.9, 0.88, 0.86))
    for puff in range(6):
        made = Shape().ball(0.2, rings=4).place(f"Puff {puff}", white)
        start = 1 + puff * 8 - 16
        foot = Vector((x + 0.16, y + 0.62, 2.35))
        key(made, "location", {start: foot, start + 24: foot + Vector((1.0, 0.2, 1.9))})
        key(made, "scale", {start: (0.3, 0.3, 0.3), start + 14: (1.25, 1.25, 1.1), start + 24: gone})


def crops(dice: random.Random) -> None:
    """The field: brown earth, and rows of wheat, lavender and greens."""
    left, front, right, back = FIELD
    kinds = {
        "Wheat": mottled("Wheat", (0.62, 0.36, 0.06), (0.86, 0.6, 0.16), 3.0),
        "Lavender": mottled("Lavender", (0.22, 0.09, 0.42), (0.42, 0.22, 0.62), 3.0),
        "Greens": mottled("Greens", (0.09, 0.3, 0.08), (0.25, 0.5, 0.1), 3.0),
    }
    shapes = {kind: Shape() for kind in kinds}
    earth = Shape()
    order = ["Wheat", "Wheat", "Wheat", "Wheat", "Lavender", "Lavender", "Lavender", "Greens", "Greens", "Lavender", "Wheat", "Wheat"]
    gap = (right - left) / len(order)
    for row, kind in enumerate(order):
        x = left + gap * (row + 0.5)
        if math.hypot(x, front) > ISLAND_RADIUS - 0.9:
            front = -math.sqrt((ISLAND_RADIUS - 0.9) ** 2 - x * x)
        steps = int((back - front) / 0.16)
        ridge: list[Point] = []
        for step in range(steps + 1):
            y = front + (back - front) * step / steps
            z = ground(x, y)
            ridge += [(x - gap * 0.52, y, z + 0.012), (x, y, z + 0.09), (x + gap * 0.52, y, z + 0.012)]
            wander = at(x + dice.uniform(-0.05, 0.05), y, z + 0.05, dice.uniform(0, 6))
            if kind == "Greens" and step % 2:
                shapes[kind].ball(dice.uniform(0.1, 0.14), wander, rings=3, rough=0.3)
            elif kind == "Lavender":
                shapes[kind].cone(0.11, 0.02, dice.uniform(0.22, 0.34), 5, wander)
            elif kind == "Wheat":
                shapes[kind].cone(0.07, 0.12, dice.uniform(0.34, 0.44), 5, wander)
        strips = [(3 * s + i, 3 * s + i + 1, 3 * s + i + 4, 3 * s + i + 3) for s in range(steps) for i in (0, 1)]
        earth.add(ridge, strips)
    earth.place("Field", plain("Soil", (0.17, 0.09, 0.05)))
    for kind, shape in shapes.items():
        shape.place(kind, kinds[kind])


def free(x: float, y: float) -> bool:
    """Tell whether nothing else stands at a place."""
    left, front, right, back = FIELD
    crowded = any(math.hypot(x - p[0], y - p[1]) < gap for p, gap in ((MILL, 1.7), (HOUSE, 1.9), (BARN, 1.9), (POND, 1.75)))
    in_field = left - 0.5 < x < right + 0.4 and front - 0.4 < y < back + 0.5
    in_pasture = -2.4 < x < 0.0 and -3.6 < y < 0.6
    return not (crowded or in_field or in_pasture or math.hypot(x, y) > ISLAND_RADIUS - 0.75)


def trees(dice: random.Random) -> None:
    """Pines at the back, round trees in green and autumn colours, stones."""
    bark = plain("Bark", (0.16, 0.085, 0.045))
    leaves = [
        mottled("Pine", (0.02, 0.1, 0.045), (0.06, 0.2, 0.075), 1.5),
        mottled("Leaf", (0.1, 0.28, 0.03), (0.3, 0.46, 0.07), 1.5),
        mottled("Autumn", (0.55, 0.16, 0.02), (0.8, 0.36, 0.05), 1.5),
    ]
    trunks, crowns, stones = Shape(), [Shape() for _ in leaves], Shape()
    standing: list[tuple[float, float]] = []
    while len(standing) < 52:
        around, reach = dice.uniform(0, math.tau), ISLAND_RADIUS * math.sqrt(dice.uniform(0.05, 1))
        x, y = reach * math.cos(around), reach * math.sin(around)
        if not free(x, y) or any(math.hypot(x - a, y - b) < 0.62 for a, b in standing):
            continue
        standing.append((x, y))
        z, size, turn = ground(x, y) - 0.05, dice.uniform(0.75, 1.2), dice.uniform(0, 6)
        if y < -3.2 and dice.random() < 0.6:
            stones.ball(0.24 * size, at(x, y, z, turn), rings=4, rough=0.5)
            continue
        kind = 0 if y > 0.5 and dice.random() < 0.75 else dice.choice((1, 1, 2))
        trunks.cone(0.09 * size, 0.06 * size, 0.7 * size, 6, at(x, y, z))
        if kind == 0:
            for tier, (width, height) in enumerate(((0.52, 0.75), (0.42, 0.68), (0.29, 0.6))):
                crowns[0].cone(width * size, 0.01, height * size, 7, at(x, y, z + (0.32 + 0.4 * tier) * size, turn + tier))
        else:
            crowns[kind].ball(0.5 * size, at(x, y, z + 1.0 * size, turn), rings=5, rough=0.3)
            crowns[kind].ball(0.34 * size, at(x + 0.26 * size, y - 0.1, z + 0.78 * size, turn), rings=4, rough=0.3)
    trunks.place("Trunks", bark)
    stones.place("Stones", plain("Rock", (0.34, 0.33, 0.34)))
    for crown, surface in zip(crowns, leaves):
        crown.place(surface.name, surface)


def water() -> None:
    """The pond, with reeds' worth of stones about it."""
    x, y = POND
    z = ground(x, y) + 0.17
    rim = [
        (x + r * math.cos(a), y + r * math.sin(a), z)
        for a in (math.tau * i / 40 for i in range(40))
        for r in [1.12 + 0.14 * noise.noise(Vector((math.cos(a), math.sin(a), 2.0)) * 1.6)]
    ]
    Shape().add(rim, [tuple(range(40))]).place("Pond", plain("Water", (0.05, 0.22, 0.3), roughness=0.06))
    stones = Shape()
    for i in range(0, 40, 2):
        px, py, _ = rim[i]
        stones.ball(0.09 + 0.05 * abs(noise.noise(Vector((i, 0.3, 0)))), at(px, py, z), rings=4, rough=0.5)
    stones.place("Shore", plain("Pebbles", (0.4, 0.38, 0.36)))


def pasture(dice: random.Random) -> None:
    """Sheep behind a fence; they hop one after another."""
    corners = [(-2.2, 0.3), (-0.5, 0.35), (-0.35, -3.2), (-1.7, -3.5), (-2.2, 0.3)]
    fence = Shape()
    for (ax, ay), (bx, by) in zip(corners, corners[1:]):
        count = max(2, round(math.hypot(bx - ax, by - ay) / 0.5))
        for post in range(count):
            x, y = ax + (bx - ax) * post / count, ay + (by - ay) * post / count
            nx, ny = ax + (bx - ax) * (post + 1) / count, ay + (by - ay) * (post + 1) / count
            fence.box((0.06, 0.06, 0.42), at(x, y, ground(x, y) - 0.03))
            for height in (0.17, 0.3):
                low, high = Vector((x, y, ground(x, y) + height)), Vector((nx, ny, ground(nx, ny) + height))
                up, side = Vector((0, 0, 0.025)), Vector((-(ny - y), nx - x, 0)).normalized() * 0.02
                rail = [tuple(p) for end in (low, high) for p in (end - up - side, end - up + side, end + up + side, end + up - side)]
                fence.add(rail, [(0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)])
    fence.place("Fence", plain("Grey wood", (0.42, 0.32, 0.22)))
    wool, face = plain("Wool", (0.86, 0.83, 0.76)), plain("Face", (0.04, 0.035, 0.03))
    for number, (x, y) in enumerate([(-1.2, -0.5), (-0.9, -1.5), (-1.5, -2.0), (-1.0, -2.7), (-1.6, -1.1)]):
        body = Shape().ball(0.25, at(0, 0, 0.3), rings=5, rough=0.25).place(f"Sheep {number}", wool)
        head = Shape().ball(0.11, at(0.27, 0, 0.4), rings=4)
        for leg in ((-0.12, -0.1), (-0.12, 0.1), (0.12, -0.1), (0.12, 0.1)):
            head.box((0.05, 0.05, 0.2), at(*leg))
        head.place(f"Sheep {number} face", face, body)
        body.rotation_euler.z = dice.uniform(0, math.tau)
        z = ground(x, y)
        hop = 4 + number * 9
        key(body, "location", {hop: (x, y, z), hop + 3: (x, y, z + 0.28), hop + 6: (x, y, z)})


def clouds(dice: random.Random) -> None:
    """Clouds that drift past, above and below the island."""
    white = plain("Cloud", (0.93, 0.93, 0.95))
    for number, (x, y, z) in enumerate([(-7.5, 3.5, 3.6), (5.5, 5.5, 4.3), (-4.5, -6.5, -2.6), (7.5, -3.0, -1.7), (0.5, 8.0, -2.2), (-9.0, -1.0, -1.2)]):
        puffs = Shape()
        for puff in range(5):
            offset = at((puff - 2) * 0.58, dice.uniform(-0.18, 0.18), 0.12 * (2 - abs(puff - 2)))
            puffs.ball(dice.uniform(0.62, 0.74) * (1.15 - abs(puff - 2) * 0.3), offset, rings=7)
        made = puffs.place(f"Cloud {number}", white)
        made.scale = (1.25, 0.9, 0.72)
        made.rotation_euler.z = math.radians(35)
        drift = Vector((1.3, 0.9, 0.0)) * dice.uniform(0.7, 1.3)
        key(made, "location", {1: Vector((x, y, z)), FRAMES + 1: Vector((x, y, z)) + drift})
        steady(made)


def daylight(scene: bpy.types.Scene) -> None:
    """Sun and sky from dawn through noon to dusk. The sky that is seen is a gradient, the one that lights is even."""
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    scene.collection.objects.link(sun)
    sun.data.angle = math.radians(2)
    turns = {1: (74, 0, 40), 12: (55, 0, 18), 24: (40, 0, -12), 38: (60, 0, -52), FRAMES: (80, 0, -68)}
    key(sun, "rotation_euler", {frame: tuple(map(math.radians, turn)) for frame, turn in turns.items()})
    key(sun.data, "energy", {1: 2.6, 12: 3.3, 26: 3.4, 38: 3.2, FRAMES: 1.1})
    key(sun.data, "color", {1: (1, 0.5, 0.32), 12: (1, 0.85, 0.68), 26: (1, 0.95, 0.86), 38: (1, 0.6, 0.3), FRAMES: (1, 0.3, 0.16)})
    world = scene.world = bpy.data.worlds.new("Sky")
    world.use_nodes = True
    nodes, links = world.node_tree.nodes, world.node_tree.links
    shine = nodes["Background"]
    key_socket(
        shine.inputs["Color"],
        {1: (0.62, 0.45, 0.62, 1), 12: (0.48, 0.66, 0.95, 1), 28: (0.5, 0.7, 1, 1), 40: (0.55, 0.42, 0.6, 1), FRAMES: (0.2, 0.2, 0.48, 1)},
    )
    key_socket(shine.inputs["Strength"], {1: 0.55, 12: 0.55, 28: 0.55, 40: 0.5, FRAMES: 0.5})
    seen, mix, gradient = nodes.new("ShaderNodeBackground"), nodes.new("ShaderNodeMixShader"), nodes.new("ShaderNodeMixRGB")
    path, place, split = nodes.new("ShaderNodeLightPath"), nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeSeparateXYZ")
    links.new(place.outputs["Window"], split.inputs[0])
    links.new(split.outputs["Y"], gradient.inputs["Fac"])
    low, high = gradient.inputs["Color1"], gradient.inputs["Color2"]
    key_socket(low, {1: (1, 0.55, 0.4, 1), 12: (0.8, 0.87, 0.9, 1), 28: (0.72, 0.87, 0.96, 1), 40: (1, 0.5, 0.26, 1), FRAMES: (0.5, 0.17, 0.24, 1)})
    key_socket(high, {1: (0.33, 0.3, 0.58, 1), 12: (0.22, 0.46, 0.8, 1), 28: (0.14, 0.4, 0.8, 1), 40: (0.3, 0.22, 0.5, 1), FRAMES: (0.03, 0.04, 0.16, 1)})
    links.new(gradient.outputs[0], seen.inputs["Color"])
    links.new(path.outputs["Is Camera Ray"], mix.inputs[0])
    links.new(shine.outputs[0], mix.inputs[1])
    links.new(seen.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["World Output"].inputs["Surface"])


def camera(scene: bpy.types.Scene) -> None:
    """A camera that glides a sixth of the way around the island."""
    pivot, aim = bpy.data.objects.new("Pivot", None), bpy.data.objects.new("Aim", None)
    made = scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    for thing in (pivot, aim, made):
        scene.collection.objects.link(thing)
    made.parent = pivot
    made.data.lens = 62
    made.location = (0.0, -30.0, 12.4)
    aim.location = (0.0, 0.0, 0.4)
    follow = made.constraints.new("TRACK_TO")
    follow.target, follow.track_axis, follow.up_axis = aim, "TRACK_NEGATIVE_Z", "UP_Y"
    key(pivot, "rotation_euler", {1: (0, 0, math.radians(-28)), FRAMES: (0, 0, math.radians(26))})


def settings(scene: bpy.types.Scene) -> None:
    """Cycles on the CPU with few samples: sunlight and an even sky leave little noise."""
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 16
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 2
    scene.cycles.diffuse_bounces = 1
    scene.cycles.sample_clamp_indirect = 2.0
    scene.cycles.seed = 4
    scene.render.resolution_x, scene.render.resolution_y = 480, 270
    scene.render.fps = 24
    scene.frame_start, scene.frame_end = 1, FRAMES
    scene.render.filepath = "//demo-frames/farm_####"
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.view_settings.view_transform = "Filmic"
    scene.view_settings.look = "Medium High Contrast"


def main(blend_file: Path) -> None:
    """Build the farm and save it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.name = "A day on the farm"
    dice = random.Random(11)
    land()
    mill(dice)
    buildings()
    smoke()
    crops(dice)
    trees(dice)
    water()
    pasture(dice)
    clouds(dice)
    daylight(scene)
    camera(scene)
    settings(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(blend_file.resolve()), compress=True, check_existing=False)


if __name__ == "__main__":
    main(Path((sys.argv[sys.argv.index("--") + 1 :] if "--" in sys.argv else sys.argv[1:])[0]))
