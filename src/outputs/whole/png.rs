// SPDX-License-Identifier: Apache-2.0
//! PNG: chunks with their checksums, the compressed stream to its end, every row (ISO/IEC 15948).

use std::io::{Read, Seek};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::source::{Flaw, Source, broken};

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// First column, first row, column distance and row distance of the seven passes of an interlaced picture.
const ADAM7: [(u64, u64, u64, u64); 7] = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
];

pub(super) fn check<R: Read + Seek>(source: &mut Source<R>) -> Result<(), Flaw> {
    source.skip(SIGNATURE.len() as u64)?;
    let mut rows: Option<Rows> = None;
    let mut buffer = vec![0; 32 * 1024];
    loop {
        let length = u32::from_be_bytes(source.bytes()?);
        let kind: [u8; 4] = source.bytes()?;
        let mut crc = Crc::new();
        crc.update(&kind);
        match (&kind, &mut rows) {
            (b"IHDR", None) => {
                let header: [u8; 13] = source.bytes()?;
                if length != 13 {
                    return broken("its header has a wrong size");
                }
                crc.update(&header);
                rows = Some(Rows::new(expected_bytes(header)?));
            }
            (b"IHDR", Some(_)) => return broken("it has two headers"),
            (_, None) => return broken("its header is missing"),
            (_, Some(rows)) => {
                let mut left = length as usize;
                while left > 0 {
                    let count = left.min(buffer.len());
                    let Some(part) = buffer.get_mut(..count) else {
                        break;
                    };
                    source.fill(part)?;
                    crc.update(part);
                    if &kind == b"IDAT" {
                        rows.feed(part)?;
                    }
                    left -= count;
                }
            }
        }
        if u32::from_be_bytes(source.bytes()?) != crc.sum() {
            return broken(format!(
                "the checksum of its part {} is wrong",
                String::from_utf8_lossy(&kind)
            ));
        }
        if &kind == b"IEND" {
            return rows.map_or_else(|| broken("its header is missing"), |rows| rows.finish());
        }
    }
}

/// How many bytes the rows hold when decompressed, their filter bytes included.
fn expected_bytes(header: [u8; 13]) -> Result<u64, Flaw> {
    let [
        w0,
        w1,
        w2,
        w3,
        h0,
        h1,
        h2,
        h3,
        depth,
        colour,
        _,
        _,
        interlace,
    ] = header;
    let width = u64::from(u32::from_be_bytes([w0, w1, w2, w3]));
    let height = u64::from(u32::from_be_bytes([h0, h1, h2, h3]));
    let samples: u64 = match colour {
        0 | 3 => 1,
        2 => 3,
        4 => 2,
        6 => 4,
        _ => return broken("its colour type is unknown"),
    };
    if width == 0 || height == 0 || !matches!(depth, 1 | 2 | 4 | 8 | 16) {
        return broken("its header is damaged");
    }
    let pass = |width: u64, height: u64| {
        if width == 0 {
            return Some(0);
        }
        let row = width.checked_mul(samples * u64::from(depth))?.div_ceil(8) + 1;
        row.checked_mul(height)
    };
    let total = if interlace == 0 {
        pass(width, height)
    } else {
        ADAM7
            .iter()
            .try_fold(0_u64, |sum, (column, row, columns, rows)| {
                let width = width.saturating_sub(*column).div_ceil(*columns);
                let height = height.saturating_sub(*row).div_ceil(*rows);
                sum.checked_add(pass(width, height)?)
            })
    };
    total.map_or_else(|| broken("its size is beyond reason"), Ok)
}

/// The compressed stream of rows, counted and thrown away.
struct Rows {
    inflater: Decompress,
    expected: u64,
    ended: bool,
}

impl Rows {
    fn new(expected: u64) -> Self {
        Self {
            inflater: Decompress::new(true),
            expected,
            ended: false,
        }
    }

    fn feed(&mut self, mut input: &[u8]) -> Result<(), Flaw> {
        let mut scratch = [0; 16 * 1024];
        while !self.ended {
            let (read, written) = (self.inflater.total_in(), self.inflater.total_out());
            let status = self
                .inflater
                .decompress(input, &mut scratch, FlushDecompress::None);
            let used = usize::try_from(self.inflater.total_in() - read).unwrap_or(input.len());
            input = input.get(used..).unwrap_or_default();
            if self.inflater.total_out() > self.expected {
                return broken("it holds more than its rows");
            }
            match status {
                Ok(Status::StreamEnd) => self.ended = true,
                Ok(_) if used == 0 && self.inflater.total_out() == written => break,
                Ok(_) => {}
                Err(_) => return broken("its compressed rows are damaged"),
            }
        }
        Ok(())
    }

    fn finish(&self) -> Result<(), Flaw> {
        if self.ended && self.inflater.total_out() == self.expected {
            Ok(())
        } else {
            broken("rows are missing")
        }
    }
}
