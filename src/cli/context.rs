// SPDX-License-Identifier: Apache-2.0
//! What every command has at hand.

use std::ffi::OsString;
use std::path::PathBuf;

use tokio::runtime::Runtime;

use super::failure::{Exit, Failure};
use super::terminal::Terminal;
use crate::config::Dirs;

/// The program that this command runs in, and how it starts itself again for the local farm.
#[derive(Clone, Debug)]
pub struct Host {
    /// The command line that behaves as `farmhand`, without arguments.
    pub launcher: Vec<OsString>,
    /// The Python that this command runs in, where it does: its `bpy` may be the Blender of this computer.
    pub python: Option<PathBuf>,
}

impl Host {
    /// This process's own executable, as the binary is.
    pub fn of_process() -> Self {
        let executable = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("farmhand"));
        Self {
            launcher: vec![executable.into()],
            python: None,
        }
    }
}

/// What every command has at hand.
pub struct Context {
    pub terminal: Terminal,
    pub dirs: Dirs,
    pub host: Host,
}

impl Context {
    /// Opens what commands need; hands the terminal back where that fails, so that it can be said.
    pub fn open(terminal: Terminal, host: Host) -> Result<(Self, Runtime), (Terminal, Failure)> {
        let dirs = match Dirs::from_environment() {
            Ok(dirs) => dirs,
            Err(error) => return Err((terminal, Failure::caused(Exit::Usage, &error))),
        };
        match tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
        {
            Ok(runtime) => Ok((
                Self {
                    terminal,
                    dirs,
                    host,
                },
                runtime,
            )),
            Err(error) => Err((
                terminal,
                Failure::failed(format!("this computer gives no threads: {error}")),
            )),
        }
    }
}
