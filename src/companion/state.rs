// SPDX-License-Identifier: Apache-2.0
//! What the server and the observer share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::Mutex as AsyncMutex;

use super::error::CompanionError;
use super::identities::{self, Identities};
use super::kubernetes::Kubernetes;
use super::options::CompanionOptions;
use super::outputs::Outputs;
use super::tally::Tally;
use crate::farm::models::{WorkerStatus, WorkerStatusChangeRequest, WorkerSummary};
use crate::farm::{Client, ClientOptions, FarmError};
use crate::lanes::JobProgress;
use crate::watch::queue_task_of;

/// What is told of the workers wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Wanted {
    /// How many.
    pub workers: usize,
    /// What decided it.
    pub because: String,
    /// Workers that have a task.
    pub busy: usize,
    /// Frames that are neither done nor given up, of jobs that can go on.
    pub frames_left: u64,
}

/// How many there are of each, by their state.
pub type Counts = BTreeMap<String, u64>;

/// What the last look saw.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// The number of workers wanted; none before the Manager has answered once.
    pub wanted: Option<Wanted>,
    /// How far the jobs are that are not settled, or were within the last minute.
    pub progress: BTreeMap<String, JobProgress>,
    /// All jobs.
    pub jobs: Counts,
    /// The tasks of jobs that are not settled.
    pub tasks: Counts,
    /// The frames of jobs that are not settled.
    pub frames: Counts,
    /// All workers.
    pub workers: Counts,
    /// The workers' pods.
    pub pods: Counts,
    /// How the GPUs of busy workers are used, 0 to 1.
    pub gpu_ratio: Option<f64>,
    /// What is counted.
    pub tally: Tally,
    /// Whether the Manager answers.
    pub manager_up: bool,
    /// Whether Kubernetes answers; none where it is not asked.
    pub kubernetes_up: Option<bool>,
    /// Whether Prometheus answers; none where it is not asked.
    pub prometheus_up: Option<bool>,
}

/// What the server and the observer share.
pub struct Companion {
    /// What was told at the start.
    pub options: CompanionOptions,
    /// The Manager.
    pub client: Client,
    /// The cluster, where it is asked.
    pub kubernetes: Option<Kubernetes>,
    /// Who is which worker.
    pub identities: AsyncMutex<Identities>,
    /// The files of jobs.
    pub outputs: Outputs,
    look: Mutex<Arc<Look>>,
}

impl Companion {
    /// Nothing has been looked at yet.
    pub fn new(options: CompanionOptions) -> Result<Self, CompanionError> {
        let client = Client::new(&ClientOptions::new(&options.manager_url))?.without_retries();
        let kubernetes = options
            .kubernetes
            .clone()
            .map(Kubernetes::new)
            .transpose()?;
        Ok(Self {
            client,
            kubernetes,
            identities: AsyncMutex::new(Identities::open(&options.share_dir)?),
            outputs: Outputs::default(),
            look: Mutex::default(),
            options,
        })
    }

    /// What the last look saw.
    pub fn look(&self) -> Arc<Look> {
        Arc::clone(&self.look.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes what was seen.
    pub fn set_look(&self, look: Look) {
        *self.look.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(look);
    }

    /// Lends a pod an identity, after those of dead pods were taken back.
    pub async fn lend(&self, pod: &str) -> Result<(String, PathBuf), LendError> {
        let mut identities = self.identities.lock().await;
        self.take_back_dead(&mut identities, Some(pod)).await?;
        let number = identities.lend(pod)?;
        if let Some(worker_id) = identities.worker_id(number) {
            self.settle_worker(&worker_id).await?;
        }
        Ok((identities::name(number), identities.home(number)))
    }

    /// Takes back the identities of pods that are gone; says how many of them had a task in work. `asking` is the pod that
    /// asks for one: it has to be among the pods that are known, or every living one would be taken for gone.
    pub async fn take_back_dead(
        &self,
        identities: &mut Identities,
        asking: Option<&str>,
    ) -> Result<u64, LendError> {
        let gone: Vec<_> = if let Some(kubernetes) = &self.kubernetes {
            let asked_unix_secs = identities::unix_secs();
            let pods = kubernetes.pods().await?;
            let is_alive = |name: &str| pods.iter().any(|pod| pod.name == name && !pod.has_ended);
            if let Some(pod) = asking.filter(|pod| !is_alive(pod)) {
                return Err(LendError::Unknown(pod.to_owned()));
            }
            let leases = identities.leases();
            leases
                .filter(|(_, lease)| lease.since_unix_secs < asked_unix_secs)
                .filter(|(_, lease)| !is_alive(&lease.pod))
                .map(|(number, lease)| (number, lease.pod.clone()))
                .collect()
        } else {
            let workers = self.client.workers().await?;
            identities
                .leases()
                .filter(|(_, lease)| asking != Some(lease.pod.as_str()))
                .filter(|(number, lease)| {
                    let id = identities.worker_id(*number);
                    let worker = workers
                        .iter()
                        .find(|worker| Some(&worker.id) == id.as_ref());
                    worker.is_some_and(|worker| has_left(worker, lease.since_unix_secs))
                })
                .map(|(number, lease)| (number, lease.pod.clone()))
                .collect()
        };
        let mut lost = 0;
        for (number, pod) in gone {
            // Before somebody else is that worker: its task would be taken for theirs.
            if let Some(worker_id) = identities.worker_id(number) {
                lost += u64::from(self.settle_worker(&worker_id).await?);
            }
            identities.take_back(&pod)?;
            tracing::info!(pod, identity = identities::name(number), "its pod is gone");
        }
        Ok(lost)
    }

    /// Queues the task that a worker still has, and takes back that it was to go off; says whether it had one. A worker that
    /// the Manager has forgotten has nothing to settle.
    async fn settle_worker(&self, worker_id: &str) -> Result<bool, FarmError> {
        let had_one = match queue_task_of(&self.client, worker_id).await {
            Err(FarmError::NotFound { .. }) => return Ok(false),
            other => other?,
        };
        let worker = self.client.worker(worker_id).await?.summary;
        let is_to_go = worker.status_change.is_some_and(|change| {
            matches!(change.status, WorkerStatus::Offline | WorkerStatus::Restart)
        });
        if is_to_go {
            let change = WorkerStatusChangeRequest {
                status: worker.status,
                is_lazy: false,
            };
            self.client.ask_worker_for(worker_id, &change).await?;
        }
        Ok(had_one)
    }
}

/// Whether a worker that was lent its identity then has been there since, and is no more.
fn has_left(worker: &WorkerSummary, since_unix_secs: f64) -> bool {
    /// A worker that has not come within this time does not come.
    const COMES_WITHIN_SECS: f64 = 600.0;
    #[expect(clippy::cast_precision_loss, reason = "seconds")]
    let was_there = worker
        .last_seen
        .is_some_and(|seen| seen.unix_timestamp() as f64 > since_unix_secs);
    matches!(worker.status, WorkerStatus::Offline | WorkerStatus::Error)
        && (was_there || identities::unix_secs() - since_unix_secs > COMES_WITHIN_SECS)
}

/// Why no identity is lent.
#[derive(Debug, thiserror::Error)]
pub enum LendError {
    /// Something does not answer, or cannot be written.
    #[error(transparent)]
    Companion(#[from] CompanionError),
    /// The Manager does not answer.
    #[error(transparent)]
    Farm(#[from] FarmError),
    /// A pod that is none of ours asks.
    #[error("{0} is not among the workers' pods; name labels with --worker-selector that it has")]
    Unknown(String),
}
