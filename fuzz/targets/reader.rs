// SPDX-License-Identifier: Apache-2.0
//! What a file says of its scenes.
#![no_main]

use farmhand_fuzz::{blend, desk, mutation};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|input: &[u8]| {
    if let Some(laid) = desk::lay(input) {
        let _ = blend::read_facts(&laid.path);
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutation::mutate(data, size, max_size, seed)
});
