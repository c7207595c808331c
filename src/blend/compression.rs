// SPDX-License-Identifier: Apache-2.0
//! The bytes of a .blend file at any position, however they are packed: as they are, gzip (before 3.0) or zstd.
//!
//! Never a memory map: a mapped file that shrinks on a share kills the process, and that may be the artist's Blender.

mod frames;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use serde::Serialize;
use tempfile::SpooledTempFile;

use super::error::Fault;
use frames::Frames;

/// How a .blend file is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// As it is.
    None,
    /// Gzip, which Blender wrote until 2.93.
    Gzip,
    /// Zstandard, from 3.0 on.
    Zstd,
}

impl Compression {
    fn of_head(head: &[u8]) -> Option<Self> {
        match head {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // A frame, or one of the sixteen kinds of skippable frames.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [b'B', b'L', b'E', b'N', b'D', b'E', b'R', ..] => Some(Self::None),
            _ => None,
        }
    }
}

/// Reading on where the last read ended is worth a window twice as large, up to the large one: how far the small blocks
/// reach before the next large one isn't known. Jumping over a large block is worth a small one.
const SMALL_WINDOW: u64 = 4 * 1024;
const LARGE_WINDOW: u64 = 64 * 1024;
/// Unpacked bytes that stay in memory; more goes to a temporary file.
const IN_MEMORY: usize = 64 * 1024 * 1024;
/// A file that unpacks to more than this many times its size, and this much on top, is taken for an attack.
const MAX_RATIO: u64 = 400;
const MAX_SMALL: u64 = 64 * 1024 * 1024;

/// Bytes that are read of a file, in all, as a multiple of its own and on top of it. Whoever follows pointers reads some
/// bytes a few times; only what was made to be read for ever is read this often. A read counts as these bytes at least.
const MAX_TIMES_READ: u64 = 100;
const MAX_READ_OF_SMALL: u64 = 256 * 1024 * 1024;
const LEAST_READ: u64 = 64;

/// Unpacked bytes by position.
#[derive(Debug)]
pub(super) struct Source {
    content: Content,
    length: u64,
    /// Bytes that may still be read.
    left: u64,
    window: Vec<u8>,
    window_start: u64,
}

#[derive(Debug)]
enum Content {
    Plain(File),
    Spooled(SpooledTempFile),
    Frames(Frames),
}

impl Source {
    pub fn open(mut file: File) -> Result<(Self, Compression), Fault> {
        let packed_length = file.metadata()?.len();
        let mut head = [0; 8];
        let count = fill(&mut file, &mut head)?;
        let head = head.get(..count).unwrap_or_default();
        let compression = match Compression::of_head(head) {
            Some(compression) => compression,
            None if !head.is_empty() && b"BLENDER".starts_with(head) => {
                return Err(Fault::Truncated("it ends within its header".to_owned()));
            }
            None => return Err(Fault::NotABlend),
        };
        let (content, length) = match compression {
            Compression::None => (Content::Plain(file), packed_length),
            Compression::Gzip => {
                file.rewind()?;
                let unpacker = flate2::read::MultiGzDecoder::new(BufReader::new(file));
                spool(unpacker, packed_length)?
            }
            Compression::Zstd => match Frames::find(&file, packed_length)? {
                Some(frames) if frames.length() <= most_unpacked(packed_length) => {
                    let length = frames.length();
                    (Content::Frames(frames), length)
                }
                Some(_) => return Err(beyond_reason()),
                None => {
                    file.rewind()?;
                    spool(zstd::stream::read::Decoder::new(file)?, packed_length)?
                }
            },
        };
        let source = Self {
            content,
            length,
            left: length
                .saturating_mul(MAX_TIMES_READ)
                .saturating_add(MAX_READ_OF_SMALL),
            window: Vec::new(),
            window_start: 0,
        };
        Ok((source, compression))
    }

    /// The number of bytes, unpacked.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Fills the buffer from `position` on.
    pub fn read_at(&mut self, position: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        let wanted = buffer.len() as u64;
        self.left = self
            .left
            .checked_sub(wanted.max(LEAST_READ))
            .ok_or_else(|| Fault::Corrupt("its parts lead to each other for ever".to_owned()))?;
        let end = position
            .checked_add(wanted)
            .filter(|end| *end <= self.length);
        if end.is_none() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        if wanted >= LARGE_WINDOW {
            return self.content.read_at(position, buffer);
        }
        let window_end = self.window_start + self.window.len() as u64;
        let held = position >= self.window_start && position + wanted <= window_end;
        if !held {
            let reads_on = (self.window_start..=window_end + SMALL_WINDOW).contains(&position);
            let size = if reads_on {
                LARGE_WINDOW.min(2 * self.window.len() as u64)
            } else {
                0
            };
            let size = size.max(SMALL_WINDOW).max(wanted);
            let size = size.min(self.length - position);
            let mut window = std::mem::take(&mut self.window);
            window.resize(usize::try_from(size).unwrap_or_default(), 0);
            self.content.read_at(position, &mut window)?;
            self.window = window;
            self.window_start = position;
        }
        let start = usize::try_from(position - self.window_start).unwrap_or_default();
        if let Some(part) = self.window.get(start..start + buffer.len()) {
            buffer.copy_from_slice(part);
        }
        Ok(())
    }
}

/// A part of the unpacked file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its first byte.
    pub start: u64,
    /// Its bytes.
    pub length: u64,
    /// The number of the frame that it is, where the file is packed in frames.
    frame: Option<usize>,
}

impl Source {
    /// The whole of it in pieces: the frames that it is packed in, else such of this size.
    pub fn pieces(&self, size: u64) -> Vec<Piece> {
        if let Content::Frames(frames) = &self.content {
            return frames.pieces();
        }
        let mut pieces = Vec::new();
        let mut start = 0;
        while start < self.length {
            let length = size.clamp(1, self.length - start);
            pieces.push(Piece {
                start,
                length,
                frame: None,
            });
            start += length;
        }
        pieces
    }

    /// A piece as it is packed; none where it isn't packed by itself.
    pub fn packed(&self, piece: &Piece) -> Result<Option<Vec<u8>>, Fault> {
        match (&self.content, piece.frame) {
            (Content::Frames(frames), Some(number)) => Ok(frames.packed(number)?),
            _ => Ok(None),
        }
    }
}

impl Content {
    fn read_at(&mut self, position: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        match self {
            Self::Plain(file) => Ok(read_exact_at(file, buffer, position)?),
            Self::Spooled(file) => {
                file.seek(SeekFrom::Start(position))?;
                Ok(file.read_exact(buffer)?)
            }
            Self::Frames(frames) => frames.read_at(position, buffer),
        }
    }
}

/// Reads without moving the place where the file stands.
#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, position)
}

/// Reads from a position on.
#[cfg(windows)]
fn read_exact_at(file: &File, buffer: &mut [u8], position: u64) -> io::Result<()> {
    let (mut rest, mut position) = (buffer, position);
    while !rest.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, rest, position) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                rest = rest.get_mut(count..).unwrap_or_default();
                position += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn most_unpacked(packed_length: u64) -> u64 {
    packed_length
        .saturating_mul(MAX_RATIO)
        .saturating_add(MAX_SMALL)
}

fn beyond_reason() -> Fault {
    Fault::Corrupt("it unpacks to a size beyond reason".to_owned())
}

/// Unpacks all of it.
fn spool(mut packed: impl Read, packed_length: u64) -> Result<(Content, u64), Fault> {
    let limit = most_unpacked(packed_length);
    let mut spooled = SpooledTempFile::new(IN_MEMORY);
    let mut buffer = vec![0; 128 * 1024];
    let mut length = 0;
    loop {
        let count = match packed.read(&mut buffer) {
            Ok(0) => return Ok((Content::Spooled(spooled), length)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof || is_incomplete(&error) => {
                return Err(Fault::Truncated(
                    "its compressed data ends early".to_owned(),
                ));
            }
            Err(_) => {
                return Err(Fault::Corrupt(
                    "its compressed data can't be unpacked".to_owned(),
                ));
            }
        };
        length += count as u64;
        if length > limit {
            return Err(beyond_reason());
        }
        spooled.write_all(buffer.get(..count).unwrap_or_default())?;
    }
}

fn is_incomplete(error: &io::Error) -> bool {
    error.to_string().contains("incomplete")
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}
