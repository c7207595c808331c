#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lets the frame in flight end before the worker is stopped. A worker that has no identity yet renders nothing.
set -eu
work=${FARMHAND_WORK_DIR:-/run/farmhand}
[ -s "$work/home" ] || exit 0
FLAMENCO_HOME=$(cat "$work/home")
export FLAMENCO_HOME
exec farmhand companion drain
