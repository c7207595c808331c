// SPDX-License-Identifier: Apache-2.0
//! Who shows a sequence, and when: volumes, clips and cache files say it themselves, images are shown by nodes, textures,
//! empties and cameras, each with frames of its own.

use std::collections::HashMap;
use std::sync::Arc;

use super::context::IMAGE_SEQUENCE;
use super::timing::{Repeat, Timing};
use super::{Dependency, Expansion, Link, SequenceId, SequenceUser};
use crate::blend::error::BlendError;
use crate::blend::file::BlendFile;
use crate::blend::item::Item;

/// Structures that point to images without showing them: what was painted on last, and with which.
const SHOWS_NOTHING: &[&str] = &["TexPaintSlot", "ToolSettings"];
/// What a driver or a keyframe of these names chooses: the last part of the path of a property in Python.
const CHOOSING: &[&str] = &[
    "frame_start",
    "frame_offset",
    "frame_duration",
    "use_cyclic",
    "sequence_mode",
    "frame",
    "override_frame",
    "is_sequence",
];

/// A pointer to an image, or to something of another file that may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pointed {
    /// The block that the pointer lies in.
    pub block: usize,
    /// Which of the structures in that block.
    pub number: usize,
    /// The block of the image.
    pub image: usize,
}

/// What is known of data-blocks: whether something chooses what they show.
type Animated = HashMap<usize, bool>;

/// All that shows the sequences among the images that are pointed to, and those among the dependencies that say
/// themselves when they are shown. `pointed` is sorted; `link_of` says where a data-block of another file lies.
pub(super) fn sequence_users(
    file: &BlendFile,
    pointed: &[Pointed],
    dependencies: &[Dependency],
    mut link_of: impl FnMut(usize) -> Result<Option<Link>, BlendError>,
) -> Result<Vec<SequenceUser>, BlendError> {
    let mut users = Vec::new();
    let mut animated = Animated::new();
    for found in dependencies {
        if !matches!(found.expansion, Expansion::Sequence { .. }) {
            continue;
        }
        let Some(item) = file.item(found.data_block)? else {
            continue;
        };
        if let Some(timing) = own_timing(&item, &mut animated)? {
            let sequence = SequenceId::Own(found.data_block);
            users.push(SequenceUser { sequence, timing });
        }
    }
    let mut sequences: HashMap<usize, Option<SequenceId>> = HashMap::new();
    let mut last: Option<(usize, Arc<[u8]>)> = None;
    for pointed in pointed {
        let sequence = match sequences.get(&pointed.image) {
            Some(sequence) => sequence.clone(),
            None => sequence_at(file, pointed.image, &mut link_of)?,
        };
        sequences.insert(pointed.image, sequence.clone());
        let Some(sequence) = sequence else { continue };
        let Some(block) = file.blocks().get(pointed.block) else {
            continue;
        };
        let bytes = match &last {
            Some((index, bytes)) if *index == pointed.block => Arc::clone(bytes),
            _ => file.whole(block)?.into(),
        };
        last = Some((pointed.block, Arc::clone(&bytes)));
        let Some(item) = file.item_in(pointed.block, bytes, pointed.number) else {
            continue;
        };
        if let Some(timing) = timing_of_user(&item, &mut animated)? {
            users.push(SequenceUser { sequence, timing });
        }
    }
    Ok(users)
}

/// The image, where it is a sequence, or may be one since it lies in another file.
fn sequence_at(
    file: &BlendFile,
    image: usize,
    link_of: &mut impl FnMut(usize) -> Result<Option<Link>, BlendError>,
) -> Result<Option<SequenceId>, BlendError> {
    let Some(item) = file.item(image)? else {
        return Ok(None);
    };
    Ok(match item.type_name() {
        "Image" if item.int("source") == Some(IMAGE_SEQUENCE) => Some(SequenceId::Own(image)),
        "ID" => {
            let link = link_of(image)?.filter(|link| link.name.starts_with(b"IM"));
            link.map(SequenceId::Linked)
        }
        _ => None,
    })
}

/// When a data-block is shown that says so itself; none of an image.
fn own_timing(item: &Item<'_>, animated: &mut Animated) -> Result<Option<Timing>, BlendError> {
    let timing = match item.type_name() {
        "Volume" => Timing::Volume {
            start: number(item, "frame_start"),
            length: number(item, "frame_duration"),
            offset: number(item, "frame_offset"),
            repeat: match item.int("sequence_mode") {
                Some(0) => Repeat::Clip,
                Some(1) => Repeat::Extend,
                Some(2) => Repeat::Repeat,
                Some(3) => Repeat::PingPong,
                _ => return Ok(Some(Timing::Unknown)),
            },
        },
        "MovieClip" => Timing::Clip {
            start: number(item, "start_frame"),
            offset: number(item, "frame_offset"),
            length: number(item, "len").max(0),
        },
        "CacheFile" if item.flag("override_frame", 1).unwrap_or_default() => {
            #[expect(clippy::cast_possible_truncation, reason = "as Blender does it")]
            let number = item.float("frame").unwrap_or_default() as i32;
            Timing::Fixed(number.into())
        }
        "CacheFile" => Timing::Scene,
        _ => return Ok(None),
    };
    Ok(Some(if is_animated(item, animated)? {
        Timing::Unknown
    } else {
        timing
    }))
}

/// What something that points to an image shows of it; none where it shows nothing.
fn timing_of_user(item: &Item<'_>, animated: &mut Animated) -> Result<Option<Timing>, BlendError> {
    let user = match item.type_name() {
        "Tex" | "CameraBGImage" => item.inner("iuser"),
        "Object" => item.follow("iuser")?,
        "bNode" => match item.follow("storage")? {
            Some(storage) if storage.type_name() == "ImageUser" => Some(storage),
            Some(storage) => storage.inner("iuser"),
            None => None,
        },
        other if SHOWS_NOTHING.contains(&other) => return Ok(None),
        _ => None,
    };
    let Some(user) = user.filter(|user| user.type_name() == "ImageUser") else {
        return Ok(Some(Timing::Unknown));
    };
    if is_animated(item, animated)? {
        return Ok(Some(Timing::Unknown));
    }
    Ok(Some(Timing::Image {
        start: number(&user, "sfra"),
        length: number(&user, "frames"),
        offset: number(&user, "offset"),
        is_cyclic: user.flag("cycl", 1).unwrap_or_default(),
    }))
}

/// A number as Blender computes with it, in 32 bits.
fn number(item: &Item<'_>, path: &str) -> i64 {
    let number = item.int(path).unwrap_or_default();
    number.clamp(i32::MIN.into(), i32::MAX.into())
}

/// Whether a driver or a keyframe of the data-block that this belongs to chooses what is shown.
fn is_animated(item: &Item<'_>, animated: &mut Animated) -> Result<bool, BlendError> {
    if let Some(known) = animated.get(&item.owner()) {
        return Ok(*known);
    }
    let found = look_for_animation(item)?;
    animated.insert(item.owner(), found);
    Ok(found)
}

fn look_for_animation(item: &Item<'_>) -> Result<bool, BlendError> {
    let file = item.file();
    let mut open = vec![item.owner()];
    let mut seen = Vec::new();
    while let Some(owner) = open.pop() {
        seen.push(owner);
        let blocks = file.blocks().get(owner..).unwrap_or_default();
        let own = blocks.iter().enumerate();
        for (number, block) in own.take_while(|(_, block)| block.owner == owner) {
            let known = file.dna().structure(block.structure);
            let name = known.map_or("", |known| known.name.as_str());
            if !matches!(name, "AnimData" | "NlaStrip" | "FCurve") {
                continue;
            }
            let Some(item) = file.item(owner + number)? else {
                continue;
            };
            if name == "FCurve" {
                let path = item.text("rna_path")?.unwrap_or_default();
                let property = path.rsplit('.').next().unwrap_or_default();
                if CHOOSING.contains(&property) {
                    return Ok(true);
                }
                continue;
            }
            let field = if name == "NlaStrip" { "act" } else { "action" };
            let Some(action) = item.pointer(field).and_then(|at| file.data_block(at)) else {
                continue;
            };
            let Some(block) = file.blocks().get(action) else {
                continue;
            };
            // Of an action in another file nothing is known here.
            if block.code_text() == "ID" {
                return Ok(true);
            }
            if !seen.contains(&action) && !open.contains(&action) {
                open.push(action);
            }
        }
    }
    Ok(false)
}
