// SPDX-License-Identifier: Apache-2.0
//! The blocks of a file: what lies where, found by the address that it had in the Blender that wrote it.

use std::sync::OnceLock;

use super::compression::Source;
use super::error::Fault;
use super::header::Header;

/// A file with more blocks than this is taken for an attack; the largest known scenes have a few million.
const MAX_BLOCKS: usize = 20_000_000;
/// Packed, a block takes at least a few bytes; so that a small file can't claim that many, though it may have these.
const MAX_BLOCKS_OF_SMALL: u64 = 1_000_000;
const LEAST_PACKED: u64 = 4;
/// So many blocks are looked through sooner than an index.
const FEW: usize = 64;

/// One block: a run of structures of one kind, or plain data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// What it is: `SC` for a scene, `DATA` for what belongs to the data-block before it, `GLOB`, `DNA1`, `ENDB`.
    pub code: [u8; 4],
    /// The address that it had in memory; pointers are such addresses.
    pub address: u64,
    /// Where its content begins in the unpacked file.
    pub position: u64,
    /// Bytes of its content.
    pub length: u64,
    /// The index of its structure in the DNA.
    pub structure: usize,
    /// How many structures it holds.
    pub count: u64,
    /// The index of the data-block that it belongs to; its own for a data-block.
    pub owner: usize,
}

impl Block {
    /// The code without the zeros that fill it.
    pub fn code_text(&self) -> &str {
        let length = self.code.iter().position(|byte| *byte == 0).unwrap_or(4);
        self.code
            .get(..length)
            .and_then(|code| std::str::from_utf8(code).ok())
            .unwrap_or_default()
    }
}

/// All blocks, in the file's order, and an index by address.
#[derive(Debug)]
pub(super) struct Blocks {
    list: Vec<Block>,
    /// The numbers of those that are no part of another: of data-blocks, and of what is about the file as a whole.
    heads: Vec<usize>,
    /// Addresses with the index of their block, sorted; made when a pointer is first followed.
    by_address: OnceLock<Vec<(u64, u32)>>,
    /// The same of data-blocks alone, and which addresses are none's.
    by_address_of_data: OnceLock<(Vec<(u64, u32)>, Sieve)>,
}

impl Blocks {
    /// Walks over the heads of all blocks, to the one that ends the file.
    pub fn walk(source: &mut Source, header: &Header, size_bytes: u64) -> Result<Self, Fault> {
        let most = MAX_BLOCKS_OF_SMALL.saturating_add(size_bytes / LEAST_PACKED);
        let most = usize::try_from(most).unwrap_or(MAX_BLOCKS).min(MAX_BLOCKS);
        let mut list: Vec<Block> = Vec::new();
        let mut heads = Vec::new();
        let mut position = header.length as u64;
        let mut owner = 0;
        let mut head = vec![0; header.head_length()];
        loop {
            let remaining = source.length() - position.min(source.length());
            if remaining < head.len() as u64 {
                return Err(Fault::Truncated("its last block is missing".to_owned()));
            }
            source.read_at(position, &mut head)?;
            position += head.len() as u64;
            let mut block = parse_head(&head, header)?;
            if &block.code == b"ENDB" {
                break;
            }
            block.position = position;
            position = position
                .checked_add(block.length)
                .filter(|end| *end <= source.length())
                .ok_or_else(|| {
                    Fault::Truncated(format!(
                        "its block {} reaches beyond its end",
                        block.code_text()
                    ))
                })?;
            if &block.code != b"DATA" {
                owner = list.len();
                heads.push(owner);
            }
            block.owner = owner;
            if list.len() >= most {
                return Err(Fault::Corrupt("it has too many blocks".to_owned()));
            }
            list.push(block);
        }
        list.shrink_to_fit();
        Ok(Self {
            list,
            heads,
            by_address: OnceLock::new(),
            by_address_of_data: OnceLock::new(),
        })
    }

    fn by_address(&self) -> &[(u64, u32)] {
        self.by_address.get_or_init(|| {
            let numbered = self.list.iter().zip(0_u32..);
            let mut by_address: Vec<(u64, u32)> = numbered
                .map(|(block, index)| (block.address, index))
                .collect();
            by_address.sort_unstable();
            by_address
        })
    }

    pub fn list(&self) -> &[Block] {
        &self.list
    }

    /// The blocks that are no part of another, with their numbers, in the file's order.
    pub fn data_blocks(&self) -> impl Iterator<Item = (usize, &Block)> {
        let numbers = self.heads.iter();
        numbers.filter_map(|number| Some((*number, self.list.get(*number)?)))
    }

    /// The block that had this address. Blender reuses addresses while it writes, so that the same one can stand for
    /// data of several data-blocks: the seeker's own is meant, else a data-block.
    pub fn find(&self, address: u64, owner: usize) -> Option<usize> {
        if address == 0 {
            return None;
        }
        // Most data-blocks have few blocks, and most pointers lead to one of these.
        let behind = self.list.get(owner..).unwrap_or_default();
        let mut own = behind.iter().take_while(|block| block.owner == owner);
        if let Some(place) = own
            .by_ref()
            .take(FEW)
            .position(|block| block.address == address)
        {
            return Some(owner + place);
        }
        if own.next().is_none()
            && let Some(data_block) = self.data_block(address)
        {
            return Some(data_block);
        }
        let by_address = self.by_address();
        let key = (address, u32::try_from(owner).unwrap_or(u32::MAX));
        // What belongs to a data-block comes after it in the file.
        let first_own = by_address.get(by_address.partition_point(|entry| *entry < key)..);
        let own = first_own
            .and_then(<[_]>::first)
            .filter(|(candidate, _)| *candidate == address)
            .and_then(|(_, index)| usize::try_from(*index).ok())
            .filter(|index| {
                self.list
                    .get(*index)
                    .is_some_and(|block| block.owner == owner)
            });
        own.or_else(|| self.data_block(address)).or_else(|| {
            let first = by_address.partition_point(|(candidate, _)| *candidate < address);
            let (candidate, index) = by_address.get(first)?;
            usize::try_from(*index)
                .ok()
                .filter(|_| *candidate == address)
        })
    }

    /// The data-block that had this address.
    pub fn data_block(&self, address: u64) -> Option<usize> {
        let (data_blocks, sieve) = self.by_address_of_data.get_or_init(|| {
            let numbered = self.list.iter().zip(0_u32..);
            let mut data_blocks: Vec<(u64, u32)> = numbered
                .filter(|(block, _)| &block.code != b"DATA")
                .map(|(block, index)| (block.address, index))
                .collect();
            data_blocks.sort_unstable();
            let sieve = Sieve::of(data_blocks.iter().map(|(address, _)| *address));
            (data_blocks, sieve)
        });
        if !sieve.may_hold(address) {
            return None;
        }
        let first = data_blocks.partition_point(|(candidate, _)| *candidate < address);
        let (candidate, index) = data_blocks.get(first)?;
        usize::try_from(*index)
            .ok()
            .filter(|_| *candidate == address && address != 0)
    }
}

/// Most pointers lead to no data-block, and this says so of most of them at once. A hash map would be as quick, but
/// forged addresses that all have one hash would make it slow; here they only have to be looked up.
#[derive(Debug)]
struct Sieve(Vec<u64>);

impl Sieve {
    /// As many bits as there are such numbers: 16 kB.
    const BITS: u32 = 17;

    fn of(addresses: impl Iterator<Item = u64>) -> Self {
        let mut words = vec![0; 1 << (Self::BITS - 6)];
        for address in addresses {
            let (word, bit) = Self::place(address);
            if let Some(word) = words.get_mut(word) {
                *word |= bit;
            }
        }
        Self(words)
    }

    fn may_hold(&self, address: u64) -> bool {
        let (word, bit) = Self::place(address);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    fn place(address: u64) -> (usize, u64) {
        // The golden ratio spreads what is a multiple of 16 over all bits (Knuth's multiplicative hashing).
        let spread = address.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Self::BITS);
        (
            usize::try_from(spread >> 6).unwrap_or_default(),
            1 << (spread & 63),
        )
    }
}

fn parse_head(head: &[u8], header: &Header) -> Result<Block, Fault> {
    let order = header.byte_order;
    let unsigned = |position, size| order.unsigned(head, position, size).unwrap_or_default();
    let signed = |position, size| {
        let number = order.signed(head, position, size).unwrap_or_default();
        u64::try_from(number).map_err(|_| Fault::Corrupt("a block has a negative size".to_owned()))
    };
    let code = head
        .get(..4)
        .and_then(|code| code.try_into().ok())
        .unwrap_or_default();
    let pointer = header.pointer_size;
    let (address, length, structure, count) = if header.large_heads {
        (
            unsigned(8, 8),
            signed(16, 8)?,
            signed(4, 4)?,
            signed(24, 8)?,
        )
    } else {
        (
            unsigned(8, pointer),
            signed(4, 4)?,
            signed(8 + pointer, 4)?,
            signed(12 + pointer, 4)?,
        )
    };
    let structure = usize::try_from(structure).unwrap_or(usize::MAX);
    Ok(Block {
        code,
        address,
        position: 0,
        length,
        structure,
        count,
        owner: 0,
    })
}
