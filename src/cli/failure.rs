// SPDX-License-Identifier: Apache-2.0
//! How a command ends when it does not go well: what to say, and with which exit code.

use super::text;
use crate::config::{FarmsError, SecretError};
use crate::connect::ConnectError;
use crate::farm::FarmError;
use crate::job::JobError;
use crate::local::LocalError;
use crate::watch::ShareError;

/// How a command ended; the numbers are a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All that was asked for is done.
    Done = 0,
    /// Something failed: a job, a frame, a file.
    Failed = 1,
    /// The command line, or a value in it, makes no sense.
    Usage = 2,
    /// The checks before sending found errors; nothing was sent.
    Findings = 3,
    /// The farm does not answer.
    Unreachable = 4,
    /// The person pressed Ctrl-C; 128 and the signal's number, as shells have it. The job goes on.
    Interrupted = 130,
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> Self {
        exit as Self
    }
}

/// Why a command could not do its work.
#[derive(Debug)]
pub struct Failure {
    /// What this means for the exit code.
    pub exit: Exit,
    /// What happened, to what.
    pub message: String,
    /// The way out.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with its exit code and what happened.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// Something failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The command line makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// Adds the way out.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A failure from an error with all its causes.
    pub fn caused(exit: Exit, error: &dyn std::error::Error) -> Self {
        Self::new(exit, with_causes(error))
    }
}

/// An error's message, followed by its causes where they say something new.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}

impl From<LocalError> for Failure {
    fn from(error: LocalError) -> Self {
        let exit = match error {
            LocalError::NotStarted { .. } | LocalError::NoAnswer { .. } => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Self::caused(exit, &error)
    }
}

impl From<ShareError> for Failure {
    fn from(error: ShareError) -> Self {
        match error {
            ShareError::Farm(error) => error.into(),
            error => Self::caused(Exit::Failed, &error),
        }
    }
}

impl From<FarmsError> for Failure {
    fn from(error: FarmsError) -> Self {
        Self::caused(Exit::Usage, &error)
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        Self::caused(Exit::Usage, &error)
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        Self::caused(Exit::Usage, &error)
    }
}

impl From<JobError> for Failure {
    fn from(error: JobError) -> Self {
        match error {
            JobError::Farm(error) => error.into(),
            JobError::UnknownScene { .. } => Self::caused(Exit::Usage, &error),
            JobError::Frames { .. } | JobError::HeldBack { .. } => {
                Self::caused(Exit::Findings, &error)
            }
            JobError::NothingToRender { .. } => Self::caused(Exit::Done, &error),
            JobError::Cancelled => Self::caused(Exit::Interrupted, &error),
            JobError::AlreadyThere { ref job_id, .. }
            | JobError::OutputTaken { ref job_id, .. } => {
                let id = text::short_id(job_id);
                Self::caused(Exit::Failed, &error)
                    .hint(format!("farmhand watch {id}, farmhand cancel {id}, or --output FOLDER, or --existing new-folder"))
            }
            error => Self::caused(Exit::Failed, &error),
        }
    }
}

impl From<FarmError> for Failure {
    fn from(error: FarmError) -> Self {
        let exit = match &error {
            FarmError::BadUrl { .. }
            | FarmError::BadToken
            | FarmError::BadHeader { .. }
            | FarmError::BadProxy { .. }
            | FarmError::CaFile { .. }
            | FarmError::PlainHttp { .. }
            | FarmError::BadId { .. } => Exit::Usage,
            FarmError::Unauthorized { .. }
            | FarmError::Moved { .. }
            | FarmError::NotAManager { .. }
            | FarmError::ProxyRefused { .. }
            | FarmError::Untrusted { .. }
            | FarmError::TooOld { .. }
            | FarmError::Setup { .. } => Exit::Unreachable,
            error if error.is_offline() => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Self::caused(exit, &error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_farm_that_does_not_answer_is_as_unreachable_as_any_other() {
        let error = LocalError::NoAnswer {
            pid: 1,
            url: "http://127.0.0.1:1".to_owned(),
        };
        assert_eq!(Failure::from(error).exit, Exit::Unreachable);
    }
}
