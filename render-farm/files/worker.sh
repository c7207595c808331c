#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts a Flamenco Worker as somebody whom the Manager knows already: a Manager never forgets a worker, and lets a failing
# task wait for those that are gone. The companion lends identities, and takes them back from pods that are gone.
set -eu
config=${FARMHAND_CONFIG_DIR:-/etc/farmhand}
work=${FARMHAND_WORK_DIR:-/run/farmhand}

umask "${FARMHAND_UMASK:-0002}"
cp "$config/flamenco-worker.yaml" "$work/flamenco-worker.yaml"
cd "$work"
rm -f "$FARMHAND_DRAIN_FILE" "$FARMHAND_DRAIN_FILE.held"
until home=$(farmhand companion lease); do
  echo "The companion lends no identity yet; asking again in 5 seconds." >&2
  sleep 5
done
FLAMENCO_HOME=$home
FLAMENCO_WORKER_NAME=$(basename "$home")
export FLAMENCO_HOME FLAMENCO_WORKER_NAME
# What stops the worker later is another process, and has to know who this is.
echo "$home" >"$work/home"
exec "${FARMHAND_PROGRAM:-flamenco-worker}"
