// SPDX-License-Identifier: Apache-2.0
//! JPEG: from SOI to EOI by its markers (ITU T.81, B.1).

use std::io::{Read, Seek};

use super::source::{Flaw, Source, broken};

pub(super) const START: &[u8] = b"\xff\xd8\xff";

pub(super) fn check<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    source.skip(2)?;
    let (mut frame, mut scan) = (false, false);
    let mut marker = marker(source)?;
    loop {
        match marker {
            0xd9 if frame && scan => return Ok(()),
            0xd9 => return broken("it holds no picture"),
            0xd8 => return broken("it begins twice"),
            // Markers without a length: TEM and restarts.
            0x01 | 0xd0..=0xd7 => {}
            _ => {
                let length = u16::from_be_bytes(source.bytes()?);
                let Some(rest) = length.checked_sub(2) else {
                    return broken("a part of it is damaged");
                };
                source.skip(rest.into())?;
            }
        }
        // Frame headers, without the tables (DHT, JPG, DAC) whose numbers lie among theirs.
        frame |= matches!(marker, 0xc0..=0xcf) && !matches!(marker, 0xc4 | 0xc8 | 0xcc);
        marker = if marker == 0xda {
            scan = true;
            after_scan(source)?
        } else {
            self::marker(source)?
        };
    }
}

/// The next marker's second byte; fill bytes may stand before it.
fn marker<R: Read + Seek>(source: &mut Source<R>) -> Result<u8, Flaw> {
    if source.byte()? != 0xff {
        return broken("a marker is missing");
    }
    loop {
        match source.byte()? {
            0xff => {}
            0 => return broken("a marker is missing"),
            marker => return Ok(marker),
        }
    }
}

/// Passes over compressed data, in which `FF 00` is a byte and `FF D0` to `FF D7` are restarts.
fn after_scan<R: Read + Seek>(source: &mut Source<R>) -> Result<u8, Flaw> {
    loop {
        if source.byte()? != 0xff {
            continue;
        }
        let mut next = source.byte()?;
        while next == 0xff {
            next = source.byte()?;
        }
        if next != 0 && !matches!(next, 0xd0..=0xd7) {
            return Ok(next);
        }
    }
}
