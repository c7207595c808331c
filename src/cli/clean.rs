// SPDX-License-Identifier: Apache-2.0
//! `farmhand clean`: forget jobs that ended long ago; their frames stay.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use time::OffsetDateTime;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JsonOption};
use super::reach::Farm;
use super::text;
use crate::farm::models::Job;

/// What `farmhand clean` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "The jobs' own folders below .farmhand go, too, where this computer sees them. Frames are never touched."
)]
pub struct Options {
    /// How long ago a job must have ended: a number and m, h, d or w
    #[arg(long, value_name = "AGE", default_value = "30d", value_parser = age)]
    older_than: Duration,
    /// Show what would be forgotten, and forget nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// How jobs are forgotten.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Show them only.
    pub dry_run: bool,
    /// Do not ask.
    pub yes: bool,
    /// Answer with JSON.
    pub json: bool,
}

/// Forgets the jobs that ended long enough ago.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = if options.farm.target(&context.dirs)?.options.is_none() {
        Farm::wake_local(None, context).await?
    } else {
        Farm::reach(&options.farm, context).await?
    };
    let latest = OffsetDateTime::now_utc() - options.older_than;
    let manner = Manner {
        dry_run: options.dry_run,
        yes: options.yes,
        json: options.json.json,
    };
    let is_old = |job: &Job| job.updated <= latest;
    forget(&farm, is_old, manner, context).await
}

/// Forgets the jobs that have ended and that `is_wanted`, after a question.
pub async fn forget(
    farm: &Farm,
    is_wanted: impl Fn(&Job) -> bool,
    manner: Manner,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let all = farm.jobs().await?;
    let mut ended = all.clone();
    ended.retain(|job| job.status.is_settled() && is_wanted(job));
    let jobs = text::count(ended.len() as u64, "job");
    if manner.dry_run && !manner.json {
        list(&ended, context);
        context
            .terminal
            .note(format!("{jobs} would be forgotten; all frames stay."));
        return Ok(Exit::Done);
    }
    if !manner.dry_run {
        if !ended.is_empty() && !manner.yes && !agreed(&jobs, context)? {
            context.terminal.note("Nothing was forgotten.");
            return Ok(Exit::Failed);
        }
        for job in &ended {
            for (folder, error) in farm.delete(job, &all).await? {
                context.terminal.note(format!(
                    "a folder of a job is left, remove it by hand: {} ({error})",
                    folder.display()
                ));
            }
        }
    }
    if manner.json {
        let ids: Vec<_> = ended.iter().map(|job| &job.id).collect();
        let key = if manner.dry_run {
            "would_delete"
        } else {
            "deleted"
        };
        context.terminal.json(&json!({key: ids}));
    } else {
        context
            .terminal
            .data(format!("{jobs} forgotten; all frames stay where they are."));
    }
    Ok(Exit::Done)
}

fn agreed(jobs: &str, context: &mut Context) -> Result<bool, Failure> {
    if !context.terminal.interactive {
        return Err(Failure::usage("nobody is here to be asked")
            .hint("add --yes to do it without a question, or --dry-run to see what it is about"));
    }
    Ok(context.terminal.confirm(&format!(
        "Forget {jobs} that have ended? Their frames stay."
    )))
}

fn list(jobs: &[Job], context: &mut Context) {
    let now = OffsetDateTime::now_utc();
    for job in jobs {
        let ended = text::ago((now - job.updated).as_seconds_f64());
        context.terminal.data(format!(
            "{}  {}  {} {ended}",
            text::short_id(&job.id),
            job.name,
            job.status
        ));
    }
}

/// An age such as `30d`.
fn age(written: &str) -> Result<Duration, String> {
    let wrong = || "write a number and m, h, d or w, such as 30d or 12h".to_owned();
    let unit = written.chars().last().ok_or_else(wrong)?;
    let unit_secs = match unit {
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let number = written.strip_suffix(unit).ok_or_else(wrong)?;
    let number: u32 = number.parse().map_err(|_| wrong())?;
    // A century is longer ago than any job.
    let most_secs = 100 * 366 * 86_400;
    Ok(Duration::from_secs(
        (u64::from(number) * unit_secs).min(most_secs),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_and_a_unit() {
        assert_eq!(age("30d"), Ok(Duration::from_hours(720)));
        assert_eq!(age("12h"), Ok(Duration::from_hours(12)));
        assert_eq!(age("0m"), Ok(Duration::ZERO));
        for wrong in ["", "30", "d", "-1d", "1.5h", "30 d", "30dd", "30days"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_age_beyond_all_jobs_still_leads_to_a_date() {
        let latest = OffsetDateTime::now_utc() - age("4294967295w").unwrap();
        assert!(latest.year() > 1900);
    }
}
