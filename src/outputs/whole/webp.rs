// SPDX-License-Identifier: Apache-2.0
//! WebP: RIFF chunks to the declared end.

use std::io::{Read, Seek};

use super::source::{Flaw, Source, broken};

pub(super) fn check<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    source.skip(4)?;
    let end = u64::from(source.u32_le()?) + 8;
    if end > source.length() {
        return broken("the file ends early");
    }
    source.skip(4)?;
    let mut pictures = 0;
    while source.position() < end {
        let kind: [u8; 4] = source.bytes()?;
        let size = u64::from(source.u32_le()?);
        let start = source.position();
        pictures += u32::from(match &kind {
            // A frame tag of three bytes, then the start code (RFC 6386, 9.1).
            b"VP8 " if size > 10 => {
                source.skip(3).and_then(|()| source.bytes())? == [0x9d, 0x01, 0x2a]
            }
            b"VP8L" if size > 5 => source.byte()? == 0x2f,
            b"ANMF" => size > 16,
            _ => false,
        });
        source.seek(start + size)?;
        // Parts begin at even positions; the last one's padding may be missing.
        if size % 2 == 1 && source.position() < end {
            source.skip(1)?;
        }
        if source.position() > end {
            return broken("a part of it reaches beyond its end");
        }
    }
    if pictures == 0 {
        broken("it holds no picture")
    } else {
        Ok(())
    }
}
