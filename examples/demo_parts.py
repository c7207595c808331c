# SPDX-License-Identifier: Apache-2.0
"""What the demo scene is made with: shapes, materials and keys, for any Blender from 3.4 on."""

from __future__ import annotations

import math

import bpy
from mathutils import Euler, Matrix, Vector, noise

Point = tuple[float, float, float]

#: How long the day on the farm is.
FRAMES = 48


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
                point = Vector(
                    (math.sin(polar) * math.cos(around), math.sin(polar) * math.sin(around), -math.cos(polar))
                )
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
    wander, ramp, place = (
        nodes.new("ShaderNodeTexNoise"),
        nodes.new("ShaderNodeValToRGB"),
        nodes.new("ShaderNodeTexCoord"),
    )
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
