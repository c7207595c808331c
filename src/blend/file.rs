// SPDX-License-Identifier: Apache-2.0
//! An open .blend file: its header, its blocks, its DNA, and the structures that pointers lead to.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::blocks::{Block, Blocks};
use super::compression::{Compression, Piece, Source};
use super::dependencies::{Place, StoredPath};
use super::dna::Dna;
use super::error::{BlendError, Fault};
use super::header::{Header, MAX_LENGTH};
use super::item::Item;

/// Structures of one block that are larger than this together are not looked into.
pub(super) const MAX_STRUCTURES: u64 = 256 * 1024 * 1024;
/// The DNA of Blender 5.2 has about 120 kilobytes.
const MAX_DNA: u64 = 2 * 1024 * 1024;
/// Larger structures are not what is read most.
const MAX_SCRATCH: usize = 64 * 1024;
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
    dna: Arc<Dna>,
    source: Mutex<Source>,
    /// Where single structures are read to, before they are kept.
    scratch: Mutex<Vec<u8>>,
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
        let blocks = Blocks::walk(&mut source, &header, metadata.len())?;
        let dna_block = blocks
            .list()
            .iter()
            .rev()
            .find(|block| &block.code == b"DNA1");
        let Some(dna_block) = dna_block.filter(|block| block.length <= MAX_DNA) else {
            return Err(Fault::CorruptDna("it is missing".to_owned()));
        };
        let dna = Dna::shared(&read(&mut source, dna_block, MAX_DNA)?, &header)?;
        Ok(Self {
            path: path.to_owned(),
            size_bytes: metadata.len(),
            modified: metadata.modified().ok(),
            compression,
            header,
            blocks,
            dna,
            source: Mutex::new(source),
            scratch: Mutex::default(),
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

    /// The blocks that are no part of another, with their numbers.
    pub(super) fn data_blocks(&self) -> impl Iterator<Item = (usize, &Block)> {
        self.blocks.data_blocks()
    }

    /// The first structure of every block with this code (`SC`, `OB`, `GLOB`), parts of data-blocks left out.
    pub fn items(&self, code: &str) -> Result<Vec<Item<'_>>, BlendError> {
        let mut wanted = [0; 4];
        for (place, letter) in wanted.iter_mut().zip(code.bytes()) {
            *place = letter;
        }
        let with_code = self.data_blocks().filter(|(_, block)| block.code == wanted);
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

    /// The bytes that [`Self::find_text`] makes text of.
    pub(super) fn find_stored(
        &self,
        address: u64,
        owner: usize,
    ) -> Result<Option<StoredPath>, BlendError> {
        let block = self
            .blocks
            .find(address, owner)
            .and_then(|index| self.blocks().get(index));
        block
            .map(|block| Ok(StoredPath::new(&self.read(block, MAX_TEXT)?)))
            .transpose()
    }

    /// Where the content of the block lies that an address leads to.
    pub(super) fn place_of_block(&self, address: u64, owner: usize) -> Option<Place> {
        let index = self.blocks.find(address, owner)?;
        self.blocks().get(index).map(|block| Place {
            position: block.position,
            capacity: block.length,
            is_block: true,
        })
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
    pub(super) fn item(&self, index: usize) -> Result<Option<Item<'_>>, BlendError> {
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
        let mut scratch = self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_into(block, MAX_STRUCTURES, &mut scratch)?;
        let bytes = Arc::from(scratch.as_slice());
        if scratch.len() > MAX_SCRATCH {
            *scratch = Vec::new();
        }
        Ok(Some(Item::new(self, bytes, block)))
    }

    /// One of the structures of a block; none where the block holds fewer.
    pub(super) fn item_in(
        &self,
        index: usize,
        bytes: Arc<[u8]>,
        number: usize,
    ) -> Option<Item<'_>> {
        let block = self.blocks().get(index)?;
        let size = self.dna.structure(block.structure)?.size;
        let start = number.checked_mul(size)?;
        (bytes.len() >= start.checked_add(size)?).then(|| Item::new(self, bytes, block).at(start))
    }

    /// The data-block that had this address.
    pub(super) fn data_block(&self, address: u64) -> Option<usize> {
        self.blocks.data_block(address)
    }

    /// The block that an address leads to, as a pointer within the data-block `owner` means it.
    pub(super) fn block_at(&self, address: u64, owner: usize) -> Option<usize> {
        self.blocks.find(address, owner)
    }

    /// Fills the buffer with the beginning of a block's content, at most `limit` bytes of it.
    pub(super) fn read_into(
        &self,
        block: &Block,
        limit: u64,
        buffer: &mut Vec<u8>,
    ) -> Result<(), BlendError> {
        buffer.resize(
            usize::try_from(block.length.min(limit)).unwrap_or_default(),
            0,
        );
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source
            .read_at(block.position, buffer)
            .map_err(|fault| fault.at(&self.path))
    }

    /// All bytes of a block.
    pub(super) fn whole(&self, block: &Block) -> Result<Vec<u8>, BlendError> {
        self.read(block, MAX_STRUCTURES)
    }

    /// The bytes of a block that is text.
    pub(super) fn text_block(&self, block: &Block) -> Result<Vec<u8>, BlendError> {
        self.read(block, MAX_TEXT)
    }

    /// Appends the bytes from one place of the unpacked file to another.
    pub(super) fn append(
        &self,
        start: u64,
        end: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), BlendError> {
        let from = bytes.len();
        let wanted = usize::try_from(end.saturating_sub(start)).unwrap_or_default();
        bytes.resize(from + wanted, 0);
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source
            .read_at(start, bytes.get_mut(from..).unwrap_or_default())
            .map_err(|fault| fault.at(&self.path))
    }

    /// The whole unpacked file in pieces: those that it is packed in, else such of this size.
    pub(super) fn pieces(&self, size: u64) -> Vec<Piece> {
        let source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.pieces(size)
    }

    /// A piece as it is packed; none where it isn't packed by itself.
    pub(super) fn packed(&self, piece: &Piece) -> Result<Option<Vec<u8>>, BlendError> {
        let source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.packed(piece).map_err(|fault| fault.at(&self.path))
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
    String::from_utf8_lossy(text_bytes(bytes)).into_owned()
}

/// Bytes up to a zero.
pub(super) fn text_bytes(bytes: &[u8]) -> &[u8] {
    bytes.split(|byte| *byte == 0).next().unwrap_or_default()
}
