// SPDX-License-Identifier: Apache-2.0
//! An input, laid on disk as a .blend file.
//!
//! The first byte of an input says how the others are packed, and what a target does with them: most changes to packed
//! bytes only break the packing, and little would be learned of what lies within.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::maker::{Layout, small_file};

/// Names that libraries of the seeds have. All lead to the input itself, so that it links, and links in circles.
const LIBRARIES: &[&str] = &[
    "library.blend",
    "basic_file.blend",
    "linked_cube.blend",
    "doubly_linked.blend",
    "recursive_dependency_1.blend",
    "recursive_dependency_2.blend",
];
/// Bytes of a frame of zstd: small, so that small inputs have many.
const FRAME: usize = 16 * 1024;
const TABLE_FRAME: u32 = 0x184d_2a5e;
const TABLE_MARK: u32 = 0x8f92_eab1;

static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();

/// The folder in which inputs and what is made of them lie, below the system's folder for temporary files.
pub fn folder() -> &'static Path {
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::Builder::new().prefix("farmhand-fuzz-").tempdir();
        let folder = folder.expect("a temporary folder");
        for name in LIBRARIES {
            let link = folder.path().join(name);
            std::os::unix::fs::symlink("input.blend", link).expect("a link");
        }
        folder
    });
    folder.path()
}

/// An input as a file, and the bits of its first byte that are left to the target.
pub struct Laid {
    /// The file.
    pub path: PathBuf,
    /// What the target may read as it likes: 0 to 31.
    pub choice: u8,
}

/// Lays an input on disk; none where it has no first byte.
pub fn lay(input: &[u8]) -> Option<Laid> {
    let (first, bytes) = input.split_first()?;
    let packed = match first & 7 {
        1 => gzip(bytes),
        2 => zstd(bytes, bytes.len().max(1), false),
        3 => zstd(bytes, FRAME, false),
        4 => zstd(bytes, FRAME, true),
        5 => hand_made(bytes),
        // As they are, which may be packed already.
        _ => bytes.to_owned(),
    };
    let path = folder().join("input.blend");
    fs::write(&path, packed).expect("room for an input");
    Some(Laid {
        path,
        choice: first >> 3,
    })
}

/// A small file of a layout that no Blender of today writes, each byte changed by adding one of the input's.
fn hand_made(bytes: &[u8]) -> Vec<u8> {
    let (first, changes) = bytes.split_first().unwrap_or((&0, &[]));
    let mut file = small_file(Layout {
        pointer_size: if first & 1 == 0 { 4 } else { 8 },
        big_endian: first & 2 != 0,
        large_heads: first & 5 == 5,
    });
    for (byte, change) in file.iter_mut().zip(changes) {
        *byte = byte.wrapping_add(*change);
    }
    file
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("room in memory");
    encoder.finish().expect("room in memory")
}

fn zstd(bytes: &[u8], size: usize, has_table: bool) -> Vec<u8> {
    let (mut packed, mut table) = (Vec::new(), Vec::new());
    for chunk in bytes.chunks(size) {
        let frame = zstd::bulk::compress(chunk, 1).expect("room in memory");
        for length in [frame.len(), chunk.len()] {
            table.extend(u32::try_from(length).expect("a small input").to_le_bytes());
        }
        packed.extend(frame);
    }
    if has_table {
        let count = u32::try_from(table.len() / 8).expect("a small input");
        packed.extend(TABLE_FRAME.to_le_bytes());
        packed.extend((count * 8 + 9).to_le_bytes());
        packed.extend(table);
        packed.extend(count.to_le_bytes());
        packed.push(0);
        packed.extend(TABLE_MARK.to_le_bytes());
    }
    packed
}
