// SPDX-License-Identifier: Apache-2.0
//! `farmhand retry`: render a job's failed or missing frames again.

use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::one_job::Options;
use super::text;
use crate::farm::models::JobStatus;

/// Asks the farm for the frames that are not done.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let it = options.find(context).await?;
    if !it.job.status.is_settled() && it.job.status != JobStatus::Paused {
        return Err(it
            .refused("it needs no retry")
            .hint(format!("{} follows it", it.command("watch"))));
    }
    let frames = it.farm.retry(&it.job).await?;
    if it.json {
        context
            .terminal
            .json(&json!({"job_id": it.job.id, "frames": frames}));
    } else {
        let style = context.terminal.out_style;
        let what = if frames.is_empty() {
            "goes on with what is missing".to_owned()
        } else {
            format!(
                "renders {} again",
                text::count(frames.len() as u64, "failed frame")
            )
        };
        context.terminal.data(format!(
            "Job {} ({}) {what}.",
            style.bold(&it.id),
            it.job.name
        ));
        context
            .terminal
            .note(format!("Follow it: {}", it.command("watch")));
    }
    Ok(Exit::Done)
}
