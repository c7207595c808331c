// SPDX-License-Identifier: Apache-2.0
//! Bytes of a file of known length, read through one buffer.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// Why a file is not whole, or could not be read.
#[derive(Debug)]
pub(super) enum Flaw {
    Io(io::Error),
    Broken(String),
}

impl From<io::Error> for Flaw {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) fn broken<T>(reason: impl Into<String>) -> Result<T, Flaw> {
    Err(Flaw::Broken(reason.into()))
}

pub(super) struct Source<R> {
    reader: BufReader<R>,
    position: u64,
    length: u64,
}

impl<R: Read + Seek> Source<R> {
    pub fn new(reader: R, length: u64) -> Self {
        Self {
            reader: BufReader::with_capacity(64 * 1024, reader),
            position: 0,
            length,
        }
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    /// The first bytes, as many as there are; the position stays at the beginning.
    pub fn head(&mut self, count: u64) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.reader.by_ref().take(count).read_to_end(&mut head)?;
        self.reader.rewind()?;
        Ok(head)
    }

    pub fn seek(&mut self, position: u64) -> Result<(), Flaw> {
        if position > self.length {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        // Jumps within the buffer keep it.
        match i64::try_from(i128::from(position) - i128::from(self.position)) {
            Ok(distance) => self.reader.seek_relative(distance)?,
            Err(_) => drop(self.reader.seek(SeekFrom::Start(position))?),
        }
        self.position = position;
        Ok(())
    }

    pub fn skip(&mut self, count: u64) -> Result<(), Flaw> {
        self.seek(self.position.saturating_add(count))
    }

    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Flaw> {
        self.reader.read_exact(buffer)?;
        self.position += buffer.len() as u64;
        Ok(())
    }

    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let mut buffer = [0; N];
        self.fill(&mut buffer)?;
        Ok(buffer)
    }

    pub fn byte(&mut self) -> Result<u8, Flaw> {
        let [byte] = self.bytes()?;
        Ok(byte)
    }

    pub fn u16_be(&mut self) -> Result<u16, Flaw> {
        self.bytes().map(u16::from_be_bytes)
    }

    pub fn u32_be(&mut self) -> Result<u32, Flaw> {
        self.bytes().map(u32::from_be_bytes)
    }

    pub fn u64_be(&mut self) -> Result<u64, Flaw> {
        self.bytes().map(u64::from_be_bytes)
    }

    pub fn u32_le(&mut self) -> Result<u32, Flaw> {
        self.bytes().map(u32::from_le_bytes)
    }

    pub fn u64_le(&mut self) -> Result<u64, Flaw> {
        self.bytes().map(u64::from_le_bytes)
    }

    /// Bytes up to a zero, without it.
    pub fn text(&mut self, limit: usize) -> Result<Vec<u8>, Flaw> {
        self.until(0, limit)
    }

    /// Bytes up to a new line, without it.
    pub fn line(&mut self, limit: usize) -> Result<Vec<u8>, Flaw> {
        self.until(b'\n', limit)
    }

    fn until(&mut self, end: u8, limit: usize) -> Result<Vec<u8>, Flaw> {
        let mut text = Vec::new();
        loop {
            match self.byte()? {
                byte if byte == end => return Ok(text),
                _ if text.len() == limit => return broken("a name or line is too long"),
                byte => text.push(byte),
            }
        }
    }
}
