// SPDX-License-Identifier: Apache-2.0
//! AVIF: the boxes of ISO 14496-12, to the end of the file; JPEG 2000 packs its picture in the same kind of boxes.

use std::io::{Read, Seek};

use super::source::{Flaw, Source, broken};

/// What a box is, and where its content begins and ends.
pub(super) struct Part {
    pub kind: [u8; 4],
    pub start: u64,
    pub end: u64,
}

/// The box at the source's position; none at the end of the file.
pub(super) fn next_part<R: Read + Seek>(source: &mut Source<R>) -> Result<Option<Part>, Flaw> {
    let place = source.position();
    if place == source.length() {
        return Ok(None);
    }
    let short = u64::from(source.u32_be()?);
    let kind = source.bytes()?;
    let size = match short {
        0 => source.length() - place,
        1 => source.u64_be()?,
        size => size,
    };
    let (start, end) = (source.position(), place.saturating_add(size));
    if end < start || end > source.length() {
        return broken("a part of it reaches beyond its end");
    }
    Ok(Some(Part { kind, start, end }))
}

pub(super) fn check_avif<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    let (mut is_described, mut has_data) = (false, false);
    while let Some(part) = next_part(source)? {
        match &part.kind {
            b"meta" | b"moov" => is_described = true,
            b"mdat" => has_data |= part.start < part.end,
            _ => {}
        }
        source.seek(part.end)?;
    }
    if is_described && has_data {
        Ok(())
    } else {
        broken("it holds no picture")
    }
}
