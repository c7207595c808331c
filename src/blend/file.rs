// SPDX-License-Identifier: Apache-2.0
//! An open .blend file: its header, its blocks, its DNA, and the structures that pointers lead to.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::blocks::{Block, Blocks};
use super::compression::{Compression, Source};
use super::dna::Dna;
use super::error::{BlendError, Fault};
use super::header::{Header, MAX_LENGTH};
use super::item::Item;

/// Structures of one block that are larger than this together are not looked into.
const MAX_STRUCTURES: u64 = 256 * 1024 * 1024;
/// The DNA of Blender 5.2 has about 120 kilobytes.
const MAX_DNA: u64 = 64 * 1024 * 1024;
/// Text behind a pointer is cut here.
const MAX_TEXT: u64 = 64 * 1024;

/// An open .blend file.
#[derive(Debug)]
pub struct BlendFile {
    path: PathBuf,
    size_bytes: u64,
    modified: Option<SystemTime>,
    compression: Compression,
    header: Header,
    blocks: Blocks,
    dna: Dna,
    source: Mutex<Source>,
}

impl BlendFile {
    /// Opens the file, walks over its blocks and reads its DNA; content is read when it is asked for.
    pub fn open(path: &Path) -> Result<Self, BlendError> {
        Self::open_inner(path).map_err(|fault| fault.at(path))
    }

    fn open_inner(path: &Path) -> Result<Self, Fault> {
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(Fault::NotABlend);
        }
        let (mut source, compression) = Source::open(file)?;
        let count = usize::try_from(source.length())
            .unwrap_or(MAX_LENGTH)
            .min(MAX_LENGTH);
        let mut head = vec![0; count];
        source.read_at(0, &mut head)?;
        let header = Header::parse(&head)?;
        let blocks = Blocks::walk(&mut source, &header)?;
        let dna_block = blocks
            .list()
            .iter()
            .rev()
            .find(|block| &block.code == b"DNA1");
        let Some(dna_block) = dna_block.filter(|block| block.length <= MAX_DNA) else {
            return Err(Fault::CorruptDna("it is missing".to_owned()));
        };
        let dna = Dna::parse(&read(&mut source, dna_block, MAX_DNA)?, &header)?;
        Ok(Self {
            path: path.to_owned(),
            size_bytes: metadata.len(),
            modified: metadata.modified().ok(),
            compression,
            header,
            blocks,
            dna,
            source: Mutex::new(source),
        })
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes on disk, packed as they are.
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// When the file was last changed, where the system knows.
    pub fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// How the file is packed.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// The file's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The file's own description of its structures.
    pub fn dna(&self) -> &Dna {
        &self.dna
    }

    /// All blocks, in the file's order.
    pub fn blocks(&self) -> &[Block] {
        self.blocks.list()
    }

    /// The first structure of every block with this code (`SC`, `OB`, `GLOB`).
    pub fn items(&self, code: &str) -> Result<Vec<Item<'_>>, BlendError> {
        let with_code = self
            .blocks()
            .iter()
            .enumerate()
            .filter(|(_, block)| block.code_text() == code);
        with_code
            .filter_map(|(index, _)| self.item(index).transpose())
            .collect()
    }

    /// The structure that an address leads to, as a pointer within the data-block `owner` means it.
    pub fn find(&self, address: u64, owner: usize) -> Result<Option<Item<'_>>, BlendError> {
        self.blocks
            .find(address, owner)
            .map_or(Ok(None), |index| self.item(index))
    }

    /// The text that an address leads to, up to its zero.
    pub fn find_text(&self, address: u64, owner: usize) -> Result<Option<String>, BlendError> {
        let block = self
            .blocks
            .find(address, owner)
            .and_then(|index| self.blocks().get(index));
        block
            .map(|block| self.read(block, MAX_TEXT).map(|bytes| text(&bytes)))
            .transpose()
    }

    /// The numbers of pointer size that an address leads to: an array of pointers.
    pub fn find_pointers(&self, address: u64, owner: usize) -> Result<Vec<u64>, BlendError> {
        let block = self
            .blocks
            .find(address, owner)
            .and_then(|index| self.blocks().get(index));
        let Some(block) = block else {
            return Ok(Vec::new());
        };
        let bytes = self.read(block, MAX_STRUCTURES)?;
        let size = self.header.pointer_size;
        Ok(bytes
            .chunks_exact(size)
            .filter_map(|chunk| self.header.byte_order.unsigned(chunk, 0, size))
            .collect())
    }

    /// The first structure of a block; none where the block holds none.
    fn item(&self, index: usize) -> Result<Option<Item<'_>>, BlendError> {
        let Some(block) = self.blocks().get(index) else {
            return Ok(None);
        };
        let Some(structure) = self.dna.structure(block.structure) else {
            return Ok(None);
        };
        let size = structure.size as u64;
        if size == 0 || block.length < size || block.length > MAX_STRUCTURES {
            return Ok(None);
        }
        let bytes = self.read(block, MAX_STRUCTURES)?;
        Ok(Some(Item::new(self, Arc::from(bytes), block)))
    }

    fn read(&self, block: &Block, limit: u64) -> Result<Vec<u8>, BlendError> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        read(&mut source, block, limit).map_err(|fault| fault.at(&self.path))
    }
}

fn read(source: &mut Source, block: &Block, limit: u64) -> Result<Vec<u8>, Fault> {
    // The walk has proven that the block lies inside the file, so that no more is asked for than there is.
    let mut bytes = vec![0; usize::try_from(block.length.min(limit)).unwrap_or_default()];
    source.read_at(block.position, &mut bytes)?;
    Ok(bytes)
}

/// Bytes up to a zero. What is no UTF-8 is replaced.
pub(super) fn text(bytes: &[u8]) -> String {
    let length = bytes
        .iter()
        .position(|byte| *byte == 0)
        .unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned()
}
