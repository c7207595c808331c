// SPDX-License-Identifier: Apache-2.0
//! `farmhand retry`: render a job's failed or missing frames again.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JobOption, JsonOption};
use super::reach::Farm;
use super::text;
use crate::farm::models::JobStatus;

/// What `farmhand retry` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Asks the farm for the frames that are not done.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job.job).await?;
    let id = text::short_id(&job.id);
    if !job.status.is_settled() && job.status != JobStatus::Paused {
        return Err(Failure::failed(format!(
            "job {id} ({}) is {}; it needs no retry",
            job.name, job.status
        ))
        .hint(format!("farmhand watch {id}{} follows it", farm.option())));
    }
    let frames = farm.retry(&job).await?;
    if options.json.json {
        context
            .terminal
            .json(&json!({"job_id": job.id, "frames": frames}));
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
        context
            .terminal
            .data(format!("Job {} ({}) {what}.", style.bold(&id), job.name));
        context
            .terminal
            .note(format!("Follow it: farmhand watch {id}{}", farm.option()));
    }
    Ok(Exit::Done)
}
