// SPDX-License-Identifier: Apache-2.0
//! Why the companion cannot do what it is asked.

use std::net::SocketAddr;
use std::path::PathBuf;

use crate::farm::FarmError;

/// Why the companion cannot do what it is asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompanionError {
    /// The Manager, or the companion itself, says no or is away.
    #[error(transparent)]
    Farm(#[from] FarmError),
    /// A file could not be read or written.
    #[error("the companion cannot use a file; check that the share is mounted, and whose it is: {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The list of identities is damaged.
    #[error("the list of identities cannot be read ({reason}); restore it, or remove it when no worker runs: {}", path.display())]
    Leases {
        /// What is wrong with it.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// A name that cannot be a pod's.
    #[error("{name:?} is not the name of a pod: letters, digits, '-' and '.', 253 at most")]
    BadPod {
        /// The name.
        name: String,
    },
    /// Other computers would be listened to without asking who they are.
    #[error(
        "listening on {address} lets others in, and no token is asked for; name a file with --token-file, or listen on 127.0.0.1"
    )]
    Open {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be had.
    #[error("the companion cannot listen on {address}; choose another with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// This process is in no pod that may speak to Kubernetes.
    #[error("this pod has no service account for Kubernetes ({reason}); mount one, or leave --kubernetes-namespace out: {}", path.display())]
    NoServiceAccount {
        /// What is missing.
        reason: String,
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Kubernetes or Prometheus is away, or says no.
    #[error(
        "{who} does not answer as expected: {reason}; look at its log and at what the companion's account may do: {url}"
    )]
    Neighbour {
        /// Which of them.
        who: &'static str,
        /// What happened.
        reason: String,
        /// What was asked.
        url: String,
    },
    /// A worker that was never lent an identity is to drain.
    #[error("{} names no worker; set FLAMENCO_HOME to the home that farmhand companion lease printed", path.display())]
    NoWorker {
        /// The file with the worker's credentials.
        path: PathBuf,
    },
    /// The companion lends no identity for now.
    #[error("no identity was lent within {patience_secs} s: {reason}")]
    NotLent {
        /// How long was waited.
        patience_secs: u64,
        /// The last refusal.
        reason: String,
    },
}

impl CompanionError {
    /// For `map_err` on a file.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
