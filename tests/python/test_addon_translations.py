# SPDX-License-Identifier: Apache-2.0
"""Every word of the add-on has its translation; looked at without Blender, in the sources."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ADDON = Path(__file__).resolve().parents[2] / "addon"
SOURCES = {path.name: ast.parse(path.read_text(encoding="utf-8")) for path in ADDON.glob("*.py")}
SHOWN = ("text", "name", "description")
SPOKEN = {"translate": 0, "refuse": 1, "draw_pair": 2}


def constants(node: ast.AST) -> Iterator[str]:
    """What a piece of source can come to, where that is written there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from constants(node.body)
        yield from constants(node.orelse)


def words_of_call(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "attr", getattr(call.func, "id", ""))
    for keyword in call.keywords:
        if keyword.arg in SHOWN:
            yield from constants(keyword.value)
        if keyword.arg == "items" and isinstance(keyword.value, ast.Tuple):
            yield from words_of_items(keyword.value)
    if name in SPOKEN and len(call.args) > SPOKEN[name]:
        yield from constants(call.args[SPOKEN[name]])


def words_of_items(items: ast.Tuple) -> Iterator[str]:
    for item in items.elts:
        if isinstance(item, ast.Tuple):
            for part in item.elts[1:3]:
                yield from constants(part)


def said() -> set[str]:
    """All that people are shown."""
    found: set[str] = set()
    for name, tree in SOURCES.items():
        if name in {"translations.py", "fixes.py", "files.py", "server.py"}:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found.update(words_of_call(node))
            elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                target = node.targets[0].id
                if target == "bl_label":
                    found.update(constants(node.value))
                elif target in {"ORDERS", "EXISTING"} and isinstance(node.value, ast.Tuple):
                    found.update(words_of_items(node.value))
            elif isinstance(node, ast.ClassDef) and "_OT_" in node.name:
                found.add((ast.get_docstring(node) or "").rstrip("."))
    return {text for text in found if text}


def german() -> dict[str, str]:
    """The dictionary, with the constants of words.py in place of their names."""
    named = {
        node.targets[0].id: node.value.value
        for node in SOURCES["words.py"].body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    (table,) = (
        node.value
        for node in SOURCES["translations.py"].body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "_GERMAN"
    )
    assert isinstance(table, ast.Dict)
    return {
        named[key.attr] if isinstance(key, ast.Attribute) else ast.literal_eval(key): ast.literal_eval(value)  # type: ignore[arg-type]
        for key, value in zip(table.keys, table.values)
    }


def test_every_word_that_people_are_shown_is_translated() -> None:
    assert sorted(said() - set(german())) == []


def fields(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_translations_fill_in_the_same_names() -> None:
    assert [english for english, translated in german().items() if fields(english) != fields(translated)] == []
