// SPDX-License-Identifier: Apache-2.0
//! Targa: every pixel, packed or not. Its files have no beginning of their own, so that their names have to tell them.

use std::io::{Read, Seek};

use super::source::{Flaw, Source, broken};

const FOOTER: &[u8; 18] = b"TRUEVISION-XFILE.\0";

pub(super) fn check<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    let [name_bytes, _, kind]: [u8; 3] = source.bytes()?;
    source.skip(2)?;
    let colours = u64::from(u16::from_le_bytes(source.bytes()?));
    let colour_bits = u64::from(source.byte()?);
    source.skip(4)?;
    let width = u64::from(u16::from_le_bytes(source.bytes()?));
    let height = u64::from(u16::from_le_bytes(source.bytes()?));
    let pixel_bytes = u64::from(source.byte()?).div_ceil(8);
    source.skip(1 + u64::from(name_bytes) + colours * colour_bits.div_ceil(8))?;
    let mut left = width * height;
    if left == 0 || pixel_bytes == 0 {
        return broken("it holds no picture");
    }
    if !matches!(kind, 9..=11) {
        source.skip(left * pixel_bytes)?;
        left = 0;
    }
    while left > 0 {
        let packet = source.byte()?;
        let pixels = u64::from(packet & 127) + 1;
        source.skip(pixel_bytes * if packet & 128 == 0 { pixels } else { 1 })?;
        left = left.saturating_sub(pixels);
    }
    if source.position() == source.length() {
        return Ok(());
    }
    // What goes on after its pixels has the footer of version 2.
    source.seek(source.length().saturating_sub(FOOTER.len() as u64))?;
    if source.bytes()? == *FOOTER {
        Ok(())
    } else {
        broken("its end is missing")
    }
}
