// SPDX-License-Identifier: Apache-2.0
//! Tasks and their logs.

use super::checked_id;
use crate::farm::FarmError;
use crate::farm::client::{Client, Repeat};
use crate::farm::models::{
    JobTasksSummary, Task, TaskLogInfo, TaskStatus, TaskStatusChange, TaskSummary,
};

fn task_id(value: &str) -> Result<&str, FarmError> {
    checked_id("a task's id", value)
}

impl Client {
    /// The tasks of a job. Never poll it on large jobs: 10,000 tasks take a Manager 1.6 s.
    pub async fn tasks(&self, job_id: &str) -> Result<Vec<TaskSummary>, FarmError> {
        let job_id = checked_id("a job's id", job_id)?;
        let answer: JobTasksSummary = self
            .get_json(&["api", "v3", "jobs", job_id, "tasks"])
            .await?;
        Ok(answer.tasks)
    }

    /// One task.
    pub async fn task(&self, id: &str) -> Result<Task, FarmError> {
        self.get_json(&["api", "v3", "tasks", task_id(id)?]).await
    }

    /// Asks for another status; `reason` is shown to people.
    pub async fn set_task_status(
        &self,
        id: &str,
        status: TaskStatus,
        reason: &str,
    ) -> Result<(), FarmError> {
        let change = TaskStatusChange {
            status,
            reason: reason.to_owned(),
        };
        let path = ["api", "v3", "tasks", task_id(id)?, "setstatus"];
        self.post(&path, &change, Repeat::Harmless, self.timeout())
            .await?;
        Ok(())
    }

    /// The last 2 KiB of the task's log; none if it has none yet.
    pub async fn task_log_tail(&self, id: &str) -> Result<Option<String>, FarmError> {
        let answer = self
            .get(&["api", "v3", "tasks", task_id(id)?, "logtail"])
            .await?;
        Ok((!answer.is_empty()).then(|| answer.text()))
    }

    /// Where the task's log lies; none if it has none yet.
    pub async fn task_log_info(&self, id: &str) -> Result<Option<TaskLogInfo>, FarmError> {
        self.optional(&["api", "v3", "tasks", task_id(id)?, "log"])
            .await
    }

    /// The whole log of the task; none if it has none yet.
    pub async fn task_log_text(&self, id: &str) -> Result<Option<String>, FarmError> {
        match self.task_log_info(id).await? {
            Some(info) => Ok(Some(self.get_named(&info.url).await?.text())),
            None => Ok(None),
        }
    }
}
