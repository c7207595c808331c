// SPDX-License-Identifier: Apache-2.0
//! JPEG 2000: the boxes of a file, and the segments and tiles of its picture from SOC to EOC (ISO 15444-1, annexes A and I).

use std::io::{Read, Seek};

use super::boxes::next_part;
use super::source::{Flaw, Source, broken};

/// How a file with boxes begins.
pub(super) const FILE: &[u8] = b"\0\0\0\x0cjP  ";
/// How a bare picture begins.
pub(super) const STREAM: &[u8] = b"\xff\x4f\xff\x51";

const END: u16 = 0xffd9;
const TILE: u16 = 0xff90;

pub(super) fn check_file<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    let mut has_picture = false;
    while let Some(part) = next_part(source)? {
        if part.kind == *b"jp2c" {
            stream(source, part.end)?;
            has_picture = true;
        }
        source.seek(part.end)?;
    }
    if has_picture {
        Ok(())
    } else {
        broken("it holds no picture")
    }
}

pub(super) fn check_stream<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    stream(source, source.length())
}

fn stream<R: Read + Seek>(source: &mut Source<R>, end: u64) -> Result<(), Flaw> {
    source.skip(2)?;
    while source.position() < end {
        let place = source.position();
        match source.u16_be()? {
            END => return Ok(()),
            TILE => {
                source.skip(4)?;
                let size = u64::from(source.u32_be()?);
                // A last tile may leave its size open.
                let next = if size == 0 {
                    end.saturating_sub(2)
                } else {
                    place.saturating_add(size)
                };
                if next < source.position() {
                    return broken("a tile is damaged");
                }
                source.seek(next)?;
            }
            _ => {
                let size = u64::from(source.u16_be()?);
                source.seek(place + 2 + size)?;
            }
        }
    }
    broken("its end is missing")
}
