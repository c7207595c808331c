// SPDX-License-Identifier: Apache-2.0
//! `farmhand blocklist`: the workers that a job shuns since they failed at it.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JobOption, JsonOption};
use super::reach::Farm;
use super::text;

/// What `farmhand blocklist` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    /// Let all of them work on the job again
    #[arg(long)]
    clear: bool,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Lists the workers, or takes them off the list.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job.job).await?;
    let blocked = farm.client().job_blocklist(&job.id).await?;
    if options.clear && !blocked.is_empty() {
        farm.client().clear_blocklist(&job.id, &blocked).await?;
    }
    if options.json.json {
        context
            .terminal
            .json(&json!({"job_id": job.id, "blocklist": blocked, "cleared": options.clear}));
        return Ok(Exit::Done);
    }
    let id = text::short_id(&job.id);
    if blocked.is_empty() {
        context
            .terminal
            .note(format!("Job {id} ({}) shuns no worker.", job.name));
        return Ok(Exit::Done);
    }
    let said = if options.clear {
        "may work on it again"
    } else {
        "failed at it too often"
    };
    for entry in &blocked {
        let name = entry.worker_name.as_deref().unwrap_or(&entry.worker_id);
        context
            .terminal
            .data(format!("{name}  {} {said}", entry.task_type));
    }
    if !options.clear {
        context.terminal.note(format!(
            "Let them work on it again: farmhand blocklist {id} --clear{}",
            farm.option()
        ));
    }
    Ok(Exit::Done)
}
