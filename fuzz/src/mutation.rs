// SPDX-License-Identifier: Apache-2.0
//! Changes that know what a .blend file is made of.
//!
//! Most of a small file is the description of its structures, which is seldom what makes a difference. Three of four
//! changes therefore go into one block, heads included: its bytes are changed in place, or become an address that
//! another block has, or the block is repeated or left out.

use std::ops::Range;

use libfuzzer_sys::fuzzer_mutate;

/// Bytes of a block that are changed at a time.
const WINDOW: usize = 512;

/// Changes `data`, of which `size` bytes are an input, and says how many are one then.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice(u64::from(seed) | 1 << 40);
    let blocks = blocks(&data[..size]);
    if blocks.is_empty() || dice.below(4) == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let whole = blocks[dice.below(blocks.len())].clone();
    match dice.below(8) {
        0..=3 => {
            let start = whole.start + WINDOW * dice.below(whole.len().div_ceil(WINDOW));
            let end = whole.end.min(start + WINDOW);
            // No more than there was, so that the block keeps its length.
            fuzzer_mutate(&mut data[start..end], end - start, end - start);
            size
        }
        4 | 5 => {
            let from = blocks[dice.below(blocks.len())].start + 8;
            let to = whole.start + 8 * dice.below(whole.len() / 8);
            if from + 8 <= size && to + 8 <= size {
                data.copy_within(from..from + 8, to);
            }
            size
        }
        6 => {
            data[..size].copy_within(whole.end.., whole.start);
            size - whole.len()
        }
        _ if size + whole.len() <= max_size => {
            data[..size + whole.len()].copy_within(whole.start..size, whole.end);
            size + whole.len()
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
}

/// The blocks of an input, heads included, without the description of the structures; none where it is packed.
fn blocks(input: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let Some(header) = input
        .get(1..18)
        .filter(|header| header.starts_with(b"BLENDER"))
    else {
        return found;
    };
    let is_large = header[7].is_ascii_digit();
    let (mut start, head) = match (is_large, header[7]) {
        (true, _) => (18, 32),
        (false, b'_') => (13, 20),
        (false, _) => (13, 24),
    };
    let is_big_endian = header[8] == b'V' && !is_large;
    while let Some(bytes) = input.get(start..start + head) {
        let length = if is_large {
            &bytes[16..20]
        } else {
            &bytes[4..8]
        };
        let length = <[u8; 4]>::try_from(length).unwrap_or_default();
        let length = if is_big_endian {
            u32::from_be_bytes(length)
        } else {
            u32::from_le_bytes(length)
        };
        let end = start.saturating_add(head).saturating_add(length as usize);
        if end > input.len() {
            break;
        }
        if !bytes.starts_with(b"DNA1") {
            found.push(start..end);
        }
        start = end;
    }
    found
}

/// Numbers by chance (xorshift).
struct Dice(u64);

impl Dice {
    /// A number below `count`; 0 where that is 0.
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % count.max(1)
    }
}
