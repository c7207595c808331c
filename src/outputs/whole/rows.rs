// SPDX-License-Identifier: Apache-2.0
//! Formats of plain rows: BMP, DPX, Cineon and Iris say where their rows end.

use std::io::{Read, Seek};

use super::source::{Flaw, Source, broken};

pub(super) const DPX: [&[u8]; 2] = [b"SDPX", b"XPDS"];
pub(super) const CINEON: [&[u8]; 2] = [b"\x80\x2a\x5f\xd7", b"\xd7\x5f\x2a\x80"];
pub(super) const IRIS: &[u8] = b"\x01\xda";

/// How many bytes of an Iris file come before its rows.
const IRIS_HEADER_BYTES: u64 = 512;

fn ends_inside<R: Read + Seek>(source: &Source<R>, start: u64, end: u64) -> Result<(), Flaw> {
    if start < end && end <= source.length() {
        Ok(())
    } else {
        broken("rows are missing")
    }
}

pub(super) fn check_bmp<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    source.skip(10)?;
    let start = u64::from(source.u32_le()?);
    source.skip(4)?;
    let width = u64::from(source.u32_le()?.cast_signed().unsigned_abs());
    // Below zero where the rows go from top to bottom.
    let height = u64::from(source.u32_le()?.cast_signed().unsigned_abs());
    source.skip(2)?;
    let bits = u64::from(u16::from_le_bytes(source.bytes()?));
    let row_bytes = (width * bits).div_ceil(32) * 4;
    let end = start.saturating_add(row_bytes.saturating_mul(height));
    ends_inside(source, start, end)
}

/// DPX (SMPTE 268M) and Cineon: the header tells the file's length.
pub(super) fn check_film_scan<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    let magic: [u8; 4] = source.bytes()?;
    let is_little_endian = magic == *b"XPDS" || magic == *b"\xd7\x5f\x2a\x80";
    let number = |bytes| {
        u64::from(if is_little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        })
    };
    let start = number(source.bytes()?);
    source.seek(if magic.contains(&b'D') { 16 } else { 20 })?;
    let end = match number(source.bytes()?) {
        // Not told, as programs other than Blender may do.
        0xffff_ffff => start + 1,
        end => end,
    };
    ends_inside(source, start, end)
}

pub(super) fn check_iris<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    source.skip(2)?;
    let [is_packed, depth_bytes]: [u8; 2] = source.bytes()?;
    source.skip(2)?;
    let width = u64::from(source.u16_be()?);
    let rows = u64::from(source.u16_be()?) * u64::from(source.u16_be()?);
    if is_packed == 0 {
        let end = IRIS_HEADER_BYTES + width * rows * u64::from(depth_bytes);
        return ends_inside(source, IRIS_HEADER_BYTES, end);
    }
    let table = |number: u64| IRIS_HEADER_BYTES + 4 * rows * number;
    let mut end = 0;
    for row in 0..rows {
        source.seek(table(0) + 4 * row)?;
        let place = u64::from(source.u32_be()?);
        source.seek(table(1) + 4 * row)?;
        end = end.max(place + u64::from(source.u32_be()?));
    }
    ends_inside(source, IRIS_HEADER_BYTES, end)
}
