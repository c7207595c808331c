#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fuzzes reader, tracer and rewriter beside each other: `run.sh SECONDS`. What they learn is kept in the cache between
# runs; what they find lies in target/fuzz/found. FARMHAND_TEST_BLENDERS names the Blenders that the seeds are made with.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-1800}
cache=${FARMHAND_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/farmhand-dev}/fuzz
found=$(cd .. && pwd)/target/fuzz/found
blenders=${FARMHAND_TEST_BLENDERS:-$(command -v blender):$(../tools/setup.sh bpy 4.5.15):$(../tools/setup.sh bpy 5.0.1)}

cargo build --release --quiet
mkdir -p "$found" "$cache/seeds"
script=../tests/fixtures/blends/fuzz_seeds.py
IFS=: read -ra blenders <<<"$blenders"
if [ -z "$(ls -A "$cache/seeds")" ]; then
  for blender in "${blenders[@]}"; do
    case $(basename "$blender") in
      python*) "$blender" "$script" "$cache/seeds" ;;
      *) "$blender" -b --factory-startup --python "$script" -- "$cache/seeds" ;;
    esac >/dev/null
  done
fi
pids=()
for target in reader tracer rewriter; do
  mkdir -p "$cache/$target"
  # One thread, so that the same input takes the same way; a shared disk isn't what is tested.
  RAYON_NUM_THREADS=1 nice -n 12 ../target/fuzz/release/$target "$cache/$target" "$cache/seeds" \
    -max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=1024 -timeout=10 -max_len=300000 -len_control=0 \
    -artifact_prefix="$found/$target-" -print_final_stats=1 >"$found/$target.log" 2>&1 &
  pids+=($!)
done
outcome=0
for pid in "${pids[@]}"; do
  wait "$pid" || outcome=1
done
for target in reader tracer rewriter; do
  grep -hE 'cov:|stat::number|stat::peak|SUMMARY|panicked' "$found/$target.log" | tail -n 4 | sed "s/^/$target: /"
done
exit $outcome
