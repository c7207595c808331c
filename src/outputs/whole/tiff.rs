// SPDX-License-Identifier: Apache-2.0
//! TIFF and `BigTIFF`, both byte orders: every strip or tile of every picture inside the file (TIFF 6.0, sections 2 and 15).

use std::io::{Read, Seek};

use super::source::{Flaw, Source, broken};

pub(super) const HEADS: [&[u8]; 4] = [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"];

/// More pictures in one file than this are taken for damage.
const MAX_PICTURES: usize = 4_096;

pub(super) fn check<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    let head: [u8; 4] = source.bytes()?;
    let mut tiff = Tiff {
        source,
        big_endian: head.starts_with(b"MM"),
        wide: head.contains(&b'+'),
    };
    if tiff.wide {
        tiff.source.skip(4)?;
    }
    let mut next = tiff.offset()?;
    if next == 0 {
        return broken("it holds no picture");
    }
    for _ in 0..MAX_PICTURES {
        next = tiff.picture(next)?;
        if next == 0 {
            return Ok(());
        }
    }
    broken("it holds too many pictures")
}

/// The values of one entry: how many, of which type, and where.
#[derive(Clone, Copy)]
struct Values {
    kind: u64,
    count: u64,
    position: u64,
}

struct Tiff<'a, R> {
    source: &'a mut Source<R>,
    big_endian: bool,
    wide: bool,
}

impl<R: Read + Seek> Tiff<'_, R> {
    fn number(&mut self, size: u64) -> Result<u64, Flaw> {
        let mut bytes = [0; 8];
        let count = usize::try_from(size.min(8)).unwrap_or(8);
        let buffer = if self.big_endian {
            bytes.get_mut(8 - count..)
        } else {
            bytes.get_mut(..count)
        };
        self.source.fill(buffer.unwrap_or_default())?;
        Ok(if self.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    fn offset(&mut self) -> Result<u64, Flaw> {
        self.number(if self.wide { 8 } else { 4 })
    }

    /// Checks the picture whose directory lies at `position`, and says where the next one's lies.
    fn picture(&mut self, position: u64) -> Result<u64, Flaw> {
        self.source.seek(position)?;
        let entries = self.number(if self.wide { 8 } else { 2 })?;
        let inline = if self.wide { 8 } else { 4 };
        let (mut places, mut sizes, mut scalars) = (None, None, Scalars::default());
        for _ in 0..entries {
            let (tag, kind, count) = (self.number(2)?, self.number(2)?, self.offset()?);
            let here = self.source.position();
            let bytes = count.saturating_mul(value_size(kind));
            let at = if bytes <= inline {
                here
            } else {
                self.offset()?
            };
            if at.saturating_add(bytes) > self.source.length() {
                return broken("the values of an entry lie beyond the end of the file");
            }
            let values = Values {
                kind,
                count,
                position: at,
            };
            match tag {
                273 | 324 => places = Some(values),
                279 | 325 => sizes = Some(values),
                256 => scalars.width = self.value(values, 0)?,
                257 => scalars.height = self.value(values, 0)?,
                277 => scalars.samples = self.value(values, 0)?,
                278 => scalars.strip_rows = self.value(values, 0)?,
                284 => scalars.planes = self.value(values, 0)?,
                322 => scalars.tile_width = self.value(values, 0)?,
                323 => scalars.tile_height = self.value(values, 0)?,
                _ => {}
            }
            self.source.seek(here + inline)?;
        }
        let next = self.offset()?;
        let (Some(places), Some(sizes)) = (places, sizes) else {
            return broken("its directory does not say where the picture lies");
        };
        if places.count != sizes.count || Some(places.count) != scalars.expected() {
            return broken("strips or tiles are missing");
        }
        for index in 0..places.count {
            let (place, size) = (self.value(places, index)?, self.value(sizes, index)?);
            if place == 0 || size == 0 {
                return broken("a strip or tile was never written");
            }
            if place.saturating_add(size) > self.source.length() {
                return broken("a strip or tile reaches beyond the end of the file");
            }
        }
        Ok(next)
    }

    fn value(&mut self, values: Values, index: u64) -> Result<u64, Flaw> {
        let size = value_size(values.kind);
        if index >= values.count || !matches!(size, 1 | 2 | 4 | 8) {
            return broken("an entry of its directory is damaged");
        }
        self.source.seek(values.position + index * size)?;
        self.number(size)
    }
}

/// Bytes per value of a field type; 0 for one that is unknown.
fn value_size(kind: u64) -> u64 {
    match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16..=18 => 8,
        _ => 0,
    }
}

struct Scalars {
    width: u64,
    height: u64,
    samples: u64,
    planes: u64,
    strip_rows: u64,
    tile_width: u64,
    tile_height: u64,
}

impl Default for Scalars {
    /// What the format says of fields that are left out; strips then hold the whole picture.
    fn default() -> Self {
        Self {
            width: 0,
            height: 0,
            samples: 1,
            planes: 1,
            strip_rows: u64::from(u32::MAX),
            tile_width: 0,
            tile_height: 0,
        }
    }
}

impl Scalars {
    /// How many strips or tiles there have to be.
    fn expected(&self) -> Option<u64> {
        if self.width == 0 || self.height == 0 {
            return None;
        }
        let planes = if self.planes == 2 { self.samples } else { 1 };
        let pieces = if self.tile_width > 0 && self.tile_height > 0 {
            self.width
                .div_ceil(self.tile_width)
                .checked_mul(self.height.div_ceil(self.tile_height))?
        } else {
            self.height.div_ceil(self.strip_rows.max(1))
        };
        pieces.checked_mul(planes)
    }
}
