// SPDX-License-Identifier: Apache-2.0
//! What the companion is told at its start.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::wanted::Policy;

/// What the companion is told at its start.
#[derive(Clone, Debug)]
pub struct CompanionOptions {
    /// The Manager's address.
    pub manager_url: String,
    /// The share, where the workers have it.
    pub share_dir: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// The file with the token that every call brings.
    pub token_file: Option<PathBuf>,
    /// How many workers.
    pub policy: Policy,
    /// The GPUs of each worker.
    pub gpus_per_worker: u32,
    /// Where the use of GPUs is asked for.
    pub gpus: Option<GpuOptions>,
    /// Where the workers' pods are asked for.
    pub kubernetes: Option<KubernetesOptions>,
}

/// Where the use of GPUs is asked for.
#[derive(Clone, Debug)]
pub struct GpuOptions {
    /// The address of Prometheus.
    pub prometheus_url: String,
    /// What it is asked, in `PromQL`; the answer is 0 to 1, or 0 to 100.
    pub query: String,
}

/// Where the workers' pods are asked for.
#[derive(Clone, Debug)]
pub struct KubernetesOptions {
    /// Their namespace.
    pub namespace: String,
    /// The labels that they have, as `kubectl -l` takes them.
    pub selector: String,
    /// The address of the cluster's API.
    pub api_url: String,
    /// The folder with `token` and `ca.crt` of this pod's service account.
    pub account_dir: PathBuf,
}
