// SPDX-License-Identifier: Apache-2.0
//! `farmhand cancel`: stop a job; its finished frames stay.

use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::one_job::Options;
use crate::farm::models::JobStatus;

/// Asks the farm to stop the job.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let it = options.find(context).await?;
    if it.job.status.is_settled() {
        return Err(Failure::failed(format!(
            "job {} ({}) is {} already; there is nothing to stop",
            it.id, it.job.name, it.job.status
        )));
    }
    it.farm
        .set_status(
            &it.job,
            JobStatus::CancelRequested,
            "stopped by farmhand cancel",
        )
        .await?;
    if it.json {
        context
            .terminal
            .json(&json!({"job_id": it.job.id, "status": "cancel-requested"}));
    } else {
        let style = context.terminal.out_style;
        context.terminal.data(format!(
            "Job {} ({}) stops. Finished frames stay.",
            style.bold(&it.id),
            it.job.name
        ));
        context
            .terminal
            .note(format!("Go on with it later: {}", it.command("retry")));
    }
    Ok(Exit::Done)
}
