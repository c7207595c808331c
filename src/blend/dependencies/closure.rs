// SPDX-License-Identifier: Apache-2.0
//! From a few data-blocks to all that they use.
//!
//! What belongs to a data-block follows it in the file. So a data-block is read from its head to the next one's, in the
//! file's order, and only pointers to other data-blocks are followed.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::context::{Owner, describe, describe_special};
use super::reach::{PathPlace, Reach};
use super::stored::StoredPath;
use super::users::{Pointed, sequence_users};
use super::{Link, Scanned};
use crate::blend::blocks::Block;
use crate::blend::error::BlendError;
use crate::blend::file::BlendFile;
use crate::blend::header::Header;

/// Blocks that are larger than this hold no structures of Blender's with paths or pointers to data-blocks.
const MAX_BLOCK: u64 = 64 * 1024 * 1024;
/// What Blender's windows show, which no file is needed for.
const OF_WINDOWS: &[&str] = &["SN", "SR", "WM", "WS"];
/// What is only for editing: brushes, paint curves, palettes. Scenes point to the ones chosen last.
const FOR_EDITING: &[&str] = &["BR", "PC", "PL"];

/// Where to begin.
#[derive(Debug, Clone, Copy)]
pub enum Roots<'a> {
    /// All scenes of the file.
    Scenes,
    /// All data-blocks of the file, whether a scene uses them or not.
    All,
    /// The data-blocks of these names, which begin with the two letters of their kind.
    Named(&'a [Vec<u8>]),
}

/// What has been looked at in one file, so that it isn't looked at again when more of it is asked for.
#[derive(Debug, Default)]
pub struct Visited {
    data_blocks: HashSet<usize>,
}

/// Follows pointers from `roots` to every data-block that wasn't visited yet, and collects the paths in them.
/// `is_used` says whether a scene uses the roots.
pub fn scan(
    file: &BlendFile,
    visited: &mut Visited,
    roots: Roots<'_>,
    is_used: bool,
) -> Result<Scanned, BlendError> {
    let blocks = file.data_blocks();
    let mut scan = Scan {
        file,
        libraries: blocks
            .filter(|(_, block)| &block.code == b"LI\0\0")
            .map(|(index, _)| index)
            .collect(),
        visited,
        is_used,
        pending: BTreeSet::new(),
        arrays: HashSet::new(),
        claimed: HashSet::new(),
        pointed: Vec::new(),
        found: Scanned::default(),
        buffer: Vec::new(),
    };
    scan.begin(roots)?;
    while let Some(index) = scan.pending.pop_first() {
        if scan.visited.data_blocks.insert(index) {
            scan.visit(index)?;
        }
    }
    scan.find_sequence_users()?;
    Ok(scan.found)
}

struct Scan<'a> {
    file: &'a BlendFile,
    visited: &'a mut Visited,
    is_used: bool,
    /// Data-blocks to visit, in the file's order.
    pending: BTreeSet<usize>,
    /// Arrays of pointers that have been read.
    arrays: HashSet<usize>,
    /// The blocks that are libraries, in the file's order.
    libraries: Vec<usize>,
    /// Addresses of the data-block's properties that have been told of otherwise.
    claimed: HashSet<u64>,
    /// Pointers to images, from what scenes use.
    pointed: Vec<Pointed>,
    found: Scanned,
    buffer: Vec<u8>,
}

impl<'a> Scan<'a> {
    fn begin(&mut self, roots: Roots<'_>) -> Result<(), BlendError> {
        let mut missing: HashSet<&[u8]> = match roots {
            Roots::Named(names) => names.iter().map(Vec::as_slice).collect(),
            _ => HashSet::new(),
        };
        let codes: HashSet<[u8; 2]> = missing.iter().filter_map(|name| two(name)).collect();
        let file = self.file;
        for (index, block) in file.data_blocks() {
            match roots {
                Roots::Scenes if block.code_text() != "SC" => continue,
                Roots::Named(_) => {
                    if !two(&block.code).is_some_and(|code| codes.contains(&code)) {
                        continue;
                    }
                    let name = self.head(block)?.name;
                    if !missing.remove(name.as_slice()) {
                        continue;
                    }
                }
                _ => {}
            }
            self.push(index);
        }
        let mut missing: Vec<String> = missing
            .into_iter()
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        missing.sort();
        self.found.not_found = missing;
        Ok(())
    }

    /// Puts a data-block on the list, where it is one and wasn't visited.
    fn push(&mut self, index: usize) {
        let Some(block) = self.file.blocks().get(index) else {
            return;
        };
        let code = block.code_text();
        if OF_WINDOWS.contains(&code) || self.is_used && FOR_EDITING.contains(&code) {
            return;
        }
        if !self.visited.data_blocks.contains(&index) {
            self.pending.insert(index);
        }
    }

    fn visit(&mut self, index: usize) -> Result<(), BlendError> {
        let file = self.file;
        let Some(block) = file.blocks().get(index) else {
            return Ok(());
        };
        let Some(structure) = file.dna().structure(block.structure) else {
            return Ok(());
        };
        let is_data_block = self.reach(block).is_some_and(|reach| reach.is_data_block);
        if structure.name == "ID" {
            return self.visit_link(index, block);
        }
        if !is_data_block {
            return Ok(());
        }
        self.claimed.clear();
        let head = self.head(block)?;
        let library = head.library.and_then(|address| self.library(address));
        let packed_from = match library {
            Some(library) => {
                self.push(library);
                self.library_path(library)?
            }
            None => None,
        };
        let owner = Owner {
            kind: structure.name.clone(),
            id_name: head.name,
            data_block: index,
            packed_from,
            is_used: self.is_used,
        };
        let blocks = file.blocks().get(index..).unwrap_or_default();
        let own = blocks
            .iter()
            .enumerate()
            .take_while(|(_, block)| block.owner == index);
        for (number, block) in own {
            // What is stored as the first structure, or as none, is plain data, whatever that structure is.
            if number > 0 && block.structure == 0 {
                continue;
            }
            let Some(reach) = self.reach(block).filter(|reach| reach.is_of_interest()) else {
                continue;
            };
            self.look_into(index + number, block, reach, &owner)?;
        }
        Ok(())
    }

    /// Something of another file: its library, and its name there.
    fn visit_link(&mut self, index: usize, block: &Block) -> Result<(), BlendError> {
        let head = self.head(block)?;
        let Some(library) = self.library_of(index, &head) else {
            return Ok(());
        };
        self.push(library);
        if let Some(path) = self.library_path(library)? {
            self.found.links.push(Link {
                library: path,
                name: head.name,
            });
        }
        Ok(())
    }

    /// The block of the library that something of another file lies in.
    fn library_of(&self, index: usize, head: &Head) -> Option<usize> {
        head.library
            .and_then(|address| self.library(address))
            // What is linked follows its library in the file.
            .or_else(|| {
                let before = self.libraries.partition_point(|library| *library < index);
                self.libraries.get(before.checked_sub(1)?).copied()
            })
    }

    /// Says who shows the sequences that were found, and when.
    fn find_sequence_users(&mut self) -> Result<(), BlendError> {
        if !self.is_used {
            return Ok(());
        }
        let file = self.file;
        let mut pointed = std::mem::take(&mut self.pointed);
        pointed.sort_unstable();
        pointed.dedup();
        let dependencies = std::mem::take(&mut self.found.dependencies);
        let link_of = |index: usize| {
            let Some(block) = self.file.blocks().get(index) else {
                return Ok(None);
            };
            let head = self.head(block)?;
            let Some(library) = self.library_of(index, &head) else {
                return Ok(None);
            };
            let path = self.library_path(library)?;
            Ok(path.map(|library| Link {
                library,
                name: head.name,
            }))
        };
        let users = sequence_users(file, &pointed, &dependencies, link_of)?;
        self.found.dependencies = dependencies;
        self.found.sequence_users = users;
        Ok(())
    }

    fn look_into(
        &mut self,
        index: usize,
        block: &Block,
        reach: &Reach,
        owner: &Owner,
    ) -> Result<(), BlendError> {
        if reach.size == 0 || block.length > MAX_BLOCK {
            return Ok(());
        }
        let header = self.file.header();
        let mut buffer = std::mem::take(&mut self.buffer);
        self.file.read_into(block, MAX_BLOCK, &mut buffer)?;
        let count = usize::try_from(block.count).unwrap_or(usize::MAX);
        let mut shared: Option<Arc<[u8]>> = None;
        for (number, bytes) in buffer.chunks_exact(reach.size).take(count).enumerate() {
            for offset in &reach.pointers {
                if let Some(target) = pointer(header, bytes, *offset) {
                    self.follow(target, (index, number));
                }
            }
            for offset in &reach.arrays {
                if let Some(target) = pointer(header, bytes, *offset) {
                    self.follow_array(target, block.owner)?;
                }
            }
            let is_stored = |path: &&PathPlace| {
                if path.is_pointer {
                    pointer(header, bytes, path.offset).is_some()
                } else {
                    bytes.get(path.offset).is_some_and(|byte| *byte != 0)
                }
            };
            if !reach.is_special && !reach.paths.iter().any(|path| is_stored(&path)) {
                continue;
            }
            let shared = shared.get_or_insert_with(|| Arc::from(buffer.as_slice()));
            let Some(item) = self.file.item_in(index, Arc::clone(shared), number) else {
                break;
            };
            if reach.is_special {
                let into = &mut self.found.dependencies;
                describe_special(&item, owner, &mut self.claimed, into)?;
            } else {
                for path in reach.paths.iter().filter(is_stored) {
                    describe(&item, path.row, owner, &mut self.found.dependencies)?;
                }
            }
        }
        self.buffer = buffer;
        Ok(())
    }

    /// Follows a pointer in a structure: which block, and which structure of it.
    fn follow(&mut self, address: u64, (block, number): (usize, usize)) {
        let Some(index) = self.file.data_block(address) else {
            return;
        };
        self.push(index);
        let target = self.file.blocks().get(index);
        // Of what lies in another file only the name says whether it is an image.
        if target.is_some_and(|target| matches!(target.code_text(), "IM" | "ID")) {
            self.pointed.push(Pointed {
                image: index,
                block,
                number,
            });
        }
    }

    fn follow_array(&mut self, address: u64, owner: usize) -> Result<(), BlendError> {
        let Some(index) = self.file.block_at(address, owner) else {
            return Ok(());
        };
        let Some(block) = self.file.blocks().get(index) else {
            return Ok(());
        };
        if &block.code != b"DATA" || !self.arrays.insert(index) {
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.file.read_into(block, MAX_BLOCK, &mut bytes)?;
        let header = self.file.header();
        for offset in (0..bytes.len()).step_by(header.pointer_size) {
            if let Some(target) = pointer(header, &bytes, offset) {
                self.follow(target, (index, 0));
            }
        }
        Ok(())
    }

    fn reach(&self, block: &Block) -> Option<&'a Reach> {
        self.file.dna().reaches().get(block.structure)
    }

    /// The block of the library that an address leads to.
    fn library(&self, address: u64) -> Option<usize> {
        let index = self.file.data_block(address)?;
        let block = self.file.blocks().get(index)?;
        (block.code_text() == "LI").then_some(index)
    }

    fn library_path(&self, index: usize) -> Result<Option<StoredPath>, BlendError> {
        Ok(match self.file.item(index)? {
            Some(library) => library.stored("name")?.filter(|path| !path.is_empty()),
            None => None,
        })
    }

    /// What all data-blocks begin with.
    fn head(&mut self, block: &Block) -> Result<Head, BlendError> {
        let dna = self.file.dna();
        let description = dna.index_of("ID").and_then(|index| dna.structure(index));
        let Some(description) = description else {
            return Ok(Head::default());
        };
        let limit = description.size as u64;
        self.file.read_into(block, limit, &mut self.buffer)?;
        let field = |name| description.field(name);
        let name = field("name")
            .and_then(|field| self.buffer.get(field.offset..field.offset + field.size()))
            .map(|bytes| StoredPath::new(bytes).as_bytes().to_owned());
        let library =
            field("lib").and_then(|field| pointer(self.file.header(), &self.buffer, field.offset));
        Ok(Head {
            name: name.unwrap_or_default(),
            library,
        })
    }
}

/// The name of a data-block with the two letters of its kind, and the address of its library.
#[derive(Default)]
struct Head {
    name: Vec<u8>,
    library: Option<u64>,
}

fn pointer(header: &Header, bytes: &[u8], offset: usize) -> Option<u64> {
    let address = header
        .byte_order
        .unsigned(bytes, offset, header.pointer_size)?;
    (address != 0).then_some(address)
}

fn two(bytes: &[u8]) -> Option<[u8; 2]> {
    bytes.get(..2)?.try_into().ok()
}
