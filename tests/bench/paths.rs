// SPDX-License-Identifier: Apache-2.0
//! A million paths through a `PathMap`, on one core: `make bench`, or `cargo bench --bench paths`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench prints what it measured, and ends where something is wrong"
)]

use std::hint::black_box;
use std::time::Instant;

use farmhand::paths::{Origin, PathMap, Platform, Rule};

const PATHS: u32 = 1_000_000;

fn rules(
    count: usize,
    (from, source): (Platform, &str),
    (to, target): (Platform, &str),
) -> PathMap {
    let numbered = |number: usize| {
        let source = format!("{source}/department {number}/projects");
        let target = format!("{target}/department-{number}");
        Rule::new((from, &source), (to, &target), Origin::Given).unwrap()
    };
    let whole = Rule::new((from, source), (to, target), Origin::Given).unwrap();
    PathMap::new((1..count).map(numbered).chain([whole])).unwrap()
}

fn main() {
    let linux = (Platform::Linux, "/mnt/studio");
    let windows = (Platform::Windows, r"\\nas\studio");
    for (title, from, to) in [
        ("Linux to Windows", linux, windows),
        ("Windows to Linux", windows, linux),
    ] {
        for count in [4, 32, 256] {
            let map = rules(count, from, to);
            let paths: Vec<String> = (0..1024)
                .map(|number| {
                    let department = number % 300;
                    format!("{}/department {department}/projects/film/shots/sq{number:04}/textures/wood_{number}.<UDIM>.exr", from.1)
                })
                .collect();
            let start = Instant::now();
            let mut bytes = 0;
            for path in paths.iter().cycle().take(PATHS as usize) {
                let mapped = map.map(black_box(path), from.0, to.0).unwrap().unwrap();
                bytes += black_box(mapped).path.len();
            }
            let secs = start.elapsed().as_secs_f64();
            println!(
                "{title}, {count:3} rules: {:.2} million paths per second ({} bytes each)",
                f64::from(PATHS) / secs / 1e6,
                bytes / PATHS as usize
            );
        }
    }
}
