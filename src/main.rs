// SPDX-License-Identifier: Apache-2.0
//! The `farmhand` binary.

use std::process::ExitCode;

use farmhand::cli::{Host, Terminal, run};

fn main() -> ExitCode {
    ExitCode::from(run(
        std::env::args_os(),
        Terminal::of_process(),
        Host::of_process(),
    ))
}
