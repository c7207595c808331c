// SPDX-License-Identifier: Apache-2.0
//! Other paths in a large file, beside copying it: one run, in turn. Both flush what they wrote to the disk.
//!
//! `cargo bench --bench rewriting -- FILE…`. Ends with 1 where the same file gives other bytes the second time.
#![allow(clippy::print_stdout, reason = "a bench prints its figures")]

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use farmhand::blend::{PathSeen, rewrite};
use sha2::{Digest, Sha256};

const RUNS: usize = 3;
const PIECE: usize = 1024 * 1024;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let files = std::env::args_os().skip(1).map(PathBuf::from);
    let mut is_same = true;
    println!(
        "{:24}{:>8}{:>8}{:>10}{:>12}{:>8}{:>10}  twice the same",
        "file", "MB", "paths", "copy s", "rewrite s", "times", "peak MB"
    );
    for file in files.filter(|file| !file.to_string_lossy().starts_with("--")) {
        let folder = tempfile::tempdir_in(file.parent().unwrap_or(Path::new(".")))?;
        let target = folder.path().join("copy.blend");
        let (mut copying, mut rewriting, mut sums) = (vec![], vec![], vec![]);
        let (mut replaced, mut peak) = (0, None);
        for _ in 0..RUNS {
            let started = Instant::now();
            copy(&file, &target)?;
            copying.push(started.elapsed().as_secs_f64());
            fs::remove_file(&target)?;
            forget_peak();
            let started = Instant::now();
            replaced = rewrite(&file, &target, &mut moved)?.replaced;
            rewriting.push(started.elapsed().as_secs_f64());
            peak = peak.max(peak_mb());
            sums.push(sum(&target)?);
            fs::remove_file(&target)?;
        }
        sums.dedup();
        is_same &= sums.len() == 1;
        let (copying, rewriting) = (median(copying), median(rewriting));
        println!(
            "{:24}{:8}{replaced:8}{copying:10.2}{rewriting:12.2}{:8.2}{:>10}  {}",
            file.file_name().unwrap_or_default().to_string_lossy(),
            file.metadata()?.len() / 1_000_000,
            rewriting / copying,
            peak.map_or("?".to_owned(), |peak| peak.to_string()),
            if sums.len() == 1 { "yes" } else { "NO" },
        );
    }
    Ok(ExitCode::from(u8::from(!is_same)))
}

/// Another folder for what lies beside the file.
fn moved(seen: &PathSeen<'_>) -> Option<Vec<u8>> {
    let rest = seen.stored.strip_prefix(b"//")?;
    Some([b"/farm/projects/a film with a long name/", rest].concat())
}

fn copy(source: &Path, target: &Path) -> io::Result<()> {
    let (mut source, mut target) = (File::open(source)?, File::create(target)?);
    let mut buffer = vec![0; PIECE];
    loop {
        let count = source.read(&mut buffer)?;
        if count == 0 {
            return target.sync_all();
        }
        target.write_all(buffer.get(..count).unwrap_or_default())?;
    }
}

fn sum(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; PIECE];
    let mut hash = Sha256::new();
    loop {
        let count = file.read(&mut buffer)?;
        if count == 0 {
            return Ok(hash.finalize().to_vec());
        }
        hash.update(buffer.get(..count).unwrap_or_default());
    }
}

fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_by(f64::total_cmp);
    runs.get(runs.len() / 2).copied().unwrap_or_default()
}

/// Lets the system count the most memory anew; where it can't, the most of all runs is shown.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The most memory that this process had, where the system tells.
fn peak_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes / 1000)
}
