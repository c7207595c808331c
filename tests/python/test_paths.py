# SPDX-License-Identifier: Apache-2.0
"""`farmhand.PathMap` says what Rust says."""

from __future__ import annotations

import json

import farmhand


def test_the_longest_folder_decides_and_names_match_as_a_whole() -> None:
    paths = farmhand.PathMap(
        [("windows", "Z:\\", "linux", "/mnt"), ("windows", "z:/films/", "linux", "/mnt/films of 2026")],
        mapping_json=json.dumps(
            {
                "version": "pathmapping-1.0",
                "path_mapping_rules": [
                    {
                        "source_path_format": "POSIX",
                        "source_path": "/Volumes/films",
                        "destination_path": "\\\\nas\\films",
                    }
                ],
            }
        ),
    )

    def to_linux(path: str) -> str | None:
        return paths.map(path, source_platform="windows", target_platform="linux")

    assert to_linux("z:\\Films/a.blend") == "/mnt/films of 2026/a.blend"
    assert to_linux("Z:\\films2\\a.blend") == "/mnt/films2/a.blend"
    assert to_linux("C:\\a.blend") is None
    assert paths.map("/Volumes/films/a", source_platform="darwin", target_platform="windows") == "\\\\nas\\films\\a"
    assert ("windows", "Z:\\films", "linux", "/mnt/films of 2026") in paths.rules
    assert len(paths) == len(paths.rules)
