#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What `helm test` asks: do the parts answer, does the Manager have the job type, does the proxy let nobody in without the token?
set -eu

answer_of() { wget --quiet --timeout=10 --tries=3 --output-document=- "$@"; }
fail() {
  echo "FAILED: $*" >&2
  exit 1
}

version=$(answer_of "$FARMHAND_MANAGER/api/v3/version") || fail "the Manager does not answer at $FARMHAND_MANAGER"
echo "Manager: $version"
answer_of "$FARMHAND_MANAGER/api/v3/jobs/types" | grep -q '"farmhand-render"' ||
  fail "the Manager has no job type farmhand-render; is it /opt/flamenco/flamenco-manager in its image?"
echo "Job type: farmhand-render"
answer_of "$FARMHAND_COMPANION_URL/healthz" >/dev/null || fail "the companion does not answer at $FARMHAND_COMPANION_URL"
echo "Companion: well"
if [ -n "${FARMHAND_PROXY:-}" ]; then
  token=$(cat "$FARMHAND_COMPANION_TOKEN_FILE")
  answer_of --header "Authorization: Bearer $token" "$FARMHAND_PROXY/api/v3/version" >/dev/null ||
    fail "the proxy at $FARMHAND_PROXY does not let the token in; was it changed? Then start the proxy again"
  if answer_of "$FARMHAND_PROXY/api/v3/version" >/dev/null 2>&1; then
    fail "the proxy at $FARMHAND_PROXY lets anyone in"
  fi
  echo "Proxy: asks for the token"
fi
echo "The farm is well."
