# SPDX-License-Identifier: Apache-2.0
"""The land of the demo scene: the floating island, its trees, pond and crops, and the clouds about it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from demo_parts import FRAMES, Point, Shape, at, key, mottled, near, plain, steady
from mathutils import Vector, noise

if TYPE_CHECKING:
    import random

ISLAND_RADIUS = 7.0
MILL = (-2.6, 2.0)
HOUSE = (1.9, 2.6)
BARN = (4.1, 0.9)
POND = (-3.4, -2.5)
FIELD = (0.1, -5.0, 4.3, -1.0)  # left, near, right, far


def ground(x: float, y: float) -> float:
    """Answer the height of the land: a hill for the mill, hollows, level where buildings and crops stand."""
    rolling = 0.35 * noise.noise(Vector((x * 0.28, y * 0.28, 3.7))) + 0.06 * noise.noise(Vector((x, y, 9.1)))
    level = max(near(x, y, HOUSE, 1.5), near(x, y, BARN, 1.6), near(x, y, (2.2, -3.0), 2.9))
    return rolling * (1 - level) + 1.35 * near(x, y, MILL, 1.9) - 0.3 * near(x, y, POND, 1.3)


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


def free(x: float, y: float) -> bool:
    """Tell whether nothing else stands at a place."""
    left, front, right, back = FIELD
    crowded = any(
        math.hypot(x - p[0], y - p[1]) < gap for p, gap in ((MILL, 1.7), (HOUSE, 1.9), (BARN, 1.9), (POND, 1.75))
    )
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
                crowns[0].cone(
                    width * size, 0.01, height * size, 7, at(x, y, z + (0.32 + 0.4 * tier) * size, turn + tier)
                )
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


def clouds(dice: random.Random) -> None:
    """Clouds that drift past, above and below the island."""
    white = plain("Cloud", (0.93, 0.93, 0.95))
    for number, (x, y, z) in enumerate(
        [(-7.5, 3.5, 3.6), (5.5, 5.5, 4.3), (-4.5, -6.5, -2.6), (7.5, -3.0, -1.7), (0.5, 8.0, -2.2), (-9.0, -1.0, -1.2)]
    ):
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
    order = [
        "Wheat",
        "Wheat",
        "Wheat",
        "Wheat",
        "Lavender",
        "Lavender",
        "Lavender",
        "Greens",
        "Greens",
        "Lavender",
        "Wheat",
        "Wheat",
    ]
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
