// SPDX-License-Identifier: Apache-2.0
//! `farmhand log`: what a job's Blender said.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JobOption, JsonOption};
use super::reach::Farm;

/// What `farmhand log` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    /// Only this lane: a number, or `last`
    #[arg(long, value_name = "LANE")]
    lane: Option<String>,
    /// The last lines of each lane
    #[arg(long, value_name = "N", default_value_t = 40)]
    lines: usize,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Shows the logs of the job's lanes.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job.job).await?;
    let tasks = farm.tasks(&job).await?;
    let wanted = options.lane.as_deref().map(|lane| format!("lane-{lane}"));
    let mut shown = Vec::new();
    for task in tasks {
        if wanted.as_ref().is_some_and(|wanted| *wanted != task.name) {
            continue;
        }
        let text = farm.log_tail(&task.id).await?;
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(options.lines);
        let tail: Vec<String> = lines.iter().skip(from).map(|line| (*line).to_owned()).collect();
        shown.push((task, tail));
    }
    if let (Some(lane), true) = (&options.lane, shown.is_empty()) {
        return Err(Failure::usage(format!("job {} has no lane {lane}", job.name)).hint("farmhand log without --lane shows all"));
    }
    if options.json.json {
        let tasks: Vec<_> = shown
            .iter()
            .map(|(task, lines)| json!({"task_id": task.id, "name": task.name, "status": task.status, "lines": lines}))
            .collect();
        context.terminal.json(&json!({"job_id": job.id, "tasks": tasks}));
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    for (task, lines) in shown {
        if lines.is_empty() {
            continue;
        }
        context.terminal.data(format!("{} {}", style.bold(&task.name), style.status(task.status.as_str())));
        for line in lines {
            context.terminal.data(format!("  {line}"));
        }
    }
    Ok(Exit::Done)
}
