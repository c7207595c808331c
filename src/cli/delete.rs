// SPDX-License-Identifier: Apache-2.0
//! `farmhand delete`: remove a job from the farm's list; its frames stay.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JsonOption};
use super::reach::Farm;
use super::text;

/// What `farmhand delete` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "The job's own folders below .farmhand go, too: on this computer's own farm as soon as its lanes have ended, \
        on a Manager where this computer sees them. Its frames stay."
)]
pub struct Options {
    /// The job: its id, the first characters of it, or `latest`
    #[arg(value_name = "JOB")]
    job: String,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Removes the job after a question.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job).await?;
    let id = text::short_id(&job.id);
    if !job.status.is_settled() {
        return Err(Failure::failed(format!(
            "job {id} ({}) is {}; it cannot be deleted while it lives",
            job.name, job.status
        ))
        .hint(format!("farmhand cancel {id}{} stops it", farm.option())));
    }
    if !options.yes {
        if !context.terminal.interactive {
            return Err(Failure::usage("nobody is here to be asked")
                .hint("add --yes to delete without a question"));
        }
        let question = format!(
            "Delete job {id} ({}, {}) from the list, with its own folders? Its frames stay.",
            job.name, job.status
        );
        if !context.terminal.confirm(&question) {
            context.terminal.note("Nothing was deleted.");
            return Ok(Exit::Failed);
        }
    }
    let left = farm.delete(&job, &farm.jobs().await?).await?;
    for (folder, error) in left {
        context.terminal.note(format!(
            "a folder of the job is left, remove it by hand: {} ({error})",
            folder.display()
        ));
    }
    if options.json.json {
        context
            .terminal
            .json(&json!({"job_id": job.id, "deleted": true}));
    } else {
        context.terminal.data(format!(
            "Job {id} ({}) is deleted. Its frames stay where they are.",
            job.name
        ));
    }
    Ok(Exit::Done)
}
