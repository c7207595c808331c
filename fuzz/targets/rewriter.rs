// SPDX-License-Identifier: Apache-2.0
//! A copy with other paths: the same bytes twice, and a file that can be read again.
#![no_main]

use std::fs;

use farmhand_fuzz::blend::{BlendFile, PathSeen, rewrite};
use farmhand_fuzz::{desk, mutation};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

/// Another path for each, so that the copy differs from the file in many ways.
fn other(choice: u8, count: usize, stored: &[u8]) -> Option<Vec<u8>> {
    match choice & 3 {
        0 => Some([b"//a/b/".as_slice(), stored].concat()),
        1 => Some(stored.iter().take(1).copied().collect()),
        2 => count.is_multiple_of(2).then(|| b"/x".to_vec()),
        _ => Some(vec![b'x'; 300]),
    }
}

fuzz_target!(|input: &[u8]| {
    let Some(laid) = desk::lay(input) else { return };
    let copy = desk::folder().join("copy.blend");
    let rewritten = || {
        let mut count = 0;
        let mut choose = |seen: &PathSeen<'_>| {
            count += 1;
            other(laid.choice, count, seen.stored)
        };
        let done = rewrite(&laid.path, &copy, &mut choose).ok()?;
        Some((done, fs::read(&copy).expect("a copy")))
    };
    let Some((done, once)) = rewritten() else {
        return;
    };
    assert_eq!(done.size_bytes, once.len() as u64);
    assert!(rewritten() == Some((done, once)), "twice the same bytes");
    let (file, copied) = (BlendFile::open(&laid.path), BlendFile::open(&copy));
    let (file, copied) = (
        file.expect("what was copied"),
        copied.expect("a whole copy"),
    );
    assert_eq!(file.blocks().len(), copied.blocks().len());
    assert_eq!(file.compression(), copied.compression());
    let again = desk::folder().join("again.blend");
    let unchanged = rewrite(&copy, &again, &mut |_| None).expect("a copy of the copy");
    assert_eq!(unchanged.replaced, 0);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutation::mutate(data, size, max_size, seed)
});
