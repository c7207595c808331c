// SPDX-License-Identifier: Apache-2.0
//! What the server's routes and the worker share.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, OnceCell};
use tokio_util::sync::CancellationToken;

use super::LocalError;
use super::blender::{self, Blender, BlenderError, Probe, Search};
use super::renderer::renderer_in_cache;
use super::store::{JobRow, Store};
use crate::config::Dirs;
use crate::farm::models::TaskWorker;
use crate::lanes::JobProgress;

/// Where the local farm keeps its files.
#[derive(Clone, Debug)]
pub struct FarmFiles {
    /// Lock, database, logs, and the note about the server that runs.
    pub state_dir: PathBuf,
    /// Where submitters may put job files.
    pub storage_dir: PathBuf,
    /// What can be made again.
    pub cache_dir: PathBuf,
}

impl FarmFiles {
    /// The files of this user's local farm.
    pub fn new(dirs: &Dirs) -> Self {
        Self {
            state_dir: dirs.state.join("local"),
            storage_dir: dirs.data.join("local"),
            cache_dir: dirs.cache.clone(),
        }
    }

    /// Held by the server as long as it runs.
    pub fn lock_path(&self) -> PathBuf {
        self.state_dir.join("server.lock")
    }

    /// The note about the server that runs.
    pub fn note_path(&self) -> PathBuf {
        self.state_dir.join("server.json")
    }

    /// The token that requests must bring.
    pub fn token_path(&self) -> PathBuf {
        self.state_dir.join("token")
    }

    /// The job database.
    pub fn database_path(&self) -> PathBuf {
        self.state_dir.join("queue.sqlite")
    }

    /// The tasks' logs.
    pub fn logs_dir(&self) -> PathBuf {
        self.state_dir.join("logs")
    }

    /// What the server itself writes to its output.
    pub fn server_log_path(&self) -> PathBuf {
        self.state_dir.join("server.log")
    }
}

/// What the server's routes and the worker share.
#[derive(Debug)]
pub struct FarmState {
    /// The queue.
    pub store: Arc<Store>,
    /// Where files lie.
    pub files: FarmFiles,
    /// How many lanes run at once.
    pub slots: u32,
    /// The port of 127.0.0.1 that the server listens on.
    pub port: u16,
    /// The token that requests must bring.
    pub token: String,
    /// Wakes the worker after a change of the queue.
    pub wake: Notify,
    /// Ends the server.
    pub shutdown: CancellationToken,
    search: Search,
    worker_seed: String,
    host_name: String,
    found: Mutex<Option<Blender>>,
    probed: OnceCell<Probe>,
    seen: Mutex<BTreeMap<String, JobProgress>>,
    deleted: Mutex<Vec<JobRow>>,
}

impl FarmState {
    /// The shared state of a server that listens on `port`.
    pub fn new(
        store: Store,
        files: FarmFiles,
        slots: u32,
        port: u16,
        token: String,
        search: Search,
    ) -> Result<Self, LocalError> {
        let worker_seed = store.fact("worker_seed", || uuid::Uuid::new_v4().to_string())?;
        Ok(Self {
            store: Arc::new(store),
            files,
            slots,
            port,
            token,
            wake: Notify::new(),
            shutdown: CancellationToken::new(),
            search,
            worker_seed,
            host_name: sysinfo::System::host_name().unwrap_or_else(|_| "this computer".to_owned()),
            found: Mutex::new(None),
            probed: OnceCell::new(),
            seen: Mutex::new(BTreeMap::new()),
            deleted: Mutex::new(Vec::new()),
        })
    }

    /// The server's address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The Blender that renders; looked for again until there is one, since it may be installed meanwhile. Blocks.
    pub fn blender(&self) -> Result<Blender, BlenderError> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(blender) = found.as_ref().filter(|blender| blender.path.exists()) {
            return Ok(blender.clone());
        }
        let blender = Blender::find(&self.search)?;
        *found = Some(blender.clone());
        Ok(blender)
    }

    /// What that Blender can do.
    pub async fn probe(self: &Arc<Self>) -> Result<Probe, BlenderError> {
        let state = Arc::clone(self);
        let ask = || async move {
            tokio::task::spawn_blocking(move || {
                let cache_dir = &state.files.cache_dir;
                let renderer =
                    renderer_in_cache(cache_dir).map_err(|source| BlenderError::Cache {
                        path: cache_dir.clone(),
                        source,
                    })?;
                blender::probe(&state.blender()?, &renderer, cache_dir)
            })
            .await
            .unwrap_or_else(|error| {
                Err(BlenderError::NoAnswer {
                    path: PathBuf::new(),
                    reason: error.to_string(),
                })
            })
        };
        self.probed.get_or_try_init(ask).await.cloned()
    }

    /// The worker that a slot is, to the API: the same id after each start.
    pub fn worker(&self, slot: u32) -> TaskWorker {
        let digest = Sha256::digest(format!("{}/{slot}", self.worker_seed));
        let mut bytes = [0; 16];
        bytes
            .iter_mut()
            .zip(digest)
            .for_each(|(byte, drawn)| *byte = drawn);
        let name = if self.slots == 1 {
            self.host_name.clone()
        } else {
            format!("{}-{slot}", self.host_name)
        };
        TaskWorker {
            id: uuid::Builder::from_random_bytes(bytes)
                .into_uuid()
                .to_string(),
            name,
            address: "127.0.0.1".to_owned(),
        }
    }

    /// What was last seen of a job's state folder.
    pub fn seen(&self, job_id: &str) -> Option<JobProgress> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(job_id)
            .cloned()
    }

    /// Notes what was seen of a job's state folder.
    pub fn set_seen(&self, job_id: &str, progress: JobProgress) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(job_id.to_owned(), progress);
    }

    /// Remembers a job that was deleted: its files go as soon as its lanes have ended.
    pub fn add_deleted(&self, job: JobRow) {
        self.deleted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(job);
    }

    /// Takes those deleted jobs out whose id `has_ended`.
    pub fn take_deleted(&self, has_ended: impl Fn(&String) -> bool) -> Vec<JobRow> {
        self.deleted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extract_if(.., |row| has_ended(&row.job.id))
            .collect()
    }

    /// Forgets what was seen of a job that was deleted, or has changed: its folder is read anew.
    pub fn forget(&self, job_id: &str) {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(job_id);
    }

    /// Where the log of a task lies.
    pub fn log_path(&self, job_id: &str, task_id: &str) -> PathBuf {
        super::worker::log::path(&self.files.logs_dir(), job_id, task_id)
    }
}

/// A job's state folder, from its settings.
pub fn job_state_dir(job: &JobRow) -> PathBuf {
    crate::lanes::files::state_dir(
        Path::new(job.setting("storage")),
        job.setting("submission_id"),
        &job.job.id,
    )
}
