// SPDX-License-Identifier: Apache-2.0
//! Traces of real runs of the renderer, held against the lane rules.

use std::fs;
use std::path::{Path, PathBuf};

use farmhand::lanes::replay::{Replayed, replay};

/// Replays every file of a folder, and says what each held.
fn replay_folder(folder: &Path) -> Vec<(PathBuf, Replayed)> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let trace = fs::read_to_string(&path).unwrap();
            let replayed =
                replay(&trace).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            (path, replayed)
        })
        .collect()
}

#[test]
fn recorded_runs_of_the_renderer_follow_the_rules() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/traces");
    let replayed = replay_folder(&folder);
    assert!(!replayed.is_empty());
    assert!(
        replayed.iter().all(|(_, replayed)| replayed.steps > 0),
        "{replayed:?}"
    );
}

#[test]
fn traces_of_the_kill_tests_follow_the_rules() {
    let Some(folder) = std::env::var_os("FARMHAND_TRACE_DIR") else {
        eprintln!(
            "skipped: FARMHAND_TRACE_DIR, the folder that the kill tests trace their lanes into, is not set"
        );
        return;
    };
    let replayed = replay_folder(Path::new(&folder));
    let total = |count: fn(&Replayed) -> usize| -> usize {
        replayed.iter().map(|(_, replayed)| count(replayed)).sum()
    };
    println!(
        "{} traces, {} runs, {} of them killed, {} steps: none that the rules forbid",
        replayed.len(),
        total(|replayed| replayed.runs),
        total(|replayed| replayed.cut_off),
        total(|replayed| replayed.steps),
    );
    assert!(
        replayed.iter().any(|(_, replayed)| replayed.steps > 0),
        "the kill tests left no trace in {}",
        Path::new(&folder).display()
    );
}
