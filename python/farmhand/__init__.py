# SPDX-License-Identifier: Apache-2.0
"""Send Blender scenes to a render farm, watch them, and bring the frames home.

    import farmhand

    farm = farmhand.local()                          # this computer; or farmhand.connect("https://farm.example.com")
    submission = farm.submit("shot.blend", frames="1-24")
    job = submission.result()
    job.wait()
    print(job.output_dir)

Nothing here blocks unless its docstring says so.
"""

from __future__ import annotations

from farmhand._native import (
    BlendFile,
    Dependency,
    DependencyFile,
    Event,
    Farm,
    FarmWatch,
    FileWork,
    Finding,
    Frames,
    Job,
    JobView,
    Operation,
    PathMap,
    Problem,
    Snapshot,
    Submission,
    Trace,
    __version__,
    bring_files,
    check,
    connect,
    fill_sequences,
    find_files,
    format_seconds_left,
    local,
    part_files,
    plan,
    read_blend,
)
from farmhand.errors import (
    BlendFileError,
    BlendFileMissingError,
    CancelledError,
    CheckError,
    FarmhandError,
    FarmRefusedError,
    FarmTimeoutError,
    FarmUnreachableError,
    FrameSetError,
    JobFailedError,
    LocalFarmError,
    NotFoundError,
    PathRuleError,
)

__all__ = [
    "BlendFile",
    "BlendFileError",
    "BlendFileMissingError",
    "CancelledError",
    "CheckError",
    "Dependency",
    "DependencyFile",
    "Event",
    "Farm",
    "FarmRefusedError",
    "FarmTimeoutError",
    "FarmUnreachableError",
    "FarmWatch",
    "FarmhandError",
    "FileWork",
    "Finding",
    "FrameSetError",
    "Frames",
    "Job",
    "JobFailedError",
    "JobView",
    "LocalFarmError",
    "NotFoundError",
    "Operation",
    "PathMap",
    "PathRuleError",
    "Problem",
    "Snapshot",
    "Submission",
    "Trace",
    "__version__",
    "bring_files",
    "check",
    "connect",
    "fill_sequences",
    "find_files",
    "format_seconds_left",
    "local",
    "part_files",
    "plan",
    "read_blend",
]
