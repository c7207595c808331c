#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demo: a real animated scene, rendered on this computer's farm, and a contact sheet of its frames.
#   demo.sh [SCENE.blend] [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
scene=${1:-}
folder=${2:-demo-out}
farmhand=.venv/bin/farmhand
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

blender_run() {
  if command -v "${FARMHAND_BLENDER:-blender}" >/dev/null; then
    "${FARMHAND_BLENDER:-blender}" -b --factory-startup --python-exit-code 1 --python "$1" -- "${@:2}"
  else
    .venv/bin/python "$1" "${@:2}"
  fi
}

if [ -z "$scene" ]; then
  scene=$folder/demo.blend
  echo "Making the demo scene: $scene"
  blender_run examples/make_demo.py "$scene" >"$folder/make_demo.log" 2>&1 ||
    { tail -20 "$folder/make_demo.log"; echo "The demo scene could not be made; the whole log is $folder/make_demo.log"; exit 1; }
fi

"$farmhand" render "$scene" --output "$folder/frames"
blender_run tools/contact_sheet.py "$folder/frames" "$folder/contact-sheet.png" >"$folder/contact_sheet.log" 2>&1 ||
  { tail -20 "$folder/contact_sheet.log"; echo "The contact sheet could not be made; the frames are whole."; exit 1; }
echo "Frames:        $folder/frames"
echo "Contact sheet: $folder/contact-sheet.png"
