// SPDX-License-Identifier: Apache-2.0
//! `farmhand cancel`: stop a job; its finished frames stay.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JobOption, JsonOption};
use super::reach::Farm;
use super::text;
use crate::farm::models::JobStatus;

/// What `farmhand cancel` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Asks the farm to stop the job.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job.job).await?;
    let id = text::short_id(&job.id);
    if job.status.is_settled() {
        return Err(Failure::failed(format!(
            "job {id} ({}) is {} already; there is nothing to stop",
            job.name, job.status
        )));
    }
    farm.set_status(
        &job,
        JobStatus::CancelRequested,
        "stopped by farmhand cancel",
    )
    .await?;
    if options.json.json {
        context
            .terminal
            .json(&json!({"job_id": job.id, "status": "cancel-requested"}));
    } else {
        let style = context.terminal.out_style;
        context.terminal.data(format!(
            "Job {} ({}) stops. Finished frames stay.",
            style.bold(&id),
            job.name
        ));
        context.terminal.note(format!(
            "Go on with it later: farmhand retry {id}{}",
            farm.option()
        ));
    }
    Ok(Exit::Done)
}
