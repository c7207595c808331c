// SPDX-License-Identifier: Apache-2.0
//! Keeps the computer awake while it renders, where the system has a program for it.

use std::process::{Child, Command, Stdio};

/// Sleep is held off as long as this lives. Where the system has no way, it holds nothing.
#[derive(Debug)]
pub struct SleepInhibitor {
    child: Option<Child>,
}

impl SleepInhibitor {
    /// Begins to hold off sleep.
    pub fn start() -> Self {
        Self {
            child: command().and_then(|mut command| {
                command
                    .stdin(Stdio::piped())
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .spawn()
                    .inspect_err(|error| tracing::debug!(%error, "sleep is not held off"))
                    .ok()
            }),
        }
    }
}

/// Each ends by itself when this process ends, however it ends: by its closed input, or by watching our number.
fn command() -> Option<Command> {
    if cfg!(target_os = "linux") {
        let mut command = Command::new("systemd-inhibit");
        command.args([
            "--what=sleep:idle",
            "--who=Farmhand",
            "--why=A render is in work",
            "--mode=block",
            "cat",
        ]);
        Some(command)
    } else if cfg!(target_os = "macos") {
        let mut command = Command::new("caffeinate");
        command.args(["-i", "-w", &std::process::id().to_string()]);
        Some(command)
    } else {
        None
    }
}

impl Drop for SleepInhibitor {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself, where the system refuses to be kept awake.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
