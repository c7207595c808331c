// SPDX-License-Identifier: Apache-2.0
//! The server's own life: from its lock to its last lane.

use std::fs::File;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::blender::Search;
use super::life::status;
use super::note::{ServerNote, try_lock};
use super::state::{FarmFiles, FarmState};
use super::store::Store;
use super::worker::process;
use super::{LocalError, server, token, worker};
use crate::config::Dirs;

/// How long another process may hold the lock without answering before it is left to itself.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// How long blocking work may still take at the end; a Blender that is being looked at takes minutes.
const LAST_WORK: Duration = Duration::from_secs(1);

/// How a server is to run.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The port of 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// How many lanes run at once.
    pub slots: u32,
    /// The Python that runs Farmhand, which may have `bpy`.
    pub python: Option<PathBuf>,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            port: None,
            slots: 1,
            python: None,
        }
    }
}

/// Serves and renders until it is asked to end, by `POST /farmhand/v1/shutdown`, SIGTERM or SIGINT. Blocks.
///
/// Fails with [`LocalError::AlreadyRunning`] where another process of this user does so already.
pub fn serve(options: &ServeOptions, dirs: &Dirs) -> Result<(), LocalError> {
    let files = FarmFiles::new(dirs);
    let _lock = lock(&files, dirs)?;
    remove_old_note(&files)?;
    leave_terminal();
    for folder in [&files.storage_dir, &files.cache_dir] {
        std::fs::create_dir_all(folder).map_err(LocalError::file(folder))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(LocalError::Serve)?;
    let served = runtime.block_on(serve_files(options, files.clone()));
    // A note that stays behind is found out by whoever asks the server it names.
    let _ = std::fs::remove_file(files.note_path());
    runtime.shutdown_timeout(LAST_WORK);
    served
}

/// Removes what a server that was killed left behind: a new token must not be sent to its port, which may be somebody
/// else's by now.
fn remove_old_note(files: &FarmFiles) -> Result<(), LocalError> {
    let path = files.note_path();
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(LocalError::file(path)(error))
        }
        _ => Ok(()),
    }
}

/// Takes the lock. Others hold it for a moment only to see whether it is free: it is tried until it is had, or its
/// holder shows itself as a server.
fn lock(files: &FarmFiles, dirs: &Dirs) -> Result<File, LocalError> {
    let deadline = Instant::now() + LOCK_TIMEOUT;
    loop {
        if let Some(lock) = try_lock(&files.lock_path())? {
            return Ok(lock);
        }
        if status(dirs).is_some() || Instant::now() > deadline {
            return Err(LocalError::AlreadyRunning {
                note_path: files.note_path(),
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Lets go of the terminal it was started from, whose end would be its own. A process that heads a group (started
/// by hand) cannot, and need not.
fn leave_terminal() {
    #[cfg(unix)]
    let _ = rustix::process::setsid();
}

async fn serve_files(options: &ServeOptions, files: FarmFiles) -> Result<(), LocalError> {
    let port = options.port.unwrap_or(0);
    let listen = |source| LocalError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(listen)?;
    let port = listener.local_addr().map_err(listen)?.port();
    let store = Store::open(&files.database_path())?;
    recover(&store)?;
    let token = token::make(&files.token_path())?;
    let search = Search::from_environment(options.python.clone());
    let state = Arc::new(FarmState::new(
        store,
        files,
        options.slots.max(1),
        port,
        token,
        search,
    )?);
    note(&state).write(&state.files)?;
    tracing::info!(
        url = state.url(),
        slots = state.slots,
        "the local farm is up"
    );
    let stop = state.shutdown.clone();
    let signals = tokio::spawn(cancel_on_signal(stop.clone()));
    let served = tokio::join!(
        end_with(
            server::run(listener, stop.clone(), Arc::clone(&state)),
            &stop
        ),
        worker::work(Arc::clone(&state), stop.clone()),
    );
    signals.abort();
    tracing::info!("the local farm is down");
    served.0
}

/// Where serving fails, the lanes end, too.
async fn end_with<T>(work: impl Future<Output = T>, stop: &CancellationToken) -> T {
    let result = work.await;
    stop.cancel();
    result
}

/// Ends what the last server left running, and queues what it had in work.
fn recover(store: &Store) -> Result<(), LocalError> {
    for left in store
        .active_tasks()?
        .into_iter()
        .filter_map(|row| row.process)
    {
        process::end_left_over(left);
    }
    store.recover()?;
    Ok(())
}

fn note(state: &FarmState) -> ServerNote {
    ServerNote {
        pid: std::process::id(),
        url: state.url(),
        port: state.port,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_unix_secs: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_secs()),
        token_file: state.files.token_path(),
    }
}

#[cfg(unix)]
async fn cancel_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = [SignalKind::terminate(), SignalKind::interrupt()].map(signal);
    if let [Ok(mut terminate), Ok(mut interrupt)] = signals {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stop.cancel();
    }
}

#[cfg(not(unix))]
async fn cancel_on_signal(stop: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        stop.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_of_a_server_that_was_killed_goes_before_the_next_token() {
        let folder = tempfile::tempdir().unwrap();
        let files = FarmFiles::new(&Dirs::below(folder.path()));
        std::fs::create_dir_all(&files.state_dir).unwrap();
        std::fs::write(files.note_path(), "{}").unwrap();
        remove_old_note(&files).unwrap();
        assert!(!files.note_path().exists());
        remove_old_note(&files).unwrap();
    }
}
