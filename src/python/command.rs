// SPDX-License-Identifier: Apache-2.0
//! The command, and the words that it shares with the panel.

use std::ffi::OsString;
use std::path::PathBuf;

use pyo3::prelude::*;

use crate::cli::{self, Host, Terminal};

/// Runs the command with Python's lock released and returns its exit code.
#[pyfunction]
#[pyo3(signature = (arguments, *, launcher))]
pub(super) fn run_command(py: Python<'_>, arguments: Vec<OsString>, launcher: Vec<OsString>) -> u8 {
    let python = launcher.first().map(PathBuf::from);
    let arguments = std::iter::once(OsString::from("farmhand")).chain(arguments);
    py.detach(|| cli::run(arguments, Terminal::of_process(), Host { launcher, python }))
}

/// A range of seconds in words.
#[pyfunction]
pub(super) fn format_seconds_left(low: f64, high: f64) -> String {
    format!("{} left", cli::duration_range(low, high))
}
