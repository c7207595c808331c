// SPDX-License-Identifier: Apache-2.0
//! The bytes of a .blend file at any position, however they are packed: as they are, gzip (before 3.0) or zstd.
//!
//! Never a memory map: a mapped file that shrinks on a share kills the process, and that may be the artist's Blender.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use serde::Serialize;
use tempfile::SpooledTempFile;

use super::error::Fault;

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

/// Small blocks lie side by side, large ones are skipped: a larger window reads what nobody asked for.
const WINDOW: u64 = 16 * 1024;
/// Unpacked bytes that stay in memory; more goes to a temporary file.
const IN_MEMORY: usize = 64 * 1024 * 1024;
/// Frames of zstd that are kept unpacked; Blender's hold two megabytes at most.
const KEPT_FRAMES: usize = 8;
/// A file with larger frames isn't Blender's, and is unpacked from its beginning instead.
const MAX_FRAME: u32 = 16 * 1024 * 1024;
/// A file that unpacks to more than this many times its size, and this much on top, is taken for an attack.
const MAX_RATIO: u64 = 400;
const MAX_SMALL: u64 = 64 * 1024 * 1024;

/// Unpacked bytes by position.
#[derive(Debug)]
pub(super) struct Source {
    content: Content,
    length: u64,
    window: Vec<u8>,
    window_start: u64,
}

#[derive(Debug)]
enum Content {
    Plain(File),
    Spooled(SpooledTempFile),
    Frames {
        file: File,
        frames: Vec<Frame>,
        unpacked: VecDeque<(u64, Arc<Vec<u8>>)>,
    },
}

/// One frame of zstd: where it lies packed and unpacked.
#[derive(Debug, Clone, Copy)]
struct Frame {
    packed_start: u64,
    packed_length: u32,
    start: u64,
    length: u32,
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
                spool(
                    flate2::read::MultiGzDecoder::new(BufReader::new(file)),
                    packed_length,
                )?
            }
            Compression::Zstd => {
                if let Some(frames) = seek_table(&mut file, packed_length)? {
                    let length = frames
                        .last()
                        .map_or(0, |frame| frame.start + u64::from(frame.length));
                    let unpacked = VecDeque::new();
                    (
                        Content::Frames {
                            file,
                            frames,
                            unpacked,
                        },
                        length,
                    )
                } else {
                    file.rewind()?;
                    spool(zstd::stream::read::Decoder::new(file)?, packed_length)?
                }
            }
        };
        Ok((
            Self {
                content,
                length,
                window: Vec::new(),
                window_start: 0,
            },
            compression,
        ))
    }

    /// The number of bytes, unpacked.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Fills the buffer from `position` on.
    pub fn read_at(&mut self, position: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        let wanted = buffer.len() as u64;
        let end = position
            .checked_add(wanted)
            .filter(|end| *end <= self.length);
        if end.is_none() {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        if wanted >= WINDOW {
            return self.content.read_at(position, buffer);
        }
        let held = position >= self.window_start
            && position + wanted <= self.window_start + self.window.len() as u64;
        if !held {
            let size = WINDOW.min(self.length - position);
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

impl Content {
    fn read_at(&mut self, position: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        match self {
            Self::Plain(file) => {
                file.seek(SeekFrom::Start(position))?;
                Ok(file.read_exact(buffer)?)
            }
            Self::Spooled(file) => {
                file.seek(SeekFrom::Start(position))?;
                Ok(file.read_exact(buffer)?)
            }
            Self::Frames {
                file,
                frames,
                unpacked,
            } => {
                let (mut position, mut rest) = (position, buffer);
                while !rest.is_empty() {
                    let after = frames.partition_point(|frame| frame.start <= position);
                    let Some(frame) = after.checked_sub(1).and_then(|index| frames.get(index))
                    else {
                        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                    };
                    let bytes = unpack(file, *frame, unpacked)?;
                    let skip = usize::try_from(position - frame.start).unwrap_or(usize::MAX);
                    let available = bytes.get(skip..).filter(|bytes| !bytes.is_empty());
                    let Some(available) = available else {
                        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                    };
                    let count = available.len().min(rest.len());
                    let (head, tail) = rest.split_at_mut(count);
                    head.copy_from_slice(available.get(..count).unwrap_or_default());
                    rest = tail;
                    position += count as u64;
                }
                Ok(())
            }
        }
    }
}

fn unpack(
    file: &mut File,
    frame: Frame,
    kept: &mut VecDeque<(u64, Arc<Vec<u8>>)>,
) -> Result<Arc<Vec<u8>>, Fault> {
    if let Some((_, bytes)) = kept.iter().find(|(start, _)| *start == frame.start) {
        return Ok(Arc::clone(bytes));
    }
    let mut packed = vec![0; usize::try_from(frame.packed_length).unwrap_or_default()];
    file.seek(SeekFrom::Start(frame.packed_start))?;
    file.read_exact(&mut packed)?;
    let length = usize::try_from(frame.length).unwrap_or_default();
    let damaged = || Fault::Corrupt("a compressed part can't be unpacked".to_owned());
    let bytes = zstd::bulk::decompress(&packed, length).map_err(|_| damaged())?;
    if bytes.len() != length {
        return Err(damaged());
    }
    let bytes = Arc::new(bytes);
    if kept.len() >= KEPT_FRAMES {
        kept.pop_front();
    }
    kept.push_back((frame.start, Arc::clone(&bytes)));
    Ok(bytes)
}

/// The seek table that Blender puts at the end, as a skippable frame (zstd's "seekable format"). None where there is
/// none that fits the file.
fn seek_table(file: &mut File, packed_length: u64) -> Result<Option<Vec<Frame>>, Fault> {
    const FOOT: u64 = 9;
    let Some(foot_start) = packed_length.checked_sub(FOOT) else {
        return Ok(None);
    };
    let mut foot = [0; 9];
    file.seek(SeekFrom::Start(foot_start))?;
    file.read_exact(&mut foot)?;
    let [c0, c1, c2, c3, flags, m0, m1, m2, m3] = foot;
    if [m0, m1, m2, m3] != 0x8f92_eab1_u32.to_le_bytes() {
        return Ok(None);
    }
    let count = u64::from(u32::from_le_bytes([c0, c1, c2, c3]));
    let entry_size = if flags & 0x80 == 0 { 8 } else { 12 };
    let Some(table_start) = foot_start
        .checked_sub(count * entry_size)
        .filter(|start| *start >= 8)
    else {
        return Ok(None);
    };
    let mut table = vec![0; usize::try_from(count * entry_size).unwrap_or_default()];
    file.seek(SeekFrom::Start(table_start))?;
    file.read_exact(&mut table)?;
    let (mut packed_start, mut start) = (0, 0);
    let mut frames = Vec::new();
    for entry in table.chunks_exact(usize::try_from(entry_size).unwrap_or(8)) {
        let Some(([p0, p1, p2, p3], [l0, l1, l2, l3])) = entry.get(..8).and_then(|sizes| {
            let (packed, length) = sizes.split_at(4);
            Some((
                <[u8; 4]>::try_from(packed).ok()?,
                <[u8; 4]>::try_from(length).ok()?,
            ))
        }) else {
            return Ok(None);
        };
        let packed_length = u32::from_le_bytes([p0, p1, p2, p3]);
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        if length == 0 || length > MAX_FRAME || packed_length > MAX_FRAME {
            return Ok(None);
        }
        frames.push(Frame {
            packed_start,
            packed_length,
            start,
            length,
        });
        packed_start += u64::from(packed_length);
        start += u64::from(length);
    }
    // The table's own head of eight bytes lies between the frames and the entries.
    Ok((!frames.is_empty() && packed_start + 8 == table_start).then_some(frames))
}

/// Unpacks all of it.
fn spool(mut packed: impl Read, packed_length: u64) -> Result<(Content, u64), Fault> {
    let limit = packed_length
        .saturating_mul(MAX_RATIO)
        .saturating_add(MAX_SMALL);
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
            return Err(Fault::Corrupt(
                "it unpacks to a size beyond reason".to_owned(),
            ));
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
