// SPDX-License-Identifier: Apache-2.0
//! Radiance HDR: every row unpacked.

use std::io::{Read, Seek};

use super::source::{Flaw, Source, broken};

pub(super) const START: &[u8] = b"#?";

/// No line of a header comes near this.
const MAX_LINE_BYTES: usize = 4_096;

pub(super) fn check<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    while !source.line(MAX_LINE_BYTES)?.is_empty() {}
    let (rows, width) = size_of(&source.line(MAX_LINE_BYTES)?)?;
    for _ in 0..rows {
        let start = source.position();
        let [first, second, high, low]: [u8; 4] = source.bytes()?;
        if [first, second] != [2, 2] || u64::from(u16::from_be_bytes([high, low])) != width {
            // Rows of an old kind; those that Blender writes for very narrow and very wide pictures aren't packed.
            source.seek(start.saturating_add(width.saturating_mul(4)))?;
            continue;
        }
        let mut left = width * 4;
        while left > 0 {
            let count = source.byte()?;
            let pixels = if count > 128 {
                source.skip(1)?;
                count - 128
            } else {
                source.skip(u64::from(count))?;
                count.max(1)
            };
            left = left.saturating_sub(u64::from(pixels));
        }
    }
    if rows == 0 || width == 0 {
        broken("it holds no picture")
    } else {
        Ok(())
    }
}

/// Rows and columns of a line such as `-Y 480 +X 640`.
fn size_of(line: &[u8]) -> Result<(u64, u64), Flaw> {
    let text = String::from_utf8_lossy(line);
    let words: Vec<&str> = text.split(' ').collect();
    if let [_, rows, _, columns] = words.as_slice()
        && let (Ok(rows), Ok(columns)) = (rows.parse(), columns.parse())
    {
        return Ok((rows, columns));
    }
    broken("its header is damaged")
}
