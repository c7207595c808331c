// SPDX-License-Identifier: Apache-2.0
//! Follows one job until it is settled, through times in which the farm is away.

use std::time::{Duration, Instant};

use thiserror::Error;

use super::companion;
use super::keeper::Keeper;
use super::source::{Found, Source};
use super::view::JobView;
use crate::farm::{Client, FarmError};

/// Why a job cannot be followed any longer. The job itself goes on.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The farm says no, or was away for longer than the patience.
    #[error(transparent)]
    Farm(#[from] FarmError),

    /// The farm on this computer was stopped.
    #[error(
        "the farm on this computer was stopped; start it, and job {job_id} goes on where it was"
    )]
    Stopped {
        /// The job that was followed.
        job_id: String,
    },

    /// The farm could not be found.
    #[error("the farm of job {job_id} cannot be found: {reason}")]
    Unclear {
        /// The job that was followed.
        job_id: String,
        /// Why, with the way out.
        reason: String,
    },
}

/// How a job is followed.
#[derive(Clone, Debug)]
pub struct FollowOptions {
    /// How often the farm is asked.
    pub interval: Duration,
    /// For how long the farm may be away.
    pub patience: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_millis(500),
            patience: Duration::from_mins(1),
        }
    }
}

/// One job on its way; each [`Follow::next`] is something new.
#[derive(Debug)]
pub struct Follow {
    source: Source,
    job_id: String,
    options: FollowOptions,
    client: Option<Client>,
    tells_frames: bool,
    keeper: Keeper,
    last: Option<JobView>,
    away_since: Option<Instant>,
    asked: Option<Instant>,
}

impl Follow {
    /// Follows the job of that id. Nothing is asked before the first [`Follow::next`].
    pub fn new(
        source: impl Into<Source>,
        job_id: impl Into<String>,
        options: FollowOptions,
    ) -> Self {
        Self {
            source: source.into(),
            job_id: job_id.into(),
            options,
            client: None,
            tells_frames: true,
            keeper: Keeper::default(),
            last: None,
            away_since: None,
            asked: None,
        }
    }

    /// What was last seen of the job.
    pub fn last(&self) -> Option<&JobView> {
        self.last.as_ref()
    }

    /// Waits until something changed, and says what the job is now; none once it is settled and that was said. May be
    /// dropped and called again at any time.
    ///
    /// # Errors
    /// Where the farm was away for longer than the patience, or says no. Calling again goes on.
    pub async fn next(&mut self) -> Result<Option<JobView>, WatchError> {
        if self.last.as_ref().is_some_and(|job| !job.is_live()) {
            return Ok(None);
        }
        loop {
            if let Some(asked) = self.asked {
                tokio::time::sleep_until((asked + self.options.interval).into()).await;
            }
            self.asked = Some(Instant::now());
            match self.look().await {
                Ok(view) => {
                    self.away_since = None;
                    if self.last.as_ref() != Some(&view) {
                        self.last = Some(view.clone());
                        return Ok(Some(view));
                    }
                }
                Err(error) => self.bear(error)?,
            }
        }
    }

    /// Waits until the job is settled, or waits for people to look at its scouts, and says what it is then.
    pub async fn settled(&mut self) -> Result<JobView, WatchError> {
        let has_come = |job: &&JobView| !job.is_live() || job.waits_for_approval;
        loop {
            if let Some(job) = self.last.as_ref().filter(has_come) {
                return Ok(job.clone());
            }
            self.next().await?;
        }
    }

    async fn look(&mut self) -> Result<JobView, WatchError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => match self.source.look() {
                Found::Client(client) => client,
                Found::Stopped => {
                    return Err(WatchError::Stopped {
                        job_id: self.job_id.clone(),
                    });
                }
                Found::Unclear(reason) => {
                    return Err(WatchError::Unclear {
                        job_id: self.job_id.clone(),
                        reason,
                    });
                }
            },
        };
        let job = client.job(&self.job_id).await?;
        // Asked second, so that a settled job's progress is its last.
        let told = if self.tells_frames {
            match companion::job_progress(&client, &self.job_id).await {
                Ok(told) => Some(told),
                Err(error) if companion::is_missing(&error) => {
                    self.tells_frames = false;
                    None
                }
                // The job's folder was taken away; its steps are still known.
                Err(FarmError::Refused { .. }) => None,
                Err(error) => return Err(error.into()),
            }
        } else {
            None
        };
        let told = match told {
            None if !self.tells_frames => self.keeper.look(&client, &job).await,
            told => told,
        };
        self.client = Some(client);
        let waits = self.keeper.waits(&job.id);
        let mut view = JobView::new(job, told, None);
        view.waits_for_approval |= waits;
        Ok(view)
    }

    /// Bears an error for a while if it may pass.
    fn bear(&mut self, error: WatchError) -> Result<(), WatchError> {
        let may_pass = match &error {
            // A farm that starts anew has another token, and may be asked between the two.
            WatchError::Farm(FarmError::Unauthorized { .. }) => self.last.is_some(),
            WatchError::Farm(FarmError::ServerFailed { .. })
            | WatchError::Stopped { .. }
            | WatchError::Unclear { .. } => true,
            WatchError::Farm(error) => error.is_offline(),
        };
        let away_since = *self.away_since.get_or_insert_with(Instant::now);
        if may_pass && away_since.elapsed() < self.options.patience {
            tracing::debug!(%error, "the farm is away; asking on");
            return Ok(());
        }
        self.away_since = None;
        Err(error)
    }
}
