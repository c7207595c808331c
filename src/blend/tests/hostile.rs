// SPDX-License-Identifier: Apache-2.0
//! Files that were forged to take a reader's stack, memory or time.

use super::{facts_of, scan_of, zstd_frames};
use crate::blend::BlendError;

/// A type's name, its bytes, and its fields as pairs of type and name; without fields it is no structure.
type Type = (&'static str, u16, Vec<(&'static str, &'static str)>);

/// What all of these files have.
fn types() -> Vec<Type> {
    vec![
        ("char", 1, vec![]),
        ("short", 2, vec![]),
        ("void", 0, vec![]),
        ("ID", 8, vec![("char", "name[8]")]),
        ("ListBase", 16, vec![("void", "*first"), ("void", "*last")]),
        ("Scene", 24, vec![("ID", "id"), ("ListBase", "view_layers")]),
    ]
}

fn dna(types: &[Type]) -> Vec<u8> {
    let mut names: Vec<&str> = Vec::new();
    for (_, name) in types.iter().flat_map(|(_, _, fields)| fields) {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let short = |number: usize| u16::try_from(number).unwrap().to_le_bytes();
    let long = |number: usize| u32::try_from(number).unwrap().to_le_bytes();
    let of_type = |name: &str| short(types.iter().position(|known| known.0 == name).unwrap());
    let mut bytes = b"SDNANAME".to_vec();
    bytes.extend(long(names.len()));
    bytes.extend(
        names
            .iter()
            .flat_map(|name| [name, "\0"].concat().into_bytes()),
    );
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(b"TYPE");
    bytes.extend(long(types.len()));
    bytes.extend(
        types
            .iter()
            .flat_map(|(name, ..)| [name, "\0"].concat().into_bytes()),
    );
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(b"TLEN");
    bytes.extend(types.iter().flat_map(|(_, size, _)| size.to_le_bytes()));
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.extend(b"STRC");
    let structures = || types.iter().filter(|(_, _, fields)| !fields.is_empty());
    bytes.extend(long(structures().count()));
    for (name, _, fields) in structures() {
        bytes.extend(of_type(name));
        bytes.extend(short(fields.len()));
        for (kind, name) in fields {
            bytes.extend(of_type(kind));
            bytes.extend(short(names.iter().position(|known| known == name).unwrap()));
        }
    }
    bytes
}

/// A file with these blocks: code, address, structure, content.
fn file(types: &[Type], blocks: &[(&[u8; 4], u64, &str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"BLENDER-v279".to_vec();
    let description = dna(types);
    let end = [(b"DNA1", 1, "", description), (b"ENDB", 0, "", Vec::new())];
    for (code, address, structure, content) in blocks.iter().chain(&end) {
        let mut structures = types.iter().filter(|(_, _, fields)| !fields.is_empty());
        let size = types.iter().find(|known| known.0 == *structure);
        let size = size.map_or(1, |(_, size, _)| usize::from(*size)).max(1);
        let structure = structures
            .position(|known| known.0 == *structure)
            .unwrap_or(0);
        bytes.extend(*code);
        bytes.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
        bytes.extend(address.to_le_bytes());
        bytes.extend(u32::try_from(structure).unwrap().to_le_bytes());
        bytes.extend(u32::try_from(content.len() / size).unwrap().to_le_bytes());
        bytes.extend(content);
    }
    bytes
}

/// A scene whose list of view layers begins at this address.
fn scene(first: u64) -> Vec<u8> {
    let pointers = [first.to_le_bytes(), [0; 8]].concat();
    [b"SCScene\0".to_vec(), pointers].concat()
}

#[test]
fn a_structure_that_begins_with_itself_ends_a_list() {
    let mut types = types();
    types.push(("Endless", 8, vec![("Endless", "inner")]));
    let blocks = [
        (b"SC\0\0", 0x10, "Scene", scene(0x20)),
        (b"DATA", 0x20, "Endless", vec![0; 8]),
    ];
    let bytes = file(&types, &blocks);
    assert_eq!(facts_of(&bytes).unwrap().scenes.len(), 1);
    scan_of(&bytes).unwrap();
}

#[test]
fn a_name_that_would_be_kept_a_million_times_is_refused() {
    let mut types = types();
    let name: &'static str = "x".repeat(100_000).leak();
    types.push((name, 8, vec![("void", "*pointer")]));
    let error = facts_of(&file(&types, &[])).unwrap_err();
    assert!(matches!(error, BlendError::CorruptDna { .. }), "{error}");
}

#[test]
fn more_blocks_than_a_small_file_can_hold_are_refused() {
    let empty = file(&types(), &[(b"DATA", 0x10, "", Vec::new())]);
    let (head, rest) = empty.split_at(12);
    let (block, end) = rest.split_at(24);
    let bytes = [head, &block.repeat(1_100_000), end].concat();
    // Such as nobody packed them, they may be there.
    assert!(facts_of(&bytes).is_ok());
    let error = facts_of(&zstd_frames(&bytes, 1 << 20, true)).unwrap_err();
    assert!(matches!(error, BlendError::Corrupt { .. }), "{error}");
}

#[test]
fn a_file_that_leads_to_the_same_bytes_without_end_is_refused() {
    let mut types = types();
    types.push(("Strip", 8, vec![("char", "dir[8]")]));
    types.push((
        "Sequence",
        16,
        vec![("short", "type"), ("short", "pad[3]"), ("Strip", "*strip")],
    ));
    let strip = [[0; 8], 0x30_u64.to_le_bytes()].concat();
    let scanned = |strips: usize| {
        let blocks = [
            (b"SC\0\0", 0x10, "Scene", scene(0)),
            (b"DATA", 0x20, "Sequence", strip.repeat(strips)),
            (b"DATA", 0x30, "Strip", vec![b'x'; 1 << 20]),
        ];
        scan_of(&file(&types, &blocks))
    };
    assert!(scanned(10).is_ok());
    let error = scanned(2_000).unwrap_err();
    assert!(matches!(error, BlendError::Corrupt { .. }), "{error}");
}
