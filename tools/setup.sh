#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the build and the tests need, once; what is there already is kept.
#   setup.sh venv              .venv with the pinned tools of requirements-dev.txt
#   setup.sh blender           a Blender to render with: one on PATH, else Debian's package, else the bpy module in .venv
#   setup.sh bpy VERSION       a Blender as a Python module, in the cache, on the Python that its wheel is for; prints that Python
#   setup.sh ffmpeg            what puts films together (Debian); its tests are skipped without
#   setup.sh window            an X server and a mouse for the window test (Debian)
#   setup.sh deny              cargo-deny, built into the cache; prints its path
#   setup.sh helm              helm for the chart: one on PATH, else the test cluster's, else built into the cache; prints its path
#   setup.sh untt              helm-unittest as a program of its own, likewise
#   setup.sh cluster           the test cluster beside the checkout, where it lies: ten minutes where nothing of it is built
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${FARMHAND_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/farmhand-dev}
bpy_default=4.5.15
deny_version=0.20.2
helm_version=3.19.0
untt_version=1.1.2
# What the test cluster has built is as good as our own.
cluster_programs=${BED_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/cluster-bed}/bin
cluster_bed=../shared/cluster-bed/bed

say() { printf '%s\n' "$*" >&2; }

# The wheels of bpy are each for one minor version of Python: 3.11 up to Blender 5.0, 3.13 from 5.1 on.
python_for_bpy() {
  case $1 in
    4.* | 5.0*) minor=3.11 ;;
    *) minor=3.13 ;;
  esac
  for candidate in "python$minor" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$minor".*/bin/python; do
    if "$candidate" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$minor')" 2>/dev/null; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  say "Blender $1 as a Python module needs CPython $minor, and none was found on PATH or in pyenv."
  return 1
}

python() {
  for candidate in python3.11 python3; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
  say "No Python 3.9 or newer was found on PATH; CPython 3.11 is what the tests use."
  return 1
}

apt() {
  if [ "$(id -u)" = 0 ]; then
    command apt-get "$@"
  else
    sudo -n apt-get "$@"
  fi
}

apt_install() {
  command -v apt-get >/dev/null || { say "Please install with your system's package manager: $*"; return 1; }
  say "Installing: $*"
  apt install -y --no-install-recommends "$@" >/dev/null 2>&1 ||
    { apt update >/dev/null && apt install -y --no-install-recommends "$@" >/dev/null; }
}

venv() {
  command -v cargo >/dev/null || { say "Rust 1.95 or newer is needed, and cargo was not found on PATH: install it from your system or with rustup."; return 1; }
  stamp=.venv/.requirements
  if ! cmp -s requirements-dev.txt "$stamp"; then
    say "Preparing .venv"
    [ -x .venv/bin/python ] || "$(python)" -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
    cp requirements-dev.txt "$stamp"
  fi
}

blender() {
  command -v "${FARMHAND_BLENDER:-blender}" >/dev/null && return
  apt_install blender && command -v blender >/dev/null && return
  .venv/bin/python -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("bpy") is None)' && return
  say "Installing Blender $bpy_default as a Python module (about 400 MB)"
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "bpy==$bpy_default"
}

bpy() {
  folder=$cache/bpy-$1
  if [ ! -e "$folder/ready" ]; then
    say "Installing Blender $1 as a Python module into $folder"
    mkdir -p "$cache"
    interpreter=$(python_for_bpy "$1")
    "$interpreter" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "bpy==$1"
    touch "$folder/ready"
  fi
  printf '%s\n' "$folder/bin/python"
}

window() {
  command -v Xvfb >/dev/null && command -v xdotool >/dev/null && command -v import >/dev/null && return
  apt_install xvfb xdotool imagemagick libgl1-mesa-dri openbox x11-utils xauth
}

ffmpeg() {
  command -v ffmpeg >/dev/null && command -v ffprobe >/dev/null && return
  apt_install ffmpeg || say "Without ffmpeg the tests of films are skipped."
}

deny() {
  folder=$cache/cargo-deny-$deny_version
  if [ ! -x "$folder/bin/cargo-deny" ]; then
    say "Building cargo-deny $deny_version into $folder"
    # Its own target folder: the caller's holds Farmhand's, under other flags.
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
    CARGO_TARGET_DIR=$build cargo install cargo-deny --quiet --version "$deny_version" --locked --no-default-features --root "$folder" >&2
  fi
  printf '%s\n' "$folder/bin/cargo-deny"
}

go_is_there() {
  command -v go >/dev/null || { say "$1 is neither on PATH nor can it be built: Go 1.25 or newer was not found."; return 1; }
}

helm() {
  type -P helm && return
  folder=$cache/helm-$helm_version
  # It has one that needs no building.
  if [ ! -x "$folder/helm" ] && [ -x "$cluster_bed" ]; then
    "$cluster_bed" build helm >&2 || say "The test cluster has no helm."
  fi
  if [ -x "$cluster_programs/helm" ]; then
    printf '%s\n' "$cluster_programs/helm"
    return
  fi
  if [ ! -x "$folder/helm" ]; then
    go_is_there helm || return 1
    say "Building helm $helm_version into $folder"
    GOBIN=$folder GOFLAGS='' go install "helm.sh/helm/v3/cmd/helm@v$helm_version" >&2
  fi
  printf '%s\n' "$folder/helm"
}

untt() {
  type -P untt && return
  folder=$cache/untt-$untt_version
  if [ -x "$cluster_programs/untt" ]; then
    printf '%s\n' "$cluster_programs/untt"
    return
  fi
  if [ ! -x "$folder/untt" ]; then
    go_is_there helm-unittest || return 1
    say "Building helm-unittest $untt_version into $folder"
    mkdir -p "$folder"
    # Its go.mod replaces a module, and `go install` refuses such: it is built from where the module lies.
    source=$(cd "$folder" && go mod download -json "github.com/helm-unittest/helm-unittest@v$untt_version" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p')
    (cd "$source" && go build -trimpath -o "$folder/untt" ./cmd/helm-unittest) >&2
  fi
  printf '%s\n' "$folder/untt"
}

cluster() {
  [ -x "$cluster_bed" ] || return 0
  log=$(mktemp)
  say "Preparing the test cluster"
  "$cluster_bed" build etcd kube-apiserver kube-controller-manager kube-scheduler kwok kubectl helm >"$log" 2>&1 || { tail -n 20 "$log" >&2; return 1; }
  rm "$log"
}

case ${1:-} in
  venv | blender | ffmpeg | window | deny | helm | untt | cluster) "$1" ;;
  bpy) bpy "${2:?usage: setup.sh bpy VERSION}" ;;
  *) sed -n '3,13p' "$0" >&2; exit 2 ;;
esac
