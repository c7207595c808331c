// SPDX-License-Identifier: Apache-2.0
//! What each structure of a DNA leads to: where pointers to data-blocks lie in it, and which paths it holds.
//!
//! A closure over these pointers, whatever they are called, is what keeps up with Blender: nothing here names a kind of
//! data, except what must not be followed.

use std::collections::HashMap;

use super::table::{LeadsTo, PATH_FIELDS, PathField};
use crate::blend::dna::{Dna, Field, Kind};

/// Pointers that lead to data-blocks that aren't used: to neighbours in Blender's own lists, to what was shown last.
const NOT_FOLLOWED: &[(&str, &str)] = &[
    ("ListBase", ""),
    ("ID", ""),
    ("Library", ""),
    // The scene that an image was last shown in.
    ("ImageUser", "scene"),
    // The owner.
    ("Key", "from"),
    ("bNodeTree", "owner_id"),
    ("Collection", "owner_id"),
];

/// Structures whose paths depend on more than one field that isn't empty.
const SPECIAL: &[&str] = &[
    "Image",
    "PointCache",
    "Sequence",
    "StripProxy",
    "IDProperty",
    "CollectionExport",
    "NodeImageMultiFile",
];

/// The pointers of all structures together, inner ones counted in each that contains them: beyond this, which is some
/// hundred times Blender's, a DNA is forged, and what lies behind it is not followed.
const MAX_POINTERS: usize = 2_000_000;

/// [`Reach`] for all structures of a DNA.
#[derive(Debug)]
pub(in crate::blend) struct Reaches(Vec<Reach>);

/// What one structure leads to.
#[derive(Debug, Default, Clone)]
pub(super) struct Reach {
    /// Bytes of the structure.
    pub size: usize,
    /// Whether this is a data-block: it begins with an `ID`.
    pub is_data_block: bool,
    /// Where pointers lie that may lead to data-blocks.
    pub pointers: Vec<usize>,
    /// Where pointers lie that lead to arrays of such pointers.
    pub arrays: Vec<usize>,
    /// The paths in it, with their places.
    pub paths: Vec<PathPlace>,
    /// Whether it is one of [`SPECIAL`].
    pub is_special: bool,
}

/// Where a path lies in a structure.
#[derive(Debug, Clone)]
pub(super) struct PathPlace {
    pub row: &'static PathField,
    pub offset: usize,
    /// Whether a pointer to the text lies there, rather than the text.
    pub is_pointer: bool,
}

impl Reach {
    /// Whether there is anything to look at.
    pub fn is_of_interest(&self) -> bool {
        self.is_special
            || !(self.pointers.is_empty() && self.arrays.is_empty() && self.paths.is_empty())
    }
}

impl Reaches {
    pub(in crate::blend) fn of(dna: &Dna) -> Self {
        let mut rows: HashMap<&str, Vec<&'static PathField>> = HashMap::new();
        for row in PATH_FIELDS {
            rows.entry(row.structure).or_default().push(row);
        }
        let mut found = vec![None; dna.structures().len()];
        let mut room = MAX_POINTERS;
        for index in 0..found.len() {
            flatten(dna, index, &mut found, &mut room);
        }
        let mut reaches: Vec<Reach> = found.into_iter().map(Option::unwrap_or_default).collect();
        for (structure, reach) in dna.structures().iter().zip(&mut reaches) {
            reach.size = structure.size;
            reach.is_data_block = is_data_block(dna, &structure.name);
            reach.is_special = SPECIAL.contains(&structure.name.as_str());
            let own = rows.get(structure.name.as_str());
            reach.paths = own
                .into_iter()
                .flatten()
                .filter(|row| row.leads_to == LeadsTo::File || row.leads_to == LeadsTo::Folder)
                .filter_map(|row| {
                    let (field, offset) = dna.field_at(structure, row.field)?;
                    Some(PathPlace {
                        row,
                        offset,
                        is_pointer: field.kind == Kind::Pointer,
                    })
                })
                .collect();
        }
        Self(reaches)
    }

    pub(super) fn get(&self, structure: usize) -> Option<&Reach> {
        self.0.get(structure)
    }
}

/// Collects the pointers of a structure and of those inside it. A structure that contains itself, which only a forged
/// DNA has, has none.
fn flatten(dna: &Dna, index: usize, found: &mut [Option<Reach>], room: &mut usize) {
    // Structures with the number of their fields that have been looked at.
    let mut open = vec![(index, 0)];
    while let Some((current, looked_at)) = open.last_mut() {
        let current = *current;
        let Some(structure) = dna.structure(current) else {
            return;
        };
        // Inner structures first. What is begun has an entry already, without pointers.
        let rest = structure.fields.get(*looked_at..).unwrap_or_default();
        let missing = rest.iter().find_map(|field| {
            *looked_at += 1;
            match field.kind {
                Kind::Structure(inner) if found.get(inner).is_some_and(Option::is_none) => {
                    Some(inner)
                }
                _ => None,
            }
        });
        if let Some(inner) = missing {
            if let Some(slot) = found.get_mut(inner) {
                *slot = Some(Reach::default());
            }
            open.push((inner, 0));
            continue;
        }
        let mut reach = Reach::default();
        for field in &structure.fields {
            add(dna, &structure.name, field, found, &mut reach);
        }
        let held = reach.pointers.len() + reach.arrays.len();
        *room = room.saturating_sub(held);
        if *room == 0 {
            reach = Reach::default();
        }
        if let Some(slot) = found.get_mut(current) {
            *slot = Some(reach);
        }
        open.pop();
    }
}

fn add(dna: &Dna, structure: &str, field: &Field, found: &[Option<Reach>], reach: &mut Reach) {
    let ends_here = NOT_FOLLOWED
        .iter()
        .any(|(name, barred)| *name == structure && (barred.is_empty() || *barred == field.name));
    if ends_here || field.element_size == 0 {
        return;
    }
    let places = (0..field.count).map(|element| field.offset + element * field.element_size);
    match field.kind {
        Kind::Structure(inner) => {
            let Some(Some(inner)) = found.get(inner) else {
                return;
            };
            if inner.pointers.is_empty() && inner.arrays.is_empty() {
                return;
            }
            for place in places {
                reach
                    .pointers
                    .extend(inner.pointers.iter().map(|offset| place + offset));
                reach
                    .arrays
                    .extend(inner.arrays.iter().map(|offset| place + offset));
            }
        }
        Kind::Pointer => {
            let target = field.type_name.as_str();
            if !matches!(target, "void" | "ID") && !is_data_block(dna, target) {
                return;
            }
            match field.stars {
                1 => reach.pointers.extend(places),
                2 => reach.arrays.extend(places),
                _ => {}
            }
        }
        _ => {}
    }
}

fn is_data_block(dna: &Dna, name: &str) -> bool {
    let structure = dna.index_of(name).and_then(|index| dna.structure(index));
    structure
        .and_then(|structure| structure.fields.first())
        .is_some_and(|first| first.type_name == "ID" && first.stars == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blend::{ByteOrder, Header};

    /// So many structures of 8,000 pointers each, all inside each other but for the first.
    fn nested(structures: u16) -> Vec<u8> {
        let text = |tag: &[u8], names: &[&str]| {
            let count = u32::try_from(names.len()).unwrap().to_le_bytes();
            let mut bytes = [tag, &count].concat();
            bytes.extend(
                names
                    .iter()
                    .flat_map(|name| [name, "\0"].concat().into_bytes()),
            );
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes
        };
        let own: Vec<String> = (0..structures)
            .map(|number| format!("Nest{number}"))
            .collect();
        let types: Vec<&str> = ["ID"]
            .into_iter()
            .chain(own.iter().map(String::as_str))
            .collect();
        let mut bytes = b"SDNA".to_vec();
        bytes.extend(text(b"NAME", &["*many[8000]", "inner"]));
        bytes.extend(text(b"TYPE", &types));
        bytes.extend(b"TLEN");
        bytes.extend(types.iter().flat_map(|_| 64_000_u16.to_le_bytes()));
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(b"STRC");
        bytes.extend(u32::from(structures).to_le_bytes());
        for number in 0..structures {
            // The first points to IDs; each other holds the one before it.
            let field = if number == 0 { [0, 0] } else { [number, 1] };
            let words = [number + 1, 1].into_iter().chain(field);
            bytes.extend(words.flat_map(u16::to_le_bytes));
        }
        bytes
    }

    #[test]
    fn structures_within_structures_have_a_bounded_number_of_pointers() {
        let header = Header::parse(b"BLENDER-v279").unwrap();
        assert_eq!(header.byte_order, ByteOrder::Little);
        let pointers = |structures| {
            let dna = Dna::parse(&nested(structures), &header).unwrap();
            let reaches = Reaches::of(&dna);
            let held = reaches.0.iter().map(|reach| reach.pointers.len());
            held.sum::<usize>()
        };
        assert_eq!(pointers(10), 80_000);
        assert!(pointers(60_000) <= MAX_POINTERS);
    }
}
