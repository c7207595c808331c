// SPDX-License-Identifier: Apache-2.0
//! Scouts that are waited for, at a Manager: a task stands between their lanes and the others, and no worker takes it
//! (`docs/lanes.md`, *Scouts, then wait*).

use super::view::scout_lanes;
use crate::farm::job_type::{GATE_TYPE, JOB_TYPE};
use crate::farm::models::{Job, TaskStatus, TaskSummary};
use crate::farm::{Client, FarmError};

/// Whether a job may have a gate that is not open yet; asking for one costs the Manager a look at all tasks.
pub fn may_wait(job: &Job) -> bool {
    job.job_type == JOB_TYPE && scout_lanes(job) > 0 && !job.status.is_settled()
}

/// The gate at which a job waits for people; none where its scouts are not rendered yet, or the gate is open.
pub async fn closed(client: &Client, job: &Job) -> Result<Option<TaskSummary>, FarmError> {
    if !may_wait(job) {
        return Ok(None);
    }
    let tasks = client.tasks(&job.id).await?;
    Ok(find(tasks, scout_lanes(job)))
}

/// Has the other lanes begin.
pub async fn open(client: &Client, gate: &TaskSummary, reason: &str) -> Result<(), FarmError> {
    client
        .set_task_status(&gate.id, TaskStatus::Completed, reason)
        .await
}

fn find(tasks: Vec<TaskSummary>, scout_lanes: u64) -> Option<TaskSummary> {
    let is_scout = |task: &TaskSummary| {
        let lane = task.name.strip_prefix("lane-");
        let lane = lane.and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
        lane.is_some_and(|lane| lane < scout_lanes)
    };
    let are_done = tasks
        .iter()
        .filter(|task| is_scout(task))
        .all(|task| task.status == TaskStatus::Completed);
    let is_gate =
        |task: &TaskSummary| task.task_type == GATE_TYPE && task.status != TaskStatus::Completed;
    tasks.into_iter().find(is_gate).filter(|_| are_done)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn task(name: &str, task_type: &str, status: &str) -> TaskSummary {
        serde_json::from_value(json!({
            "id": name, "name": name, "status": status, "index_in_job": 1, "priority": 50, "task_type": task_type,
            "updated": "2026-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    #[test]
    fn a_gate_is_closed_from_the_last_scout_on_until_it_is_opened() {
        let tasks = |last_scout, gate| {
            vec![
                task("lane-0 1", "blender", "completed"),
                task("lane-1 20", "blender", last_scout),
                task("approve the scouts", GATE_TYPE, gate),
                task("lane-2 2-19", "blender", "queued"),
                task("last-lane", "blender", "queued"),
            ]
        };
        assert!(find(tasks("active", "queued"), 2).is_none());
        let gate = find(tasks("completed", "queued"), 2).unwrap();
        assert_eq!(gate.name, "approve the scouts");
        assert!(find(tasks("completed", "completed"), 2).is_none());
    }
}
