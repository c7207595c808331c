// SPDX-License-Identifier: Apache-2.0
//! The first bytes of a .blend file, and how the heads of its blocks are laid out.

use super::bytes::ByteOrder;
use super::error::Fault;

/// The longest header that is known.
pub(super) const MAX_LENGTH: usize = 17;

/// How the file's numbers and block heads are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The Blender that wrote the file: 304 is 3.4, 500 is 5.0, 279 is 2.79.
    pub blender_version: u32,
    /// Bytes per pointer: 4 or 8.
    pub pointer_size: usize,
    /// How numbers are written.
    pub byte_order: ByteOrder,
    /// Bytes of this header.
    pub length: usize,
    /// Whether block heads have 64-bit lengths, as from Blender 5.0 on.
    pub large_heads: bool,
}

impl Header {
    /// Reads `BLENDER-v304` (until 4.x) or `BLENDER17-01v0500` (from 5.0 on).
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        let rest = bytes.strip_prefix(b"BLENDER").ok_or(Fault::NotABlend)?;
        match rest {
            [pointers @ (b'-' | b'_'), order @ (b'v' | b'V'), digits @ ..] => Ok(Self {
                blender_version: number(digits.get(..3))?,
                pointer_size: if *pointers == b'-' { 8 } else { 4 },
                byte_order: if *order == b'v' {
                    ByteOrder::Little
                } else {
                    ByteOrder::Big
                },
                length: 12,
                large_heads: false,
            }),
            [b'1', b'7', b'-', b'0', b'1', b'v', digits @ ..] => Ok(Self {
                blender_version: number(digits.get(..4))?,
                pointer_size: 8,
                byte_order: ByteOrder::Little,
                length: 17,
                large_heads: true,
            }),
            [
                b'0'..=b'9',
                b'0'..=b'9',
                b'-' | b'_',
                b'0'..=b'9',
                b'0'..=b'9',
                b'v' | b'V',
                ..,
            ] => {
                let known = bytes.get(..MAX_LENGTH).unwrap_or(bytes);
                Err(Fault::TooNew(String::from_utf8_lossy(known).into_owned()))
            }
            _ if rest.len() < 5 => Err(Fault::Truncated("it ends within its header".to_owned())),
            _ => Err(Fault::NotABlend),
        }
    }

    /// Bytes of a block's head.
    pub(super) fn head_length(&self) -> usize {
        match (self.large_heads, self.pointer_size) {
            (true, _) => 32,
            (false, 8) => 24,
            (false, _) => 20,
        }
    }
}

fn number(digits: Option<&[u8]>) -> Result<u32, Fault> {
    let digits = digits.ok_or_else(|| Fault::Truncated("it ends within its header".to_owned()))?;
    std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or(Fault::NotABlend)
}
