// SPDX-License-Identifier: Apache-2.0
//! What a path means, which its neighbours in the file tell: whether it counts at all, whether the content is packed,
//! and which files it stands for.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use super::stored::{StoredPath, looks_like_a_path};
use super::table::{DependencyKind, LeadsTo, PathField, Role};
use super::{Dependency, Expansion, special};
use crate::blend::error::BlendError;
use crate::blend::item::Item;

/// `Image.source` and `MovieClip.source`.
pub(super) const IMAGE_SEQUENCE: i64 = 2;
const CLIP_SEQUENCE: i64 = 1;
const GENERATED: i64 = 4;
const VIEWER: i64 = 5;
const TILED: i64 = 6;
/// `IMA_UDIM_MAX` in Blender's `BKE_image.h`.
const TILE_NUMBERS: RangeInclusive<u32> = 1001..=2000;
/// `bNodeSocketValueString.subtype`
const FILE_PATH: i64 = 1;
const FOLDER_PATH: i64 = 2;
/// `DynamicPaintSurface.format`
const PAINTS_PICTURES: i64 = 2;
/// `FluidDomainSettings.cache_flag`
const FLUID_BAKED: i64 = 1 << 1;
/// `MovieClip.flag`
const CLIP_USES_PROXY: i64 = 1;
const CLIP_PROXY_FOLDER: i64 = 1 << 1;
/// `Library.flag`: a container of packed data-blocks, not a file.
const LIBRARY_IS_ARCHIVE: i64 = 1;
/// `NodesModifierBake.flag`
const CUSTOM_BAKE_PATH: i64 = 1 << 1;

/// The data-block that holds a path.
pub(super) struct Owner {
    /// Its structure.
    pub kind: String,
    /// Its name with the two letters of its kind.
    pub id_name: Vec<u8>,
    /// The number of its block in the file.
    pub data_block: usize,
    /// The library that it was packed from.
    pub packed_from: Option<StoredPath>,
    /// Whether a scene uses it.
    pub is_used: bool,
}

impl Owner {
    /// The name without the two letters.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(self.id_name.get(2..).unwrap_or_default()).into_owned()
    }

    /// A dependency of this owner on one file that is no packed one.
    pub fn depends(&self, kind: DependencyKind, role: Role, stored: StoredPath) -> Dependency {
        Dependency {
            owner_type: self.kind.clone(),
            owner: self.name(),
            owner_id: self.id_name.clone(),
            data_block: self.data_block,
            kind,
            role,
            stored,
            packed_from: self.packed_from.clone(),
            is_packed: false,
            is_required: role == Role::Input && self.is_used,
            is_used: self.is_used,
            is_guess: false,
            expansion: Expansion::File,
            shown_at: None,
            place: None,
            folder_place: None,
        }
    }

    /// The dependency that a field of the table holds; none where it is empty.
    pub fn depends_on(
        &self,
        item: &Item<'_>,
        row: &PathField,
    ) -> Result<Option<Dependency>, BlendError> {
        let stored = item.stored(row.field)?.filter(|path| !path.is_empty());
        Ok(stored.map(|stored| Dependency {
            expansion: match row.leads_to {
                LeadsTo::Folder => Expansion::Folder,
                _ => Expansion::File,
            },
            place: item.place(row.field),
            ..self.depends(row.kind, row.role, stored)
        }))
    }
}

/// Adds what the path in a field of the table stands for.
pub(super) fn describe(
    item: &Item<'_>,
    row: &PathField,
    owner: &Owner,
    into: &mut Vec<Dependency>,
) -> Result<(), BlendError> {
    let Some(mut found) = owner.depends_on(item, row)? else {
        return Ok(());
    };
    let has = |flags, mask| item.flag(flags, mask).unwrap_or_default();
    let is_packed = || item.pointer("packedfile").is_some();
    match (row.structure, row.field) {
        ("Library", _) => {
            if has("flag", LIBRARY_IS_ARCHIVE) && item.has("archive_parent_library") {
                return Ok(());
            }
            found.is_packed = is_packed();
        }
        ("VFont", _) => {
            if found.stored.as_bytes() == b"<builtin>" {
                return Ok(());
            }
            found.is_packed = is_packed();
        }
        ("bSound", _) => found.is_packed = is_packed(),
        ("Volume", _) => {
            found.is_packed = is_packed();
            if has("is_sequence", 1) && has_number_at_end(&found.stored) {
                found.expansion = sequence(&found.stored);
            }
        }
        ("MovieClip", "name") if item.int("source") == Some(CLIP_SEQUENCE) => {
            found.expansion = sequence(&found.stored);
        }
        ("MovieClip", "proxy.dir") if !has("flag", CLIP_USES_PROXY | CLIP_PROXY_FOLDER) => {
            return Ok(());
        }
        ("CacheFile", _) if has("is_sequence", 1) && has_number_at_end(&found.stored) => {
            found.expansion = sequence(&found.stored);
        }
        ("NodeShaderScript" | "NodeShaderTexIES", _) => found.is_required &= has("mode", 1),
        ("Camera", _) => found.is_required &= has("custom_mode", 1),
        ("bNodeSocketValueString", _) => match item.int("subtype") {
            Some(FILE_PATH) => {}
            Some(FOLDER_PATH) => found.expansion = Expansion::Folder,
            _ if looks_like_a_path(found.stored.as_bytes()) => {
                found.is_guess = true;
                found.is_required = false;
            }
            _ => return Ok(()),
        },
        ("OceanModifierData", _) => found.is_required = owner.is_used && has("cached", 1),
        ("FluidDomainSettings", _) => {
            found.is_required = owner.is_used && has("cache_flag", FLUID_BAKED);
        }
        ("NodesModifierBake", _) if !has("flag", CUSTOM_BAKE_PATH) => return Ok(()),
        ("DynamicPaintSurface", _) if item.int("format") != Some(PAINTS_PICTURES) => return Ok(()),
        ("Scene", "r.bake.filepath") if found.stored.as_bytes() == b"//" => return Ok(()),
        _ => {}
    }
    found.is_required &= !found.is_packed;
    into.push(found);
    Ok(())
}

/// Adds what a structure stands for whose paths aren't just fields that are filled or empty.
pub(super) fn describe_special(
    item: &Item<'_>,
    owner: &Owner,
    claimed: &mut HashSet<u64>,
    into: &mut Vec<Dependency>,
) -> Result<(), BlendError> {
    match item.type_name() {
        "Image" => image(item, owner, into),
        "PointCache" => special::point_cache(item, owner, into),
        "Sequence" => special::strip(item, owner, into),
        "StripProxy" => special::strip_proxy(item, owner, into),
        "NodeImageMultiFile" => special::file_output(item, owner, into),
        "CollectionExport" => special::exporter(item, owner, claimed, into),
        "IDProperty" if !claimed.contains(&item.address()) => property(item, owner, into),
        _ => Ok(()),
    }
}

fn image(item: &Item<'_>, owner: &Owner, into: &mut Vec<Dependency>) -> Result<(), BlendError> {
    let source = item.int("source");
    if matches!(source, Some(GENERATED | VIEWER)) {
        return Ok(());
    }
    let is_packed =
        item.pointer("packedfile").is_some() || item.pointer("packedfiles.first").is_some();
    let expansion = match source {
        Some(IMAGE_SEQUENCE) => Expansion::Sequence { named: None },
        Some(TILED) => {
            let mut tiles = Vec::new();
            for tile in item.list("tiles")? {
                let number = tile.int("tile_number");
                tiles.extend(number.and_then(|number| u32::try_from(number).ok()));
            }
            // Blender has no others, and a forged list could name any number of them for each of many images.
            tiles.retain(|number| TILE_NUMBERS.contains(number));
            tiles.sort_unstable();
            tiles.dedup();
            Expansion::Tiles { tiles }
        }
        _ => Expansion::File,
    };
    let own = item.stored("name")?.filter(|path| !path.is_empty());
    let mut paths = vec![(own, item.place("name"))];
    // Pictures for each eye can be files of their own.
    let views = item.list("views")?;
    if views.len() > 1 {
        for view in &views {
            paths.push((view.stored("filepath")?, view.place("filepath")));
        }
    }
    let mut seen: Vec<StoredPath> = Vec::new();
    for (stored, place) in paths {
        let Some(stored) = stored.filter(|stored| !stored.is_empty() && !seen.contains(stored))
        else {
            continue;
        };
        seen.push(stored.clone());
        let expansion = match &expansion {
            Expansion::Sequence { .. } => sequence(&stored),
            other => other.clone(),
        };
        let found = owner.depends(DependencyKind::Image, Role::Input, stored);
        into.push(Dependency {
            is_packed,
            is_required: found.is_required && !is_packed,
            expansion,
            place,
            ..found
        });
    }
    Ok(())
}

/// The files that differ from this one in the last number of its name.
fn sequence(stored: &StoredPath) -> Expansion {
    let stem = stem(stored);
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let end = stem.iter().rposition(is_digit).map_or(0, |last| last + 1);
    let digits = stem.get(..end).unwrap_or_default();
    let start = digits.iter().rposition(|byte| !is_digit(byte));
    let digits = digits.get(start.map_or(0, |last_other| last_other + 1)..);
    let number = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse::<i32>().ok());
    Expansion::Sequence {
        named: number.map(i64::from),
    }
}

/// Whether the name ends with a number, its ending left out: of volumes and cache files no other number counts
/// (`BLI_path_frame_get`).
fn has_number_at_end(stored: &StoredPath) -> bool {
    stem(stored).last().is_some_and(u8::is_ascii_digit)
}

/// The name of a file without its ending.
fn stem(stored: &StoredPath) -> &[u8] {
    let bytes = stored.as_bytes();
    let name = bytes.rsplit(|byte| matches!(byte, b'/' | b'\\')).next();
    let name = name.unwrap_or_default();
    let dot = name.iter().rposition(|byte| *byte == b'.');
    let end = dot.filter(|dot| *dot > 0).unwrap_or(name.len());
    name.get(..end).unwrap_or_default()
}

/// Text in custom properties and settings of add-ons may be a path: it is taken for one where it begins like one.
fn property(item: &Item<'_>, owner: &Owner, into: &mut Vec<Dependency>) -> Result<(), BlendError> {
    const STRING: i64 = 0;
    if item.int("type") != Some(STRING) {
        return Ok(());
    }
    let Some(address) = item.pointer("data.pointer") else {
        return Ok(());
    };
    let Some(stored) = item.file().find_stored(address, item.owner())? else {
        return Ok(());
    };
    if looks_like_a_path(stored.as_bytes()) {
        into.push(Dependency {
            is_guess: true,
            is_required: false,
            place: item.file().place_of_block(address, item.owner()),
            ..owner.depends(DependencyKind::CustomProperty, Role::Input, stored)
        });
    }
    Ok(())
}
