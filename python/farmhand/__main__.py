# SPDX-License-Identifier: Apache-2.0
"""`python -m farmhand`."""

from __future__ import annotations

import sys

from farmhand.cli import main

sys.exit(main())
