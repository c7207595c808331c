#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Puts Blenders side by side: blenders.sh FOLDER, with the versions in BLENDERS and where they come from in BLENDER_MIRROR.
# Each is checked against the list of checksums that lies beside it.
set -eu
target=$1
first=''
for version in $BLENDERS; do
  series=${version%.*}
  name=blender-$version-linux-x64
  folder=$BLENDER_MIRROR/Blender$series
  curl --fail --location --silent --show-error --output "$name.tar.xz" "$folder/$name.tar.xz"
  curl --fail --location --silent --show-error --output checksums "$folder/blender-$version.sha256"
  grep " $name.tar.xz\$" checksums | sha256sum -c -
  tar -xJf "$name.tar.xz" -C "$target"
  mv "$target/$name" "$target/blender-$version"
  rm "$name.tar.xz" checksums
  ln -s "blender-$version" "$target/blender-$series"
  [ -n "$first" ] || first=$version
done
[ -n "$first" ] || { echo "BLENDERS names no version" >&2; exit 1; }
ln -s "blender-$first" "$target/blender"
