// SPDX-License-Identifier: Apache-2.0
//! What a Manager says of itself before a job is put together for it.

use crate::farm::job_type::{JOB_TYPE, STOCK_JOB_TYPE, missing_settings};
use crate::farm::models::{
    AvailableJobType, ManagerVariableAudience, ManagerVariables, WorkerStatus, WorkerTag,
};
use crate::farm::{Client, FarmError};

/// Whether a Manager has Farmhand's job type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneType {
    /// It has it, as this version needs it.
    Known,
    /// It has an older script, which lacks these settings.
    Older(Vec<&'static str>),
    /// It does not have it.
    Missing,
}

impl LaneType {
    /// What a farm's list of job types says.
    pub fn among(types: &[AvailableJobType]) -> Self {
        match types.iter().find(|one| one.name == JOB_TYPE) {
            None => Self::Missing,
            Some(theirs) => match missing_settings(theirs) {
                lacking if lacking.is_empty() => Self::Known,
                lacking => Self::Older(lacking),
            },
        }
    }
}

/// What a Manager says of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct ManagerFacts {
    /// Whether it can make lanes.
    pub lane_type: LaneType,
    /// Whether it has the job type that Flamenco brings along.
    pub has_stock_type: bool,
    /// Workers that can be running: all that it remembers but those in error. 0 where it has never seen one.
    pub workers: u32,
    /// Its variables, as Linux workers see them.
    pub variables: ManagerVariables,
    /// The groups of workers that a job can ask for.
    pub tags: Vec<WorkerTag>,
}

impl ManagerFacts {
    /// Asks the Manager.
    ///
    /// # Errors
    /// Where it does not answer, or answers garbage.
    pub async fn ask(client: &Client) -> Result<Self, FarmError> {
        let types = client.job_types().await?;
        let workers = client.workers().await?;
        let can_run = workers
            .iter()
            .filter(|worker| worker.status != WorkerStatus::Error);
        Ok(Self {
            lane_type: LaneType::among(&types),
            has_stock_type: types.iter().any(|one| one.name == STOCK_JOB_TYPE),
            workers: u32::try_from(can_run.count()).unwrap_or(u32::MAX),
            variables: client
                .variables(&ManagerVariableAudience::Workers, "linux")
                .await?,
            tags: client.worker_tags().await?,
        })
    }

    /// The id of the worker tag of that name.
    pub fn tag_id(&self, name: &str) -> Option<&str> {
        let is_it = |tag: &&WorkerTag| tag.name.eq_ignore_ascii_case(name);
        self.tags.iter().find(is_it)?.id.as_deref()
    }
}
