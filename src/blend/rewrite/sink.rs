// SPDX-License-Identifier: Apache-2.0
//! Where the copy goes, packed as the file was.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use flate2::GzBuilder;
use flate2::write::GzEncoder;

use crate::blend::Compression;

/// What Blender packs with.
const ZSTD_LEVEL: i32 = 3;
const GZIP_LEVEL: u32 = 1;
/// A frame that zstd leaves alone, of the kind that holds a table of the others, and the mark at the table's end.
const TABLE_FRAME: u32 = 0x184d_2a5e;
const TABLE_MARK: u32 = 0x8f92_eab1;

/// Packs what is written to it.
pub(super) enum Sink<'f> {
    Plain(BufWriter<&'f mut File>),
    Gzip(GzEncoder<BufWriter<&'f mut File>>),
    Zstd {
        file: BufWriter<&'f mut File>,
        /// For each frame, the bytes packed and unpacked.
        table: Vec<(u32, u32)>,
    },
}

impl<'f> Sink<'f> {
    pub fn new(file: &'f mut File, compression: Compression) -> Self {
        let file = BufWriter::with_capacity(256 * 1024, file);
        match compression {
            Compression::None => Self::Plain(file),
            Compression::Gzip => {
                let level = flate2::Compression::new(GZIP_LEVEL);
                // Neither time nor system, so that the same input makes the same bytes.
                Self::Gzip(GzBuilder::new().operating_system(255).write(file, level))
            }
            Compression::Zstd => Self::Zstd {
                file,
                table: Vec::new(),
            },
        }
    }

    /// Writes a piece; with zstd it becomes a frame.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Gzip(encoder) => encoder.write_all(bytes),
            Self::Zstd { .. } if bytes.is_empty() => Ok(()),
            Self::Zstd { .. } => {
                let packed = zstd::bulk::compress(bytes, ZSTD_LEVEL)?;
                self.copy_packed(&packed, bytes.len() as u64)
            }
        }
    }

    /// Writes a frame of zstd that unpacks to so many bytes.
    pub fn copy_packed(&mut self, packed: &[u8], length: u64) -> io::Result<()> {
        let Self::Zstd { file, table } = self else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        table.push((short(packed.len() as u64)?, short(length)?));
        file.write_all(packed)
    }

    /// Writes what comes at the end.
    pub fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut file) => file.flush(),
            Self::Gzip(encoder) => encoder.finish()?.flush(),
            Self::Zstd { mut file, table } => {
                const ENTRY: u64 = 8;
                const FOOT: u64 = 9;
                let count = short(table.len() as u64)?;
                file.write_all(&TABLE_FRAME.to_le_bytes())?;
                let size = short(table.len() as u64 * ENTRY + FOOT)?;
                file.write_all(&size.to_le_bytes())?;
                for (packed, length) in table {
                    file.write_all(&packed.to_le_bytes())?;
                    file.write_all(&length.to_le_bytes())?;
                }
                file.write_all(&count.to_le_bytes())?;
                file.write_all(&[0])?;
                file.write_all(&TABLE_MARK.to_le_bytes())?;
                file.flush()
            }
        }
    }
}

fn short(number: u64) -> io::Result<u32> {
    u32::try_from(number).map_err(io::Error::other)
}
