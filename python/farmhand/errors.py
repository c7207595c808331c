# SPDX-License-Identifier: Apache-2.0
"""What Farmhand raises: `FarmhandError` and a small tree under it.

Each class also derives from the builtin that a Python user expects, so `except ConnectionError` works as well as
`except farmhand.FarmUnreachableError`. Messages say what happened, to which file or URL, and what to do next.

To add an error: add a variant to the Rust enum of its module, map it in `src/python/error.rs` (the match is
exhaustive, so the compiler asks for it), and add a row to the table in `tests/python/test_errors.py`.
"""

from __future__ import annotations

__all__ = [
    "BlendFileError",
    "BlendFileMissingError",
    "CancelledError",
    "CheckError",
    "FarmRefusedError",
    "FarmTimeoutError",
    "FarmUnreachableError",
    "FarmhandError",
    "FrameSetError",
    "JobFailedError",
    "LocalFarmError",
    "NotFoundError",
    "PathRuleError",
]


class FarmhandError(Exception):
    """The root of everything that Farmhand raises on purpose."""


class FrameSetError(FarmhandError, ValueError):
    """A frame set such as `10-1` that cannot be understood."""


class BlendFileError(FarmhandError, ValueError):
    """A file that is no .blend, is cut short, or is from a Blender that this version does not know."""


class BlendFileMissingError(BlendFileError, FileNotFoundError):
    """A .blend that is not there, or cannot be opened."""


class CheckError(FarmhandError, ValueError):
    """The scene cannot be rendered as it is; the message holds every finding of severity error, with its fix."""


class FarmUnreachableError(FarmhandError, ConnectionError):
    """The farm did not answer: no route, connection refused, cut off."""


class FarmTimeoutError(FarmhandError, TimeoutError):
    """The farm, or a wait for a result, took longer than was allowed."""


class FarmRefusedError(FarmhandError):
    """The farm answered, and said no."""


class NotFoundError(FarmhandError, LookupError):
    """A job, task or frame that the farm does not know."""


class PathRuleError(FarmhandError, ValueError):
    """A path, or a rule about paths, that has no meaning on its platform."""


class LocalFarmError(FarmhandError, RuntimeError):
    """The farm on this computer could not be started, found or used."""


class JobFailedError(FarmhandError):
    """The job has ended, and not all of its frames were rendered."""


class CancelledError(FarmhandError):
    """The operation was cancelled before it was through."""
