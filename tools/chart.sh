#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The chart without a cluster: lint with every example of values, and its unit tests. Where there is no helm and no Go to build one,
# a notice says so; with FARMHAND_REQUIRE_SHARED=1 that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! helm=$(tools/setup.sh helm) || ! untt=$(tools/setup.sh untt); then
  echo "The chart was not checked." >&2
  [ "${FARMHAND_REQUIRE_SHARED:-}" != 1 ]
  exit
fi
for values in render-farm/ci/*-values.yaml; do
  "$helm" lint --strict --quiet render-farm --values "$values"
done
"$untt" --strict render-farm
