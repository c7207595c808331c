// SPDX-License-Identifier: Apache-2.0
//! The frames of a file that is packed with zstd, unpacked one by one as they are asked for.
//!
//! Blender writes a frame for each megabyte or so and, at the end, a table of them ("seekable format"). Without the
//! table the frames are found by their heads alone (RFC 8878, section 3.1.1), so that what nobody asks for stays packed.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

use super::{Piece, read_exact_at};
use crate::blend::error::Fault;

/// Unpacked bytes that are kept.
const KEPT: usize = 24 * 1024 * 1024;
/// A file with larger frames isn't Blender's, and is unpacked from its beginning instead.
const MAX_FRAME: u64 = 16 * 1024 * 1024;
/// The mark at the end of the table.
const TABLE_MARK: u32 = 0x8f92_eab1;

/// The frames of a file.
#[derive(Debug)]
pub(super) struct Frames {
    file: File,
    list: Vec<Frame>,
    unpacked: VecDeque<(u64, Arc<Vec<u8>>)>,
    unpacked_bytes: usize,
    packed: Vec<u8>,
}

/// One frame: where it lies packed and unpacked.
#[derive(Debug, Clone, Copy)]
struct Frame {
    packed_start: u64,
    packed_length: u32,
    start: u64,
    length: u32,
}

impl Frames {
    /// Finds the frames by their table or by their heads. None where neither tells how much each unpacks to, or where
    /// one unpacks to more than Blender would make it.
    pub fn find(file: &File, packed_length: u64) -> io::Result<Option<Self>> {
        let frames = match by_table(file, packed_length)? {
            Some(frames) => Some(frames),
            None => by_heads(file, packed_length)?,
        };
        let Some(frames) = frames else {
            return Ok(None);
        };
        Ok(Some(Self {
            file: file.try_clone()?,
            list: frames,
            unpacked: VecDeque::new(),
            unpacked_bytes: 0,
            packed: Vec::new(),
        }))
    }

    /// Bytes of all frames, unpacked.
    pub fn length(&self) -> u64 {
        self.list
            .last()
            .map_or(0, |frame| frame.start + u64::from(frame.length))
    }

    /// All frames, in order.
    pub fn pieces(&self) -> Vec<Piece> {
        let numbered = self.list.iter().enumerate();
        numbered
            .map(|(number, frame)| Piece {
                start: frame.start,
                length: frame.length.into(),
                frame: Some(number),
            })
            .collect()
    }

    /// A frame as it is packed.
    pub fn packed(&self, number: usize) -> io::Result<Option<Vec<u8>>> {
        let Some(frame) = self.list.get(number) else {
            return Ok(None);
        };
        let mut packed = vec![0; usize::try_from(frame.packed_length).unwrap_or_default()];
        read_exact_at(&self.file, &mut packed, frame.packed_start)?;
        Ok(Some(packed))
    }

    pub fn read_at(&mut self, position: u64, buffer: &mut [u8]) -> Result<(), Fault> {
        let (mut position, mut rest) = (position, buffer);
        while !rest.is_empty() {
            let after = self.list.partition_point(|frame| frame.start <= position);
            let frame = after.checked_sub(1).and_then(|index| self.list.get(index));
            let Some(frame) = frame.copied() else {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            };
            let bytes = self.unpack(frame)?;
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

    fn unpack(&mut self, frame: Frame) -> Result<Arc<Vec<u8>>, Fault> {
        // Most reads go on in the frame that was unpacked last.
        let mut kept = self.unpacked.iter().rev();
        if let Some((_, bytes)) = kept.find(|(start, _)| *start == frame.start) {
            return Ok(Arc::clone(bytes));
        }
        let packed_length = usize::try_from(frame.packed_length).unwrap_or_default();
        self.packed.resize(packed_length, 0);
        read_exact_at(&self.file, &mut self.packed, frame.packed_start)?;
        let length = usize::try_from(frame.length).unwrap_or_default();
        let damaged = || Fault::Corrupt("a compressed part can't be unpacked".to_owned());
        let bytes = zstd::bulk::decompress(&self.packed, length).map_err(|_| damaged())?;
        if bytes.len() != length {
            return Err(damaged());
        }
        while self.unpacked_bytes + length > KEPT {
            let Some((_, dropped)) = self.unpacked.pop_front() else {
                break;
            };
            self.unpacked_bytes = self.unpacked_bytes.saturating_sub(dropped.len());
        }
        let bytes = Arc::new(bytes);
        self.unpacked_bytes += length;
        self.unpacked.push_back((frame.start, Arc::clone(&bytes)));
        Ok(bytes)
    }
}

/// The frames by the table at the file's end, a skippable frame. None where there is none that fits the file.
fn by_table(file: &File, packed_length: u64) -> io::Result<Option<Vec<Frame>>> {
    const FOOT: u64 = 9;
    let Some(foot_start) = packed_length.checked_sub(FOOT) else {
        return Ok(None);
    };
    let mut foot = [0; 9];
    read_exact_at(file, &mut foot, foot_start)?;
    let [c0, c1, c2, c3, flags, m0, m1, m2, m3] = foot;
    if [m0, m1, m2, m3] != TABLE_MARK.to_le_bytes() {
        return Ok(None);
    }
    let count = u64::from(u32::from_le_bytes([c0, c1, c2, c3]));
    let entry_size: u64 = if flags & 0x80 == 0 { 8 } else { 12 };
    let Some(table_start) = foot_start
        .checked_sub(count * entry_size)
        .filter(|start| *start >= 8)
    else {
        return Ok(None);
    };
    let mut table = vec![0; usize::try_from(count * entry_size).unwrap_or_default()];
    read_exact_at(file, &mut table, table_start)?;
    let mut frames = Vec::new();
    for entry in table.chunks_exact(usize::try_from(entry_size).unwrap_or(8)) {
        let [p0, p1, p2, p3, l0, l1, l2, l3, ..] = *entry else {
            return Ok(None);
        };
        let packed_length = u32::from_le_bytes([p0, p1, p2, p3]);
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        if !push(&mut frames, None, packed_length, length.into()) {
            return Ok(None);
        }
    }
    let packed_end = frames.last().map(Frame::packed_end);
    // The table's own head of eight bytes lies between the frames and the entries.
    Ok((packed_end.map(|end| end + 8) == Some(table_start)).then_some(frames))
}

/// The frames by their heads, and by those of the parts that they consist of. None where a frame doesn't say what it
/// unpacks to.
fn by_heads(file: &File, packed_length: u64) -> io::Result<Option<Vec<Frame>>> {
    let mut reader = Heads {
        file,
        packed_length,
        window: Vec::new(),
        window_start: 0,
    };
    let mut frames = Vec::new();
    let mut position = 0;
    while position < packed_length {
        let Some((end, length)) = reader.frame(position)? else {
            return Ok(None);
        };
        if let Some(length) = length {
            let Ok(packed) = u32::try_from(end - position) else {
                return Ok(None);
            };
            if !push(&mut frames, Some(position), packed, length) {
                return Ok(None);
            }
        }
        position = end;
    }
    Ok((!frames.is_empty()).then_some(frames))
}

/// Adds a frame behind the last one; false where it isn't one of Blender's.
fn push(
    frames: &mut Vec<Frame>,
    packed_start: Option<u64>,
    packed_length: u32,
    length: u64,
) -> bool {
    let last = frames.last();
    let Some(length) = u32::try_from(length)
        .ok()
        .filter(|_| (1..=MAX_FRAME).contains(&length))
    else {
        return false;
    };
    if u64::from(packed_length) > MAX_FRAME {
        return false;
    }
    let frame = Frame {
        packed_start: packed_start.unwrap_or_else(|| last.map_or(0, Frame::packed_end)),
        packed_length,
        start: last.map_or(0, |last| last.start + u64::from(last.length)),
        length,
    };
    frames.push(frame);
    true
}

impl Frame {
    fn packed_end(&self) -> u64 {
        self.packed_start + u64::from(self.packed_length)
    }
}

/// Reads heads that lie far from each other.
struct Heads<'a> {
    file: &'a File,
    packed_length: u64,
    window: Vec<u8>,
    window_start: u64,
}

impl Heads<'_> {
    /// Where the frame at `position` ends, and what it unpacks to (none for a skippable frame). None where it can't be
    /// told.
    fn frame(&mut self, position: u64) -> io::Result<Option<(u64, Option<u64>)>> {
        let Some(mark) = self.number(position, 4)? else {
            return Ok(None);
        };
        if mark & 0xffff_fff0 == 0x184d_2a50 {
            let length = self.number(position + 4, 4)?;
            let end = length.map(|length| position + 8 + length);
            return Ok(end
                .filter(|end| *end <= self.packed_length)
                .map(|end| (end, None)));
        }
        let Some(descriptor) = self
            .number(position + 4, 1)?
            .filter(|_| mark == 0xfd2f_b528)
        else {
            return Ok(None);
        };
        let is_single = descriptor & 0x20 != 0;
        let window_length = u64::from(!is_single);
        let dictionary_length = match descriptor & 3 {
            0 => 0,
            1 => 1,
            2 => 2,
            _ => 4,
        };
        let (size, added) = match descriptor >> 6 {
            0 if is_single => (1, 0),
            0 => return Ok(None),
            1 => (2, 256),
            2 => (4, 0),
            _ => (8, 0),
        };
        let start = position + 5 + window_length + dictionary_length;
        let Some(length) = self.number(start, size)? else {
            return Ok(None);
        };
        let mut place = start + size;
        loop {
            let Some(part) = self.number(place, 3)? else {
                return Ok(None);
            };
            let length = match part >> 1 & 3 {
                // One byte, repeated.
                1 => 1,
                0 | 2 => part >> 3,
                _ => return Ok(None),
            };
            place += 3 + length;
            if part & 1 != 0 {
                break;
            }
        }
        let end = place + if descriptor & 4 != 0 { 4 } else { 0 };
        Ok((end <= self.packed_length).then_some((end, length.checked_add(added))))
    }

    /// The number of up to eight bytes at a position, lowest byte first; none beyond the end.
    fn number(&mut self, position: u64, size: u64) -> io::Result<Option<u64>> {
        const WINDOW: u64 = 512;
        let Some(end) = position
            .checked_add(size)
            .filter(|end| *end <= self.packed_length)
        else {
            return Ok(None);
        };
        let window_end = self.window_start + self.window.len() as u64;
        if position < self.window_start || end > window_end {
            let length = WINDOW.min(self.packed_length - position);
            self.window
                .resize(usize::try_from(length).unwrap_or_default(), 0);
            read_exact_at(self.file, &mut self.window, position)?;
            self.window_start = position;
        }
        let start = usize::try_from(position - self.window_start).unwrap_or_default();
        let size = usize::try_from(size).unwrap_or_default();
        let bytes = self.window.get(start..start + size).unwrap_or_default();
        Ok(Some(
            bytes
                .iter()
                .rev()
                .fold(0, |number, byte| number << 8 | u64::from(*byte)),
        ))
    }
}
