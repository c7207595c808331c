// SPDX-License-Identifier: Apache-2.0
//! EXR: every chunk of the offset tables inside the file; one part or several, scan lines or tiles, deep or flat
//! (`OpenEXR`'s "File Layout").

use std::io::{Read, Seek};

use super::source::{Flaw, Source, broken};

pub(super) const MAGIC: &[u8] = &[0x76, 0x2f, 0x31, 0x01];

const TILED: u32 = 0x200;
const DEEP: u32 = 0x800;
const MULTIPART: u32 = 0x1000;
/// More parts than this are taken for damage.
const MAX_PARTS: usize = 4_096;

pub(super) fn check<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    source.skip(MAGIC.len() as u64)?;
    let version = source.u32_le()?;
    let multipart = version & MULTIPART != 0;
    let mut parts = Vec::new();
    while let Some(header) = Header::read(source)? {
        parts.push(header.part(version)?);
        if !multipart {
            break;
        }
        if parts.len() > MAX_PARTS {
            return broken("it has too many parts");
        }
    }
    if parts.is_empty() {
        return broken("it has no header");
    }
    let table_start = source.position();
    let chunks = parts
        .iter()
        .try_fold(0_u64, |sum, part| sum.checked_add(part.chunks))
        .unwrap_or(u64::MAX);
    let table_end = chunks
        .checked_mul(8)
        .and_then(|bytes| bytes.checked_add(table_start));
    let Some(data_start) = table_end.filter(|end| *end <= source.length()) else {
        return broken("its offset table is cut off");
    };
    let mut entry = table_start;
    for (number, part) in parts.iter().enumerate() {
        for _ in 0..part.chunks {
            source.seek(entry)?;
            let offset = source.u64_le()?;
            if offset < data_start {
                return broken("a chunk of its offset table was never written");
            }
            check_chunk(source, offset, multipart.then_some(number), part)?;
            entry += 8;
        }
    }
    Ok(())
}

fn check_chunk<R: Read + Seek>(
    source: &mut Source<R>,
    offset: u64,
    number: Option<usize>,
    part: &Part,
) -> Result<(), Flaw> {
    source.seek(offset)?;
    if let Some(number) = number
        && u64::from(source.u32_le()?) != number as u64
    {
        return broken("a chunk belongs to another part");
    }
    // Where the chunk lies in the picture: a line, or a tile's column, row and two levels.
    source.skip(if part.tiled { 16 } else { 4 })?;
    let size = if part.deep {
        let sizes = source.u64_le()?.checked_add(source.u64_le()?);
        source.skip(8)?;
        sizes
    } else {
        Some(source.u32_le()?.into())
    };
    match size {
        Some(0) => broken("a chunk is empty"),
        Some(size) if source.position().saturating_add(size) <= source.length() => Ok(()),
        _ => broken("a chunk reaches beyond the end of the file"),
    }
}

/// What matters of one part.
struct Part {
    chunks: u64,
    tiled: bool,
    deep: bool,
}

/// The attributes that say how many chunks a part has.
#[derive(Default)]
struct Header {
    chunk_count: Option<u32>,
    kind: Vec<u8>,
    compression: u8,
    /// Width and height.
    size: Option<(u64, u64)>,
    /// Width, height and mode.
    tiles: Option<(u64, u64, u8)>,
}

impl Header {
    /// None is the empty header that ends a list of parts.
    fn read<R: Read + Seek>(source: &mut Source<R>) -> Result<Option<Self>, Flaw> {
        let mut header = Self::default();
        let mut empty = true;
        loop {
            let name = source.text(255)?;
            if name.is_empty() {
                return Ok((!empty).then_some(header));
            }
            empty = false;
            source.text(255)?;
            let length = u64::from(source.u32_le()?);
            let end = source.position() + length;
            match (name.as_slice(), length) {
                (b"chunkCount", 4) => header.chunk_count = Some(source.u32_le()?),
                (b"compression", 1) => header.compression = source.byte()?,
                (b"dataWindow", 16) => {
                    let mut corner = || {
                        source
                            .bytes()
                            .map(|bytes| i64::from(i32::from_le_bytes(bytes)))
                    };
                    let (left, top, right, bottom) = (corner()?, corner()?, corner()?, corner()?);
                    let extent = |low, high: i64| {
                        u64::try_from(high - low + 1).ok().filter(|size| *size > 0)
                    };
                    header.size = extent(left, right).zip(extent(top, bottom));
                }
                (b"tiles", 9) => {
                    header.tiles = Some((
                        source.u32_le()?.into(),
                        source.u32_le()?.into(),
                        source.byte()?,
                    ));
                }
                (b"type", 1..=64) => {
                    header.kind = vec![0; usize::try_from(length).unwrap_or_default()];
                    source.fill(&mut header.kind)?;
                }
                _ => {}
            }
            source.seek(end)?;
        }
    }

    fn part(&self, version: u32) -> Result<Part, Flaw> {
        let (mut tiled, mut deep) = (version & TILED != 0, version & DEEP != 0);
        if !self.kind.is_empty() {
            tiled = self.kind.ends_with(b"tile") || self.kind.starts_with(b"tiled");
            deep = self.kind.starts_with(b"deep");
        }
        let Some((width, height)) = self.size else {
            return broken("its header lacks the data window");
        };
        let counted = if tiled {
            self.tile_count(width, height)?
        } else {
            height.div_ceil(self.lines_per_chunk()?)
        };
        let chunks = self.chunk_count.map_or(counted, u64::from);
        if chunks == 0 {
            return broken("a part has no chunks");
        }
        Ok(Part {
            chunks,
            tiled,
            deep,
        })
    }

    fn lines_per_chunk(&self) -> Result<u64, Flaw> {
        match self.compression {
            0..=2 => Ok(1),
            3 | 5 => Ok(16),
            4 | 6..=8 | 11 => Ok(32),
            9 | 10 => Ok(256),
            _ if self.chunk_count.is_some() => Ok(1),
            _ => broken("its compression is unknown"),
        }
    }

    fn tile_count(&self, width: u64, height: u64) -> Result<u64, Flaw> {
        let Some((tile_width, tile_height, mode)) =
            self.tiles.filter(|tiles| tiles.0 > 0 && tiles.1 > 0)
        else {
            return broken("its header lacks the size of its tiles");
        };
        let round_up = mode >> 4 == 1;
        let levels = |size: u64| {
            u64::from(if round_up {
                (size - 1).checked_ilog2().map_or(0, |log| log + 1)
            } else {
                size.ilog2()
            }) + 1
        };
        let extent = |size: u64, level: u64| {
            let divisor = 1_u64 << level;
            (if round_up {
                size.div_ceil(divisor)
            } else {
                size / divisor
            })
            .max(1)
        };
        let columns = |level| extent(width, level).div_ceil(tile_width);
        let rows = |level| extent(height, level).div_ceil(tile_height);
        match mode & 0xf {
            0 => Ok(columns(0) * rows(0)),
            1 => Ok((0..levels(width.max(height)))
                .map(|level| columns(level) * rows(level))
                .sum()),
            2 => Ok((0..levels(width)).map(columns).sum::<u64>()
                * (0..levels(height)).map(rows).sum::<u64>()),
            _ => broken("its header says nothing known of its tiles"),
        }
    }
}
