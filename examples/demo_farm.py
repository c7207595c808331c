# SPDX-License-Identifier: Apache-2.0
"""What people built on the demo scene's land: windmill, house, barn, and a pasture with sheep."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import bpy
from demo_land import BARN, HOUSE, MILL, ground
from demo_parts import FRAMES, Shape, at, glowing, key, plain, steady
from mathutils import Matrix, Vector

if TYPE_CHECKING:
    import random


def mill() -> None:
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
        cloth.add(
            [(0.04, 0.03, 0.4), (0.46, -0.08, 0.4), (0.46, -0.08, 2.05), (0.04, 0.03, 2.05)], [(0, 1, 2, 3)], turned
        )
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
    Shape().box((0.3, 0.3, 1.0), turn @ Matrix.Translation((0.4, 0.5, 1.2))).place(
        "Chimney", plain("Brick", (0.4, 0.13, 0.08))
    )
    Shape().box((0.42, 0.08, 0.75), turn @ Matrix.Translation((0, -1.01, 0))).place(
        "Door", plain("Blue door", (0.05, 0.2, 0.32))
    )
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
        strip = [
            (ax * out, -1.4, az * out),
            (bx * out, -1.4, bz * out),
            (bx * out, 1.4, bz * out),
            (ax * out, 1.4, az * out),
        ]
        over.add(strip, [(0, 1, 2, 3)], turn)
    over.place("Barn roof", plain("Slate", (0.2, 0.21, 0.23)))
    trim = Shape().box((0.9, 0.06, 0.06), turn @ Matrix.Translation((0, -1.27, 0.92)))
    for post in (-0.45, 0.45):
        trim.box((0.06, 0.06, 0.95), turn @ Matrix.Translation((post, -1.27, 0)))
    for lean in (-1, 1):
        trim.box(
            (0.05, 0.05, 1.25),
            turn @ Matrix.Translation((-0.42 * lean, -1.27, 0.02)) @ Matrix.Rotation(0.75 * lean, 4, "Y"),
        )
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
                rail = [
                    tuple(p)
                    for end in (low, high)
                    for p in (end - up - side, end - up + side, end + up + side, end + up - side)
                ]
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
