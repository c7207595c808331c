// SPDX-License-Identifier: Apache-2.0
//! What a large file says, and all that it needs, beside reading the heads of its blocks alone: one run, in turn.
//!
//! `cargo bench --bench reading -- FILE…` for raw files. Ends with 1 where all of it takes more than three times as long.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use farmhand::blend::{BlendFile, facts_of, read_facts};
use farmhand::trace::{Progress, trace_opened};

const RUNS: usize = 15;
/// Times the heads alone.
const MOST: f64 = 3.0;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let files = std::env::args_os().skip(1).map(PathBuf::from);
    let mut is_good = true;
    println!(
        "{:24}{:>8}{:>10}{:>10}{:>10}{:>10}{:>8}",
        "file", "blocks", "heads ms", "open ms", "facts ms", "all ms", "times"
    );
    for file in files.filter(|file| !file.to_string_lossy().starts_with("--")) {
        let (mut alone, mut open, mut facts, mut all) = (vec![], vec![], vec![], vec![]);
        for _ in 0..RUNS {
            alone.push(timed(|| Ok(heads(&file).map(|_| ())?))?);
            open.push(timed(|| Ok(BlendFile::open(&file).map(|_| ())?))?);
            facts.push(timed(|| Ok(read_facts(&file).map(|_| ())?))?);
            all.push(timed(|| {
                let file = BlendFile::open(&file)?;
                facts_of(&file)?;
                trace_opened(&file, None, &Progress::default())?;
                Ok(())
            })?);
        }
        let [alone, open, facts, all] = [alone, open, facts, all].map(median_ms);
        let times = all / alone;
        is_good &= times <= MOST;
        println!(
            "{:24}{:8}{alone:10.1}{open:10.1}{facts:10.1}{all:10.1}{times:8.2}",
            file.file_name().unwrap_or_default().to_string_lossy(),
            heads(&file)?,
        );
    }
    Ok(ExitCode::from(u8::from(!is_good)))
}

fn timed(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<Duration, Box<dyn Error>> {
    let started = Instant::now();
    work()?;
    Ok(started.elapsed())
}

fn median_ms(mut runs: Vec<Duration>) -> f64 {
    runs.sort();
    let middle = runs.get(runs.len() / 2).copied().unwrap_or_default();
    middle.as_secs_f64() * 1e3
}

/// Reads the heads of all blocks of a raw file with 8-byte pointers, lowest byte first, and says how many there are.
fn heads(path: &Path) -> io::Result<usize> {
    let mut file = BufReader::with_capacity(4096, File::open(path)?);
    let mut header = [0; 12];
    file.read_exact(&mut header)?;
    let is_large = header.starts_with(b"BLENDER17");
    if is_large {
        file.seek_relative(5)?;
    }
    let mut head = [0; 32];
    let size = if is_large { 32 } else { 24 };
    for count in 0.. {
        let head = head.get_mut(..size).unwrap_or_default();
        file.read_exact(head)?;
        if head.starts_with(b"ENDB") {
            return Ok(count);
        }
        let length = head.get(if is_large { 16..24 } else { 4..8 });
        let bytes = length.unwrap_or_default().iter().rev();
        let length = bytes.fold(0, |number, byte| number << 8 | i64::from(*byte));
        file.seek_relative(length)?;
    }
    Ok(0)
}
