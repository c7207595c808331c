// SPDX-License-Identifier: Apache-2.0
//! Workers and their tags.

use super::checked_id;
use crate::farm::FarmError;
use crate::farm::client::{Client, Repeat};
use crate::farm::models::{
    Worker, WorkerList, WorkerStatusChangeRequest, WorkerSummary, WorkerTag, WorkerTagList,
};

impl Client {
    /// The workers that the farm remembers, those long gone included.
    pub async fn workers(&self) -> Result<Vec<WorkerSummary>, FarmError> {
        let answer: WorkerList = self
            .get_json(&["api", "v3", "worker-mgt", "workers"])
            .await?;
        Ok(answer.workers)
    }

    /// One worker, with the task it has.
    pub async fn worker(&self, id: &str) -> Result<Worker, FarmError> {
        let id = checked_id("a worker's id", id)?;
        self.get_json(&["api", "v3", "worker-mgt", "workers", id])
            .await
    }

    /// Asks a worker for another status. Asking for the one that it has takes back what was asked before.
    pub async fn ask_worker_for(
        &self,
        id: &str,
        change: &WorkerStatusChangeRequest,
    ) -> Result<(), FarmError> {
        let id = checked_id("a worker's id", id)?;
        let path = ["api", "v3", "worker-mgt", "workers", id, "setstatus"];
        self.post(&path, change, Repeat::Harmless, self.timeout())
            .await?;
        Ok(())
    }

    /// The groups of workers that a job can ask for.
    pub async fn worker_tags(&self) -> Result<Vec<WorkerTag>, FarmError> {
        let answer: WorkerTagList = self.get_json(&["api", "v3", "worker-mgt", "tags"]).await?;
        Ok(answer.tags)
    }
}
