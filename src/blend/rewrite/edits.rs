// SPDX-License-Identifier: Apache-2.0
//! Which bytes become which others.

use std::collections::BTreeMap;

use super::{PathSeen, RewriteError, Rewritten};
use crate::blend::Block;
use crate::blend::bytes::ByteOrder;
use crate::blend::dependencies::{DependencyKind, LeadsTo, PATH_FIELDS, Role, looks_like_a_path};
use crate::blend::dna::{Dna, Kind};
use crate::blend::error::Fault;
use crate::blend::file::{BlendFile, MAX_STRUCTURES, text_bytes};

/// `bNodeSocketValueString.subtype`: a file, or a folder.
const PATH_SUBTYPES: [u64; 2] = [1, 2];

/// Bytes of the unpacked file that others take the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// The first of them.
    pub start: u64,
    /// The first behind them.
    pub end: u64,
    /// The others.
    pub bytes: Vec<u8>,
}

/// What makes the copy differ from the file.
#[derive(Debug, Default)]
pub(super) struct Patch {
    /// In order; none overlaps another.
    pub edits: Vec<Edit>,
    pub done: Rewritten,
}

/// A field that may hold a path, where a file's own structures have it.
struct Spot {
    structure: &'static str,
    field: &'static str,
    kind: DependencyKind,
    role: Role,
    /// Where it begins within the structure.
    offset: usize,
    /// Bytes of the field.
    size: usize,
    is_pointer: bool,
    /// The number that says whether it is a path.
    subtype: Option<Number>,
    /// Of a custom property, what else there is to know.
    property: Option<PropertySpot>,
}

/// A number in a structure: its first byte, and how many bytes it has.
type Number = (usize, usize);

/// The numbers of a custom property (`IDProperty`).
struct PropertySpot {
    /// Its kind, and its kind of text; both are 0 for text.
    kinds: Vec<Number>,
    /// The bytes of its text, the zero at the end included, and the room that these take in memory.
    lengths: Vec<Number>,
}

/// Shows every path of a file, and collects what the answers change.
pub(super) fn collect(
    file: &BlendFile,
    choose: &mut dyn FnMut(&PathSeen<'_>) -> Option<Vec<u8>>,
) -> Result<Patch, RewriteError> {
    let spots = spots(file.dna());
    let mut edits = BTreeMap::new();
    let mut done = Rewritten::default();
    let mut content = Vec::new();
    for block in file.blocks() {
        let Some(spots) = spots
            .get(&block.structure)
            .filter(|_| block.length <= MAX_STRUCTURES)
        else {
            continue;
        };
        let Some(size) = file
            .dna()
            .structure(block.structure)
            .map(|known| known.size)
        else {
            continue;
        };
        content.clear();
        file.append(block.position, block.position + block.length, &mut content)?;
        for (number, structure) in content.chunks_exact(size.max(1)).enumerate() {
            for spot in spots {
                let place = Place {
                    file,
                    block,
                    start: (number * size + spot.offset) as u64,
                };
                place.show(spot, structure, choose, &mut edits, &mut done)?;
            }
        }
    }
    let edits: Vec<Edit> = edits.into_values().collect();
    let overlap = |pair: &[Edit]| matches!(pair, [one, next] if one.end > next.start);
    if edits.windows(2).any(overlap) {
        let detail = "one path lies within another".to_owned();
        return Err(Fault::Corrupt(detail).at(file.path()).into());
    }
    Ok(Patch { edits, done })
}

/// A field of one structure of a file.
struct Place<'f> {
    file: &'f BlendFile,
    block: &'f Block,
    /// Where the field begins within the block.
    start: u64,
}

impl Place<'_> {
    fn show(
        &self,
        spot: &Spot,
        structure: &[u8],
        choose: &mut dyn FnMut(&PathSeen<'_>) -> Option<Vec<u8>>,
        edits: &mut BTreeMap<u64, Edit>,
        done: &mut Rewritten,
    ) -> Result<(), RewriteError> {
        let order = self.file.header().byte_order;
        let number = |(offset, size): Number| order.unsigned(structure, offset, size);
        let is_path_for_sure = match (spot.subtype.and_then(number), &spot.property) {
            (Some(subtype), _) => PATH_SUBTYPES.contains(&subtype),
            (None, Some(property)) => {
                let mut kinds = property.kinds.iter();
                if !kinds.all(|kind| number(*kind) == Some(0)) {
                    return Ok(());
                }
                false
            }
            (None, None) => true,
        };
        let Some(field) = structure.get(spot.offset..spot.offset + spot.size) else {
            return Ok(());
        };
        let (held, target) = if spot.is_pointer {
            let address = order.unsigned(field, 0, spot.size).unwrap_or_default();
            let target = self.file.block_at(address, self.block.owner);
            let target = target.and_then(|index| self.file.blocks().get(index));
            // A forged pointer may lead to what the file is read by.
            let Some(target) = target.filter(|target| &target.code == b"DATA") else {
                return Ok(());
            };
            (self.file.text_block(target)?, Some(target))
        } else {
            (field.to_vec(), None)
        };
        let stored = text_bytes(&held);
        if stored.is_empty() || !is_path_for_sure && !looks_like_a_path(stored) {
            return Ok(());
        }
        done.seen += 1;
        let seen = PathSeen {
            structure: spot.structure,
            field: spot.field,
            kind: spot.kind,
            role: spot.role,
            stored,
            position: target.map_or(self.block.position + self.start, |target| target.position),
        };
        let Some(new) = choose(&seen).filter(|new| new != stored) else {
            return Ok(());
        };
        if new.contains(&0) {
            return Err(RewriteError::Zero {
                path: self.file.path().to_owned(),
                structure: spot.structure,
                field: spot.field,
                replacement: String::from_utf8_lossy(&new).into_owned(),
            });
        }
        done.replaced += 1;
        match target {
            Some(target) => {
                self.note_length(spot, new.len() + 1, edits);
                self.replace_block(target, new, edits);
            }
            None => self.replace_field(spot, new, edits)?,
        }
        Ok(())
    }

    fn replace_field(
        &self,
        spot: &Spot,
        mut new: Vec<u8>,
        edits: &mut BTreeMap<u64, Edit>,
    ) -> Result<(), RewriteError> {
        // The zero at the end has to have room, too.
        if new.len() >= spot.size {
            return Err(RewriteError::TooLong {
                path: self.file.path().to_owned(),
                structure: spot.structure,
                field: spot.field,
                excess_bytes: new.len() + 1 - spot.size,
                room_bytes: spot.size.saturating_sub(1),
                replacement: String::from_utf8_lossy(&new).into_owned(),
            });
        }
        new.resize(spot.size, 0);
        let start = self.block.position + self.start;
        let end = start + spot.size as u64;
        edits.insert(
            start,
            Edit {
                start,
                end,
                bytes: new,
            },
        );
        Ok(())
    }

    /// Writes the length of a custom property's text where it is told beside it.
    fn note_length(&self, spot: &Spot, length: usize, edits: &mut BTreeMap<u64, Edit>) {
        let order = self.file.header().byte_order;
        let structure = self.block.position + self.start - spot.offset as u64;
        for (offset, size) in spot.property.iter().flat_map(|property| &property.lengths) {
            let start = structure + *offset as u64;
            let edit = Edit {
                start,
                end: start + *size as u64,
                bytes: number(length, *size, order),
            };
            edits.insert(start, edit);
        }
    }

    fn replace_block(&self, target: &Block, mut new: Vec<u8>, edits: &mut BTreeMap<u64, Edit>) {
        // Blender fills up to four bytes.
        new.resize((new.len() + 1).next_multiple_of(4), 0);
        let header = self.file.header();
        let (length_at, count_at, size) = if header.large_heads {
            (16, 24, 8)
        } else {
            (4, 12 + header.pointer_size as u64, 4)
        };
        let head = target.position - header.head_length() as u64;
        let mut number_at = |at: u64| {
            let start = head + at;
            let bytes = number(new.len(), size, header.byte_order);
            edits.insert(
                start,
                Edit {
                    start,
                    end: start + size as u64,
                    bytes,
                },
            );
        };
        number_at(length_at);
        // Characters are counted as one block of them by some versions, and one by one by others.
        if target.count == target.length && target.count > 1 {
            number_at(count_at);
        }
        edits.insert(
            target.position,
            Edit {
                start: target.position,
                end: target.position + target.length,
                bytes: new,
            },
        );
    }
}

fn number(number: usize, size: usize, order: ByteOrder) -> Vec<u8> {
    let number = number as u64;
    match order {
        ByteOrder::Little => number.to_le_bytes().into_iter().take(size).collect(),
        ByteOrder::Big => number.to_be_bytes().into_iter().skip(8 - size).collect(),
    }
}

/// The fields of the table that this file's structures have, by the index of the structure.
fn spots(dna: &Dna) -> BTreeMap<usize, Vec<Spot>> {
    let mut known: BTreeMap<usize, Vec<Spot>> = BTreeMap::new();
    for path in PATH_FIELDS {
        let folder = match path.leads_to {
            LeadsTo::NameIn { structure, folder } => Some((structure, folder)),
            _ => None,
        };
        for (structure, field) in [Some((path.structure, path.field)), folder]
            .into_iter()
            .flatten()
        {
            let Some((index, spot)) = spot(dna, structure, field, path.kind, path.role) else {
                continue;
            };
            let spots = known.entry(index).or_default();
            if spots.iter().all(|other| other.field != field) {
                spots.push(spot);
            }
        }
    }
    if let Some((index, spot)) = property_spot(dna) {
        known.entry(index).or_default().push(spot);
    }
    known
}

/// Custom properties, among them what is chosen for a modifier's geometry nodes and what add-ons keep.
fn property_spot(dna: &Dna) -> Option<(usize, Spot)> {
    let index = dna.index_of("IDProperty")?;
    let known = dna.structure(index)?;
    let (pointer, offset) = dna.field_at(known, "data.pointer")?;
    if pointer.kind != Kind::Pointer || pointer.count != 1 {
        return None;
    }
    let number = |name: &str| {
        let (field, offset) = dna.field_at(known, name)?;
        let is_number = matches!(field.kind, Kind::Character | Kind::Signed) && field.count == 1;
        is_number.then_some((offset, field.element_size))
    };
    let property = PropertySpot {
        kinds: vec![number("type")?, number("subtype")?],
        lengths: ["len", "totallen"].into_iter().filter_map(number).collect(),
    };
    let spot = Spot {
        structure: "IDProperty",
        field: "data.pointer",
        kind: DependencyKind::CustomProperty,
        role: Role::Input,
        offset,
        size: pointer.size(),
        is_pointer: true,
        subtype: None,
        property: Some(property),
    };
    Some((index, spot))
}

fn spot(
    dna: &Dna,
    structure: &'static str,
    field: &'static str,
    kind: DependencyKind,
    role: Role,
) -> Option<(usize, Spot)> {
    let index = dna.index_of(structure)?;
    let known = dna.structure(index)?;
    let (found, offset) = dna.field_at(known, field)?;
    let is_pointer = found.kind == Kind::Pointer && found.type_name == "char" && found.count == 1;
    if !is_pointer && found.kind != Kind::Character {
        return None;
    }
    let subtype = (structure == "bNodeSocketValueString")
        .then(|| dna.field_at(known, "subtype"))
        .flatten()
        .map(|(field, offset)| (offset, field.element_size));
    let spot = Spot {
        structure,
        field,
        kind,
        role,
        offset,
        size: found.size(),
        is_pointer,
        subtype,
        property: None,
    };
    Some((index, spot))
}
