// SPDX-License-Identifier: Apache-2.0
//! Work in the background that Python polls: its state, what it said, its outcome.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::prelude::*;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::error::{CancelledError, Failure};
use super::runtime;
use crate::check::Finding;

/// Enough for every stage and notice of a submission; older ones go first when nobody polls.
const EVENTS_KEPT: usize = 1_000;

/// One thing that the work said: its kind (`stage` or `notice`), the words, and the finding that they are of.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) finding: Option<Finding>,
}

struct Inner<T> {
    stage: String,
    said: VecDeque<Said>,
    outcome: Option<Result<T, Failure>>,
}

/// A handle on work in the background. Clones share it.
pub(super) struct Work<T> {
    inner: Arc<Mutex<Inner<T>>>,
    ended: watch::Receiver<bool>,
    cancel: CancellationToken,
}

/// The work's own side of the handle.
pub(super) struct Speaker<T> {
    inner: Arc<Mutex<Inner<T>>>,
}

impl<T> Clone for Speaker<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

/// A panic elsewhere must not take the state away from whoever polls.
fn lock<T>(inner: &Mutex<T>) -> MutexGuard<'_, T> {
    inner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T> Speaker<T> {
    /// Moves on to a stage.
    pub(super) fn say(&self, stage: String) {
        lock(&self.inner).stage.clone_from(&stage);
        self.keep(Said {
            kind: "stage",
            message: stage,
            finding: None,
        });
    }

    /// Tells what a check has found.
    pub(super) fn find(&self, finding: Finding) {
        self.keep(Said {
            kind: "notice",
            message: finding.message.clone(),
            finding: Some(finding),
        });
    }

    fn keep(&self, said: Said) {
        let mut inner = lock(&self.inner);
        if inner.said.len() == EVENTS_KEPT {
            inner.said.pop_front();
        }
        inner.said.push_back(said);
    }
}

impl<T: Clone + Send + 'static> Work<T> {
    /// Starts `make`'s future on the runtime. It is given a speaker, and a token that asks it to end.
    pub(super) fn start<F, M>(make: M) -> PyResult<Self>
    where
        M: FnOnce(Speaker<T>, CancellationToken) -> F,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
    {
        let inner = Arc::new(Mutex::new(Inner {
            stage: "Starting".to_owned(),
            said: VecDeque::new(),
            outcome: None,
        }));
        let cancel = CancellationToken::new();
        let (end, ended) = watch::channel(false);
        let task = runtime::handle()?.spawn(make(
            Speaker {
                inner: Arc::clone(&inner),
            },
            cancel.clone(),
        ));
        let outcome_to = Arc::clone(&inner);
        runtime::handle()?.spawn(async move {
            let outcome = task
                .await
                .unwrap_or_else(|broken| Err(Failure::Broken(broken.to_string())));
            lock(&outcome_to).outcome = Some(outcome);
            end.send_replace(true);
        });
        Ok(Self {
            inner,
            ended,
            cancel,
        })
    }

    pub(super) fn state(&self) -> &'static str {
        match &lock(&self.inner).outcome {
            None => "running",
            Some(Ok(_)) => "done",
            Some(Err(failure)) if failure.is_cancelled() => "cancelled",
            Some(Err(_)) => "failed",
        }
    }

    pub(super) fn stage(&self) -> String {
        lock(&self.inner).stage.clone()
    }

    pub(super) fn error(&self) -> Option<String> {
        match &lock(&self.inner).outcome {
            Some(Err(failure)) => Some(failure.to_string()),
            _ => None,
        }
    }

    pub(super) fn value(&self) -> Option<T> {
        match &lock(&self.inner).outcome {
            Some(Ok(value)) => Some(value.clone()),
            _ => None,
        }
    }

    pub(super) fn poll(&self) -> Vec<Said> {
        lock(&self.inner).said.drain(..).collect()
    }

    pub(super) fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Waits for the outcome; the work goes on when the wait ends early.
    pub(super) fn result(&self, py: Python<'_>, timeout: Option<Duration>) -> PyResult<T> {
        let mut ended = self.ended.clone();
        runtime::wait(
            py,
            async move {
                // The sender is dropped only after it has sent, so an error means the same as an end.
                let _ = ended.wait_for(|ended| *ended).await;
                Ok(())
            },
            timeout,
        )?;
        match &lock(&self.inner).outcome {
            Some(Ok(value)) => Ok(value.clone()),
            Some(Err(failure)) => Err(failure.into()),
            None => Err(CancelledError::new_err(
                "the work ended without an outcome, because the program is ending",
            )),
        }
    }
}
