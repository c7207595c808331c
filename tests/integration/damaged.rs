// SPDX-License-Identifier: Apache-2.0
//! Real files, damaged by chance, but the same in every run: a short relative of `make fuzz`.
//!
//! They are read in a process of its own, which the system ends where it takes too much memory or time.

use std::fs;
use std::path::Path;

use farmhand::blend::{BlendFile, PathSeen, read_facts, rewrite};
use farmhand::trace::{Progress, trace};

use crate::blend_facts::shared_blends;

const FILES: &[&str] = &[
    "basic_file.blend",
    "basic_file_compressed.blend",
    "basic_file_compressed_zstd.blend",
    "doubly_linked.blend",
    "T55539-particles/particle.blend",
    "geometry-nodes/file_to_pack.blend",
];
const DAMAGES: usize = 25;

#[test]
#[cfg(unix)]
fn damaged_real_files_take_neither_much_memory_nor_time() {
    if shared_blends().is_none() {
        return;
    }
    // Of address space, which threads and allocators ask for without using it; of the processor, whatever else it does.
    let limits = "ulimit -v 2000000 && ulimit -t 300 && exec \"$0\" \"$@\"";
    let output = std::process::Command::new("sh")
        .args(["-c", limits])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--test-threads=1"])
        .arg("damaged::damaged_real_files_are_errors_or_read_as_far_as_they_go")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{}\n{said}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
#[ignore = "run by the test above, in a process that has limits"]
fn damaged_real_files_are_errors_or_read_as_far_as_they_go() {
    let Some(shared) = shared_blends() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.blend");
    // Beside it lie libraries, so that what is linked is found.
    for name in ["basic_file.blend", "linked_cube.blend"] {
        fs::copy(shared.join(name), folder.path().join(name)).unwrap();
    }
    let mut chance = Chance(0x9e37_79b9_7f4a_7c15);
    let mut whole = 0;
    for name in FILES {
        let bytes = fs::read(shared.join(name)).unwrap();
        for _ in 0..DAMAGES {
            fs::write(&damaged, damage(&bytes, &mut chance)).unwrap();
            let _ = read_facts(&damaged);
            if let Ok(traced) = trace(&damaged, &Progress::default()) {
                assert_eq!(traced.files[0].path, damaged, "{name}");
                whole += 1;
            }
            rewrite_twice(&damaged);
        }
    }
    assert!(
        whole > 20,
        "too few of the files could still be read: {whole}"
    );
}

/// A copy of what can be read can be read, too, and is the same each time.
fn rewrite_twice(file: &Path) {
    let copy = file.with_file_name("copy.blend");
    let mut longer = |seen: &PathSeen<'_>| Some([b"//a/b/".as_slice(), seen.stored].concat());
    if rewrite(file, &copy, &mut longer).is_err() {
        return;
    }
    let once = fs::read(&copy).unwrap();
    rewrite(file, &copy, &mut longer).unwrap();
    assert!(once == fs::read(&copy).unwrap(), "twice the same bytes");
    let (file, copied) = (BlendFile::open(file), BlendFile::open(&copy));
    let (file, copied) = (file.unwrap(), copied.unwrap());
    assert_eq!(file.blocks().len(), copied.blocks().len());
}

/// A few bytes become others; half of them where that does most: in the header, or in the description of all structures.
/// In some files an address is written over another place, in some the end is missing.
fn damage(whole: &[u8], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = whole.to_owned();
    let description = whole.windows(8).rposition(|bytes| bytes == b"SDNANAME");
    for _ in 0..=chance.below(4) {
        let place = match (chance.below(4), description) {
            (0, _) => chance.below(64),
            (1, Some(start)) => start + chance.below(whole.len() - start),
            _ => chance.below(whole.len()),
        };
        bytes[place] = [0, 0x7f, 0xff, 0x55][chance.below(4)];
    }
    if chance.below(3) == 0 {
        let mut place = || chance.below(whole.len() / 4 - 2) * 4;
        let (from, to) = (place(), place());
        bytes.copy_within(from..from + 8, to);
    }
    if chance.below(10) == 0 {
        bytes.truncate(chance.below(whole.len()));
    }
    bytes
}

/// Numbers that only seem to be by chance (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % count as u64).unwrap()
    }
}
