# SPDX-License-Identifier: Apache-2.0
"""The renderer: one file, `render.py`, that travels with each job and is run by Blender, never imported."""
