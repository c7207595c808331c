// SPDX-License-Identifier: Apache-2.0
//! `farmhand log`: what a job's Blender said.

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JobOption, JsonOption};
use super::reach::Farm;
use crate::farm::models::Job;

/// What `farmhand log` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    /// Only this lane: a number, or `last`
    #[arg(long, value_name = "LANE")]
    lane: Option<String>,
    /// What the Blender that died on this failed frame said, instead of the lanes' logs
    #[arg(long, value_name = "FRAME", conflicts_with_all = ["lane", "lines"], allow_hyphen_values = true)]
    frame: Option<i32>,
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
    if let Some(frame) = options.frame {
        return crash_log(&farm, job, frame, options.json.json, context).await;
    }
    let tasks = farm.tasks(&job).await?;
    let mut shown = Vec::new();
    for task in tasks {
        if options
            .lane
            .as_deref()
            .is_some_and(|lane| !is_lane(&task.name, lane))
        {
            continue;
        }
        let text = farm.log(&task.id).await?;
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(options.lines);
        let tail: Vec<String> = lines
            .iter()
            .skip(from)
            .map(|line| (*line).to_owned())
            .collect();
        shown.push((task, tail));
    }
    if let (Some(lane), true) = (&options.lane, shown.is_empty()) {
        return Err(
            Failure::usage(format!("job {} has no lane {lane}", job.name))
                .hint("farmhand log without --lane shows all"),
        );
    }
    if options.json.json {
        let tasks: Vec<_> = shown
            .iter()
            .map(|(task, lines)| json!({"task_id": task.id, "name": task.name, "status": task.status, "lines": lines}))
            .collect();
        context
            .terminal
            .json(&json!({"job_id": job.id, "tasks": tasks}));
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    for (task, lines) in shown {
        if lines.is_empty() {
            continue;
        }
        context.terminal.data(format!(
            "{} {}",
            style.bold(&task.name),
            style.status(task.status.as_str())
        ));
        for line in lines {
            context.terminal.data(format!("  {line}"));
        }
    }
    Ok(Exit::Done)
}

/// Shows the log that is kept with a failed frame.
async fn crash_log(
    farm: &Farm,
    job: Job,
    frame: i32,
    as_json: bool,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let summary = farm.summary(job).await?;
    let (job, failed) = (summary.job, summary.progress.failed);
    let Some(failure) = failed.into_iter().find(|failure| failure.frame == frame) else {
        return Err(
            Failure::usage(format!("frame {frame} of job {} has not failed", job.name))
                .hint("farmhand log without --frame shows what the lanes said"),
        );
    };
    let Some(path) = failure.crash_log else {
        return Err(Failure::failed(format!(
            "Blender did not die on frame {frame}: {}",
            failure.message
        ))
        .hint("farmhand log without --frame shows what the lanes said"));
    };
    let text = match std::fs::read(&path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            return Err(Failure::failed(format!(
                "the log of frame {frame} cannot be read on this computer ({error}): {path}"
            ))
            .hint("it is the worker's path: look for it on the farm's share"));
        }
    };
    if as_json {
        let lines: Vec<&str> = text.lines().collect();
        context.terminal.json(
            &json!({"job_id": job.id, "frame": frame, "reason": failure.reason, "path": path, "lines": lines}),
        );
    } else {
        context.terminal.data(text.trim_end());
    }
    Ok(Exit::Done)
}

/// Whether a task of that name is that lane: `lane-0 1-20` is lane 0, `last-lane` the last.
fn is_lane(task_name: &str, lane: &str) -> bool {
    let first_word = task_name.split(' ').next().unwrap_or_default();
    first_word == format!("lane-{lane}") || (lane == "last" && first_word == "last-lane")
}

#[cfg(test)]
mod tests {
    use super::is_lane;

    #[test]
    fn a_lane_is_known_by_its_number_or_as_the_last() {
        assert!(is_lane("lane-1 1-20", "1"));
        assert!(!is_lane("lane-10 1-20", "1"));
        assert!(is_lane("last-lane", "last"));
    }
}
