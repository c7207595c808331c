// SPDX-License-Identifier: Apache-2.0
//! What a worker's pod asks for: an identity at its start, and to be let go at its end.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::error::CompanionError;
use super::identities::{credentials_path, worker_id_in};
use crate::farm::models::{WorkerStatus, WorkerStatusChangeRequest};
use crate::farm::{Client, ClientOptions, FarmError, Repeat, Secret};

/// How often what is waited for is asked for.
const EVERY: Duration = Duration::from_secs(1);

/// An identity that was lent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lent {
    /// Its name.
    pub identity: String,
    /// What `FLAMENCO_HOME` has to name.
    pub home: String,
}

/// How an identity is asked for.
#[derive(Clone, Debug)]
pub struct LeaseOptions {
    /// The companion's address.
    pub companion_url: String,
    /// The file with its token.
    pub token_file: Option<PathBuf>,
    /// Who asks.
    pub pod: String,
    /// For how long the companion may be away.
    pub patience: Duration,
}

/// Asks for an identity until one is lent.
pub async fn lease(options: &LeaseOptions) -> Result<Lent, CompanionError> {
    let mut client_options = ClientOptions::new(&options.companion_url);
    // Inside the cluster, where pods speak to each other.
    client_options.allow_plain_http = true;
    client_options.timeout = Duration::from_secs(35);
    if let Some(path) = &options.token_file {
        let token = tokio::fs::read_to_string(path).await;
        let token = token.map_err(CompanionError::file(path))?;
        client_options = client_options.token(Secret::new(&token));
    }
    let client = Client::new(&client_options)?.without_retries();
    let path = ["farmhand", "v1", "workers", "lease"];
    let asking = json!({"pod": options.pod});
    let deadline = Instant::now() + options.patience;
    loop {
        // The same pod gets the same identity: asking twice does what asking once does.
        let error = match client.post_json(&path, &asking, Repeat::Harmless).await {
            Ok(lent) => return Ok(lent),
            Err(error) => error,
        };
        let may_pass = error.is_offline()
            || matches!(&error, FarmError::ServerFailed { .. })
            || matches!(
                &error,
                FarmError::Refused {
                    status: 409 | 429,
                    ..
                }
            );
        if !may_pass || Instant::now() + EVERY > deadline {
            return Err(if may_pass {
                CompanionError::NotLent {
                    patience_secs: options.patience.as_secs(),
                    reason: error.to_string(),
                }
            } else {
                error.into()
            });
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// How a worker is let go.
#[derive(Clone, Debug)]
pub struct DrainOptions {
    /// The Manager's address.
    pub manager_url: String,
    /// The worker's home.
    pub home: PathBuf,
    /// The file that a lane looks for before each frame.
    pub drain_file: Option<PathBuf>,
    /// For how long its frame may still take.
    pub grace: Duration,
}

/// Lets the frame in flight end: asks the Manager to let the worker go off after its task, and its lane to begin no more
/// frames. Says whether there was time for that; whoever ends the worker then does so in any case.
pub async fn drain(options: &DrainOptions) -> Result<bool, CompanionError> {
    let id = worker_id_in(&options.home).ok_or_else(|| CompanionError::NoWorker {
        path: credentials_path(&options.home),
    })?;
    let client = Client::new(&ClientOptions::new(&options.manager_url))?.without_retries();
    if let Some(path) = &options.drain_file {
        std::fs::write(path, b"").map_err(CompanionError::file(path))?;
    }
    let held_path = options.drain_file.as_deref().map(held_path);
    let deadline = Instant::now() + options.grace;
    let mut is_asked = false;
    loop {
        if held_path.as_deref().is_some_and(Path::exists) {
            return Ok(true);
        }
        // The Manager may be away for a moment; a lane needs it for nothing here.
        let worker = client.worker(&id).await;
        if let Ok(worker) = &worker {
            if worker.summary.status == WorkerStatus::Offline {
                return Ok(true);
            }
            if !is_asked {
                let change = WorkerStatusChangeRequest {
                    status: WorkerStatus::Offline,
                    is_lazy: true,
                };
                is_asked = client.ask_worker_for(&id, &change).await.is_ok();
            }
        }
        if Instant::now() + EVERY > deadline {
            return Ok(false);
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// The file by which a lane says that it begins no more frames.
fn held_path(drain_file: &Path) -> PathBuf {
    let mut path = drain_file.as_os_str().to_owned();
    path.push(".held");
    path.into()
}
