// SPDX-License-Identifier: Apache-2.0
//! Paths that Blender puts together from several fields, or from the file's own name.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::context::Owner;
use super::stored::StoredPath;
use super::table::{DependencyKind, Role};
use super::{Dependency, Expansion};
use crate::blend::error::BlendError;
use crate::blend::item::Item;

/// `PointCache.flag`
const BAKED: i64 = 1;
const DISK_CACHE: i64 = 1 << 6;
const EXTERNAL: i64 = 1 << 9;
/// `Sequence.type`
const IMAGE_STRIP: i64 = 0;
const MOVIE_STRIP: i64 = 3;
const SOUND_STRIP: i64 = 4;
/// `Sequence.flag`
const REVERSED: i64 = 1 << 7;
/// `StripProxy.storage`
const PROXY_FILE: i64 = 1 << 1;
const PROXY_FOLDER: i64 = 1 << 2;

/// A point cache on disk lies beside the .blend file, in a folder named after it; its files are named after the owner
/// (`ptcache_filename` in Blender's `pointcache.cc`). An external one lies where its path says.
pub(super) fn point_cache(
    item: &Item<'_>,
    owner: &Owner,
    into: &mut Vec<Dependency>,
) -> Result<(), BlendError> {
    let has = |mask| item.flag("flag", mask).unwrap_or_default();
    let is_external = has(EXTERNAL);
    if !is_external && !has(DISK_CACHE) {
        return Ok(());
    }
    let mut prefix = item.text("name")?.unwrap_or_default();
    if prefix.is_empty() && !is_external {
        for byte in owner.id_name.get(2..).unwrap_or_default() {
            let _ = write!(prefix, "{byte:02X}");
        }
    }
    let (stored, place) = if is_external {
        let stored = item.stored("path")?.filter(|path| !path.is_empty());
        let Some(stored) = stored else {
            return Ok(());
        };
        (stored, item.place("path"))
    } else {
        let file = item.file().path().file_stem().unwrap_or_default();
        let folder = format!("//blendcache_{}", file.to_string_lossy());
        (StoredPath::new(folder.as_bytes()), None)
    };
    let found = owner.depends(DependencyKind::PointCache, Role::Cache, stored);
    into.push(Dependency {
        is_required: owner.is_used && (is_external || has(BAKED)),
        expansion: if prefix.is_empty() {
            Expansion::Folder
        } else {
            prefix.push('_');
            Expansion::Prefixed { prefix }
        },
        place,
        ..found
    });
    Ok(())
}

/// A strip's folder is stored once, its pictures by name.
pub(super) fn strip(
    item: &Item<'_>,
    owner: &Owner,
    into: &mut Vec<Dependency>,
) -> Result<(), BlendError> {
    let kind = item.int("type");
    if !matches!(kind, Some(IMAGE_STRIP | MOVIE_STRIP | SOUND_STRIP)) {
        return Ok(());
    }
    let Some(content) = item.follow("strip")? else {
        return Ok(());
    };
    let folder = content.stored("dir")?.unwrap_or_default();
    let is_pictures = kind == Some(IMAGE_STRIP);
    let shown = is_pictures.then(|| Pictures::of(item)).flatten();
    let elements = content.follow_array("stripdata", (!is_pictures).then_some(1))?;
    for (number, element) in (0..).zip(elements) {
        let name = element.stored("name")?.unwrap_or_default();
        if name.is_empty() {
            continue;
        }
        let stored = StoredPath::joined(folder.as_bytes(), name.as_bytes());
        let found = owner.depends(DependencyKind::Strip, Role::Input, stored);
        into.push(Dependency {
            // What is heard is the sound's own data-block.
            is_required: found.is_required && kind != Some(SOUND_STRIP),
            shown_at: shown.as_ref().map(|shown| shown.shown_at(number)),
            place: element.place("name"),
            folder_place: content.place("dir"),
            ..found
        });
    }
    Ok(())
}

/// Where the pictures of a strip lie on its scene's frames.
struct Pictures {
    /// The frame of the first picture that isn't cut off for good.
    start: i64,
    /// How many of them there are.
    length: i64,
    /// The first frame that is seen, and the first one behind it.
    seen: (i64, i64),
    /// How many pictures are cut off for good before the first.
    skipped: i64,
    is_reversed: bool,
}

impl Pictures {
    /// None where the strip plays faster, slower or in jumps.
    fn of(strip: &Item<'_>) -> Option<Self> {
        let number = |path: &str| {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is cut to what Blender can hold"
            )]
            let whole = |number: f64| number.round() as i32;
            let whole = strip.float(path).map(|number| i64::from(whole(number)));
            let limit = |number: i64| number.clamp(i32::MIN.into(), i32::MAX.into());
            whole
                .or_else(|| strip.int(path).map(limit))
                .unwrap_or_default()
        };
        let is_one = |path: &str| {
            strip
                .float(path)
                .is_none_or(|factor| (factor - 1.0).abs() < 1e-6)
        };
        let is_retimed = ["retiming_handles", "retiming_keys"]
            .iter()
            .any(|path| strip.pointer(path).is_some());
        let jumps = strip.float("strobe").is_some_and(|strobe| strobe > 1.0);
        if !is_one("speed_factor") || is_retimed || jumps {
            return None;
        }
        let (start, length) = (number("start"), number("len"));
        Some(Self {
            start,
            length,
            // Before 3.3 the pictures at the ends were held by fields of their own.
            seen: (
                start + number("startofs") - number("startstill"),
                start + length - number("endofs") + number("endstill"),
            ),
            skipped: number("anim_startofs"),
            is_reversed: strip.flag("flag", REVERSED).unwrap_or_default(),
        })
    }

    /// The first and the last frame at which a picture is shown; `(1, 0)` for never.
    fn shown_at(&self, number: i64) -> (i64, i64) {
        let mut place = number - self.skipped;
        if !(0..self.length).contains(&place) {
            return (1, 0);
        }
        if self.is_reversed {
            place = self.length - 1 - place;
        }
        let frame = self.start + place;
        // The pictures at the ends are held as long as the strip is.
        let first = if place == 0 { self.seen.0 } else { frame };
        let last = if place == self.length - 1 {
            self.seen.1 - 1
        } else {
            frame
        };
        let (first, last) = (first.max(self.seen.0), last.min(self.seen.1 - 1));
        if first <= last { (first, last) } else { (1, 0) }
    }
}

/// Smaller pictures of a strip, in a folder or a file of the user's choice.
pub(super) fn strip_proxy(
    item: &Item<'_>,
    owner: &Owner,
    into: &mut Vec<Dependency>,
) -> Result<(), BlendError> {
    let folder = item.stored("dir")?.unwrap_or_default();
    let name = item.stored("file")?.unwrap_or_default();
    let has = |mask| item.flag("storage", mask).unwrap_or_default();
    let (stored, is_file) = if has(PROXY_FILE) && !name.is_empty() {
        (StoredPath::joined(folder.as_bytes(), name.as_bytes()), true)
    } else if has(PROXY_FOLDER) && !folder.is_empty() {
        (folder, false)
    } else {
        return Ok(());
    };
    into.push(Dependency {
        expansion: if is_file {
            Expansion::File
        } else {
            Expansion::Folder
        },
        place: item.place(if is_file { "file" } else { "dir" }),
        folder_place: is_file.then(|| item.place("dir")).flatten(),
        ..owner.depends(DependencyKind::Proxy, Role::Cache, stored)
    });
    Ok(())
}

/// Where a File Output node writes: its folder, and from 5.0 on the beginning of its names.
pub(super) fn file_output(
    item: &Item<'_>,
    owner: &Owner,
    into: &mut Vec<Dependency>,
) -> Result<(), BlendError> {
    let Some(stored) = item.stored("base_path")?.filter(|path| !path.is_empty()) else {
        return Ok(());
    };
    into.push(Dependency {
        place: item.place("base_path"),
        ..owner.depends(DependencyKind::NodeOutput, Role::Output, stored)
    });
    Ok(())
}

/// Where the exporter of a collection writes; its property is claimed, so that it isn't taken for an input.
pub(super) fn exporter(
    item: &Item<'_>,
    owner: &Owner,
    claimed: &mut HashSet<u64>,
    into: &mut Vec<Dependency>,
) -> Result<(), BlendError> {
    let Some(properties) = item.follow("export_properties")? else {
        return Ok(());
    };
    for property in properties.list("data.group")? {
        if property.text("name")?.as_deref() != Some("filepath") {
            continue;
        }
        let Some(address) = property.pointer("data.pointer") else {
            continue;
        };
        claimed.insert(property.address());
        let stored = item.file().find_stored(address, item.owner())?;
        if let Some(stored) = stored.filter(|path| !path.is_empty()) {
            into.push(Dependency {
                place: item.file().place_of_block(address, item.owner()),
                ..owner.depends(DependencyKind::ExportOutput, Role::Output, stored)
            });
        }
    }
    Ok(())
}
