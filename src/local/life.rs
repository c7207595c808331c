// SPDX-License-Identifier: Apache-2.0
//! Finding, starting and stopping the server, from any other process of this user. Everything here blocks.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::note::{ServerNote, try_lock};
use super::server::Health;
use super::state::FarmFiles;
use super::{LocalError, call, token};
use crate::config::Dirs;

/// How long a server may take from its start to its first answer: a cold disk and a busy computer included.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a server may take to end its lanes and itself.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// How often is looked whether it is so far.
const LOOK_AGAIN: Duration = Duration::from_millis(30);
/// How long a server that lives may be silent: one whose computer has no memory left answers late, and is not asleep.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Of the server's log, what an error shows.
const LOG_TAIL_BYTES: u64 = 600;

/// How to start a server where none runs.
#[derive(Clone, Debug, Default)]
pub struct StartOptions {
    /// The program, with what goes before `local serve`: the `farmhand` command, or a Blender or Python that becomes it.
    pub launcher: Vec<OsString>,
    /// The port of 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// How many lanes run at once; `None` leaves a running server what it has, and starts a new one with 1.
    pub slots: Option<u32>,
    /// The Python that runs Farmhand, which may have `bpy`.
    pub python: Option<PathBuf>,
    /// The Blender to render with; `None` leaves it to `FARMHAND_BLENDER`, and then to the search.
    pub blender: Option<PathBuf>,
}

impl StartOptions {
    /// The Blender that people named, as it is from everywhere.
    fn named_blender(&self) -> Option<OsString> {
        let from_environment =
            || std::env::var_os("FARMHAND_BLENDER").filter(|named| !named.is_empty());
        let named = self
            .blender
            .clone()
            .map(OsString::from)
            .or_else(from_environment)?;
        Some(absolute(&named))
    }
}

/// A server that runs, and all that is needed to ask it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalFarm {
    /// Its address.
    pub url: String,
    /// Its port of 127.0.0.1.
    pub port: u16,
    /// The token that requests must bring.
    pub token: String,
    /// Its process.
    pub pid: u32,
    /// When it started, in seconds since 1970.
    pub started_unix_secs: u64,
    /// What it said of itself.
    pub health: Health,
}

/// The server that runs; `None` where none does, or none that answers.
pub fn status(dirs: &Dirs) -> Option<LocalFarm> {
    let files = FarmFiles::new(dirs);
    let note = ServerNote::read(&files)?;
    let token = token::read(&note.token_file).ok()?;
    let health: Health = call::get(note.port, &token, "/farmhand/v1/health").ok()?;
    (health.pid == note.pid).then_some(LocalFarm {
        url: note.url,
        port: note.port,
        token,
        pid: note.pid,
        started_unix_secs: note.started_unix_secs,
        health,
    })
}

/// The server that runs, once it answers; `None` where none runs. Only its lock tells whether it lives: one that lives
/// and stays silent is an error, and not asleep.
pub fn find(dirs: &Dirs) -> Result<Option<LocalFarm>, LocalError> {
    let files = FarmFiles::new(dirs);
    let deadline = Instant::now() + ANSWER_TIMEOUT;
    loop {
        if let Some(farm) = status(dirs) {
            return Ok(Some(farm));
        }
        if try_lock(&files.lock_path())?.is_some() {
            return Ok(None);
        }
        if Instant::now() > deadline {
            return Err(no_answer(&files));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Where a server is that runs, and the token for it, without asking it: quick enough for whoever looks again and again.
pub fn address(dirs: &Dirs) -> Option<(String, String)> {
    let files = FarmFiles::new(dirs);
    let note = ServerNote::read(&files)?;
    let runs = try_lock(&files.lock_path()).ok()?.is_none();
    let token = token::read(&note.token_file).ok()?;
    runs.then_some((note.url, token))
}

/// The server that runs, or a new one. It outlives this process and the terminal.
///
/// A server of another version, with other slots than those asked for or with another Blender than the one that
/// people named is replaced if it has nothing to do, and used as it is if it has.
pub fn start(options: &StartOptions, dirs: &Dirs) -> Result<LocalFarm, LocalError> {
    let files = FarmFiles::new(dirs);
    let deadline = Instant::now() + START_TIMEOUT;
    let mut started: Option<Child> = None;
    loop {
        if let Some(farm) = status(dirs) {
            if farm.health.busy || suits(&farm, options) || started.is_some() {
                return Ok(farm);
            }
            stop_farm(&farm, &files)?;
        }
        match &mut started {
            None => started = Some(spawn(options, &files)?),
            Some(child) => {
                // Where it ended because another one holds the lock, that one will answer soon.
                if has_ended(child) && try_lock(&files.lock_path())?.is_some() {
                    return Err(not_started(&files, "it ended at once"));
                }
            }
        }
        if Instant::now() > deadline {
            // Ours gave way to one that holds the lock and is silent.
            if started.as_mut().is_some_and(has_ended) {
                return Err(no_answer(&files));
            }
            return Err(not_started(
                &files,
                &format!("no answer after {} s", START_TIMEOUT.as_secs()),
            ));
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Stops the server that runs; lanes are ended, and rendered on at the next start. `false` where none ran.
pub fn stop(dirs: &Dirs) -> Result<bool, LocalError> {
    let Some(farm) = find(dirs)? else {
        return Ok(false);
    };
    stop_farm(&farm, &FarmFiles::new(dirs))?;
    Ok(true)
}

fn no_answer(files: &FarmFiles) -> LocalError {
    let note = ServerNote::read(files);
    let (pid, url) = note.map_or((0, String::new()), |note| (note.pid, note.url));
    LocalError::NoAnswer { pid, url }
}

fn has_ended(child: &mut Child) -> bool {
    child.try_wait().is_ok_and(|status| status.is_some())
}

fn stop_farm(farm: &LocalFarm, files: &FarmFiles) -> Result<(), LocalError> {
    // An answer that was lost does not matter: the lock tells.
    let _ = call::ask(farm.port, &farm.token, "POST", "/farmhand/v1/shutdown");
    let deadline = Instant::now() + STOP_TIMEOUT;
    while try_lock(&files.lock_path())?.is_none() {
        if Instant::now() > deadline {
            return Err(LocalError::NotStopped {
                pid: farm.pid,
                waited_secs: STOP_TIMEOUT.as_secs(),
            });
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

fn suits(farm: &LocalFarm, options: &StartOptions) -> bool {
    let has_named = options.named_blender().is_none_or(|named| {
        // A bare name was looked up on PATH by the server; its path ends with it.
        let path = farm.health.blender.as_deref();
        path.is_some_and(|path| Path::new(path).ends_with(&named))
    });
    farm.health.version == env!("CARGO_PKG_VERSION")
        && options.slots.is_none_or(|slots| slots == farm.health.slots)
        && options.port.is_none_or(|port| port == farm.port)
        && has_named
}

fn spawn(options: &StartOptions, files: &FarmFiles) -> Result<Child, LocalError> {
    let log_path = files.server_log_path();
    std::fs::create_dir_all(&files.state_dir).map_err(LocalError::file(&files.state_dir))?;
    let log = File::options()
        .create(true)
        .append(true)
        .open(&log_path)
        .map_err(LocalError::file(&log_path))?;
    let errors = log.try_clone().map_err(LocalError::file(&log_path))?;
    let (program, before) = options.launcher.split_first().map_or_else(
        || (OsString::from("farmhand"), [].as_slice()),
        |(program, rest)| (program.clone(), rest),
    );
    // Its folder is another than ours: paths that are relative to ours must not be taken for its own.
    let mut command = Command::new(absolute(&program));
    if let Some(named) = options.named_blender() {
        command.env("FARMHAND_BLENDER", named);
    }
    command.args(before).args(["local", "serve", "--slots"]);
    command.arg(options.slots.unwrap_or(1).to_string());
    if let Some(port) = options.port {
        command.arg("--port").arg(port.to_string());
    }
    if let Some(python) = &options.python {
        command.env(
            "FARMHAND_PYTHON",
            std::env::var_os("FARMHAND_PYTHON").unwrap_or_else(|| python.into()),
        );
    }
    command.stdin(Stdio::null()).stdout(log).stderr(errors);
    // The server leaves the terminal's session by itself; a folder that it stands in could not be removed.
    command.current_dir(&files.state_dir);
    #[cfg(windows)]
    {
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        std::os::windows::process::CommandExt::creation_flags(
            &mut command,
            CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW,
        );
    }
    command.spawn().map_err(|source| LocalError::Spawn {
        program: program.into(),
        source,
    })
}

/// A path as it is from everywhere; a bare name is looked up on PATH and stays one.
fn absolute(program: &OsStr) -> OsString {
    let path = Path::new(program);
    if path.components().count() < 2 {
        return program.to_owned();
    }
    std::path::absolute(path).map_or_else(|_| program.to_owned(), Into::into)
}

fn not_started(files: &FarmFiles, what: &str) -> LocalError {
    let log_path = files.server_log_path();
    let tail = super::worker::log::tail(&log_path, LOG_TAIL_BYTES)
        .ok()
        .flatten()
        .unwrap_or_default();
    let reason = if tail.trim().is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {}", tail.trim())
    };
    LocalError::NotStarted { reason, log_path }
}
