#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts a Flamenco Manager with the chart's configuration. It reads its configuration from the folder that it starts in and
# may write it again, so it gets a copy. What its web page changed is forgotten at the next start: values.yaml is what counts.
set -eu
config=${FARMHAND_CONFIG_DIR:-/etc/farmhand}
work=${FARMHAND_WORK_DIR:-/run/flamenco}
program=${FARMHAND_PROGRAM:-/opt/flamenco/flamenco-manager}

umask "${FARMHAND_UMASK:-0002}"
cp "$config/flamenco-manager.yaml" "$work/flamenco-manager.yaml"
chmod 600 "$work/flamenco-manager.yaml"
cd "$work"
exec "$program"
