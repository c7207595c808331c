// SPDX-License-Identifier: Apache-2.0
//! `farmhand priority`: say which job goes first.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JsonOption};
use super::reach::Farm;
use super::text;

/// What `farmhand priority` takes.
#[derive(Args, Debug)]
pub struct Options {
    /// The job: its id, the first characters of it, or `latest`
    #[arg(value_name = "JOB")]
    job: String,
    /// Jobs with a higher number go first
    #[arg(value_name = "0..100", value_parser = clap::value_parser!(i32).range(0..=100))]
    priority: i32,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Sets the priority; lanes in work are left alone.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job).await?;
    farm.client()
        .set_job_priority(&job.id, options.priority)
        .await?;
    if options.json.json {
        context
            .terminal
            .json(&json!({"job_id": job.id, "priority": options.priority}));
    } else {
        let style = context.terminal.out_style;
        context.terminal.data(format!(
            "Job {} ({}) has priority {} now; it had {}.",
            style.bold(&text::short_id(&job.id)),
            job.name,
            options.priority,
            job.priority
        ));
    }
    Ok(Exit::Done)
}
