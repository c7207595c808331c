// SPDX-License-Identifier: Apache-2.0
//! Numbers in either byte order.

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Lowest byte first, as on every computer of today.
    Little,
    /// Highest byte first, as old PowerPC and SGI computers wrote.
    Big,
}

impl ByteOrder {
    /// The unsigned number of `size` bytes (at most 8) at `position`; none beyond the end.
    pub(super) fn unsigned(self, bytes: &[u8], position: usize, size: usize) -> Option<u64> {
        let bytes = bytes.get(position..position.checked_add(size)?)?;
        // Most of what is read: pointers of today's files.
        if let (Self::Little, Ok(bytes)) = (self, <[u8; 8]>::try_from(bytes)) {
            return Some(u64::from_le_bytes(bytes));
        }
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match self {
            Self::Big => bytes.iter().fold(0, join),
            Self::Little => bytes.iter().rev().fold(0, join),
        })
    }

    /// As [`Self::unsigned`], with a sign.
    pub(super) fn signed(self, bytes: &[u8], position: usize, size: usize) -> Option<i64> {
        let number = self.unsigned(bytes, position, size)?.cast_signed();
        let unused = 64_u32.checked_sub(u32::try_from(size).ok()?.checked_mul(8)?)?;
        Some(number.checked_shl(unused).unwrap_or(0) >> unused.min(63))
    }
}
