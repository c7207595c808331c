// SPDX-License-Identifier: Apache-2.0
//! Every file that a file needs: its paths, its libraries (which are the input again), and what lies on disk.
#![no_main]

use farmhand_fuzz::{desk, mutation, trace};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|input: &[u8]| {
    let Some(laid) = desk::lay(input) else { return };
    if let Ok(traced) = trace::trace(&laid.path, &trace::Progress::default()) {
        assert_eq!(traced.files[0].path, laid.path);
        for file in traced.dependencies.iter().flat_map(|found| &found.files) {
            assert!(*file < traced.files.len());
        }
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutation::mutate(data, size, max_size, seed)
});
