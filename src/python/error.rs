// SPDX-License-Identifier: Apache-2.0
//! The one place where an error becomes a Python exception. The classes are defined in `python/farmhand/errors.py`,
//! since exceptions cannot be subclassed from Rust under abi3 below Python 3.12.

use pyo3::prelude::*;
use thiserror::Error;

use crate::blend::BlendError;
use crate::config::ConfigError;
use crate::connect::ConnectError;
use crate::farm::FarmError;
use crate::frames::FramesError;
use crate::job::JobError;
use crate::local::LocalError;
use crate::mend::MendError;
use crate::paths::PathsError;
use crate::watch::WatchError;

pyo3::import_exception!(farmhand.errors, BlendFileError);
pyo3::import_exception!(farmhand.errors, BlendFileMissingError);
pyo3::import_exception!(farmhand.errors, CancelledError);
pyo3::import_exception!(farmhand.errors, CheckError);
pyo3::import_exception!(farmhand.errors, FarmRefusedError);
pyo3::import_exception!(farmhand.errors, FarmTimeoutError);
pyo3::import_exception!(farmhand.errors, FarmUnreachableError);
pyo3::import_exception!(farmhand.errors, FarmhandError);
pyo3::import_exception!(farmhand.errors, FrameSetError);
pyo3::import_exception!(farmhand.errors, JobFailedError);
pyo3::import_exception!(farmhand.errors, LocalFarmError);
pyo3::import_exception!(farmhand.errors, NotFoundError);
pyo3::import_exception!(farmhand.errors, PathRuleError);

/// Whatever can go wrong below the bindings.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Blend(#[from] BlendError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Farm(#[from] FarmError),
    #[error(transparent)]
    Frames(#[from] FramesError),
    #[error(transparent)]
    Job(#[from] JobError),
    #[error(transparent)]
    Local(#[from] LocalError),
    #[error(transparent)]
    Mend(#[from] MendError),
    #[error(transparent)]
    Paths(#[from] PathsError),
    #[error(transparent)]
    Watch(#[from] WatchError),
    /// A job ended without all of its frames.
    #[error("{0}")]
    JobFailed(String),
    /// A job was to go on that nobody holds.
    #[error("job {job_id} is {status}; only a job that is held can be resumed")]
    NotHeld { job_id: String, status: String },
    /// A job was to be deleted that has not ended.
    #[error("job {job_id} is {status}; it cannot be deleted while it lives, so cancel it first")]
    StillLives { job_id: String, status: String },
    /// A picture came and cannot be kept.
    #[error("the picture cannot be written: {}", path.display())]
    Picture {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    /// A rule of paths lacks what it needs, or there is none.
    #[error("{0}")]
    Setting(String),
    /// People asked for the end.
    #[error("the operation was cancelled")]
    Cancelled,
    /// A task of the runtime panicked or was dropped.
    #[error("Farmhand made a mistake in the background ({0}); please report it")]
    Broken(String),
}

impl Failure {
    /// Whether people asked for the end, in whichever module it was noticed.
    pub(super) fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled | Self::Job(JobError::Cancelled) | Self::Mend(MendError::Stopped)
        )
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Self::from(&failure)
    }
}

impl From<&Failure> for PyErr {
    fn from(failure: &Failure) -> Self {
        let message = in_full(failure);
        match failure {
            Failure::Blend(error) | Failure::Job(JobError::Blend(error)) => {
                of_blend(error, message)
            }
            Failure::Farm(error)
            | Failure::Job(JobError::Farm(error))
            | Failure::Watch(WatchError::Farm(error)) => of_farm(error, message),
            Failure::Frames(_) | Failure::Job(JobError::Frames { .. }) => {
                FrameSetError::new_err(message)
            }
            Failure::Paths(_) | Failure::Job(JobError::PathRule(_)) => {
                PathRuleError::new_err(message)
            }
            Failure::Job(JobError::HeldBack { .. }) => CheckError::new_err(message),
            Failure::Job(JobError::Cancelled)
            | Failure::Mend(MendError::Stopped)
            | Failure::Cancelled => CancelledError::new_err(message),
            Failure::Job(_)
            | Failure::Broken(_)
            | Failure::Config(_)
            | Failure::Connect(_)
            | Failure::Picture { .. }
            | Failure::Mend(_)
            | Failure::Setting(_) => FarmhandError::new_err(message),
            Failure::Local(_) => LocalFarmError::new_err(message),
            Failure::Watch(_) => FarmUnreachableError::new_err(message),
            Failure::NotHeld { .. } | Failure::StillLives { .. } => {
                FarmRefusedError::new_err(message)
            }
            Failure::JobFailed(_) => JobFailedError::new_err(message),
        }
    }
}

fn of_blend(error: &BlendError, message: String) -> PyErr {
    if matches!(error, BlendError::Missing { .. } | BlendError::Read { .. }) {
        BlendFileMissingError::new_err(message)
    } else {
        BlendFileError::new_err(message)
    }
}

fn of_farm(error: &FarmError, message: String) -> PyErr {
    match error {
        FarmError::Timeout { .. } => FarmTimeoutError::new_err(message),
        FarmError::NotFound { .. } => NotFoundError::new_err(message),
        FarmError::Unauthorized { .. }
        | FarmError::StaleJobType { .. }
        | FarmError::TooOld { .. }
        | FarmError::Refused { .. }
        | FarmError::ServerFailed { .. } => FarmRefusedError::new_err(message),
        FarmError::Unreachable { .. }
        | FarmError::Interrupted { .. }
        | FarmError::Moved { .. }
        | FarmError::NotAManager { .. }
        | FarmError::ProxyRefused { .. }
        | FarmError::Untrusted { .. }
        | FarmError::BadAnswer { .. }
        | FarmError::Setup { .. }
        | FarmError::SubmissionUnsettled { .. } => FarmUnreachableError::new_err(message),
        FarmError::BadUrl { .. }
        | FarmError::BadToken
        | FarmError::BadHeader { .. }
        | FarmError::BadProxy { .. }
        | FarmError::CaFile { .. }
        | FarmError::PlainHttp { .. }
        | FarmError::BadId { .. } => FarmhandError::new_err(message),
    }
}

/// The message with its sources, each said once.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = inner.source();
    }
    text
}
