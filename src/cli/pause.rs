// SPDX-License-Identifier: Apache-2.0
//! `farmhand pause`, `farmhand resume` and `farmhand approve`: hold a job, and let it go on.

use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::one_job::{OneJob, Options};
use crate::farm::models::JobStatus;

/// Holds the job until somebody lets it go on.
pub async fn pause(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let it = options.find(context).await?;
    if it.job.status.is_settled() || it.job.status == JobStatus::Paused {
        return Err(it.refused("there is nothing to hold"));
    }
    set(&it, JobStatus::PauseRequested, "held by farmhand pause").await?;
    let said = "is held. Finished frames stay; frames in work are rendered again later.";
    answer(&it, "pause-requested", said, "resume", context);
    Ok(Exit::Done)
}

/// Lets a job go on that was held.
pub async fn resume(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let it = options.find(context).await?;
    if it.job.status != JobStatus::Paused {
        return Err(it.refused("it is not held"));
    }
    set(&it, JobStatus::Requeueing, "let go on by farmhand resume").await?;
    answer(&it, "requeueing", "goes on.", "watch", context);
    Ok(Exit::Done)
}

/// Has the rest of a job rendered whose scouts were looked at.
pub async fn approve(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let it = options.find(context).await?;
    let reason = "approved by farmhand approve";
    let status = if it.job.status == JobStatus::Paused {
        set(&it, JobStatus::Requeueing, reason).await?;
        "requeueing"
    } else if it.farm.open_gate(&it.job, reason).await? {
        it.job.status.as_str()
    } else {
        return Err(it.refused("it does not wait for approval"));
    };
    answer(&it, status, "is approved and goes on.", "watch", context);
    Ok(Exit::Done)
}

async fn set(it: &OneJob, status: JobStatus, reason: &str) -> Result<(), Failure> {
    it.farm.set_status(&it.job, status, reason).await
}

fn answer(it: &OneJob, status: &str, said: &str, next: &str, context: &mut Context) {
    if it.json {
        context
            .terminal
            .json(&json!({"job_id": it.job.id, "status": status}));
        return;
    }
    let style = context.terminal.out_style;
    context.terminal.data(format!(
        "Job {} ({}) {said}",
        style.bold(&it.id),
        it.job.name
    ));
    let what = if next == "watch" {
        "Follow it"
    } else {
        "Let it go on"
    };
    context
        .terminal
        .note(format!("{what}: {}", it.command(next)));
}
