// SPDX-License-Identifier: Apache-2.0
//! `farmhand jobs`: the jobs of a farm, the newest first.

use clap::Args;
use serde_json::json;
use time::OffsetDateTime;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JsonOption};
use super::reach::Farm;
use super::style::{Style, bar};
use super::summary::Summary;
use super::table::{Align, Table};
use super::text;

/// What `farmhand jobs` takes.
#[derive(Args, Debug)]
pub struct Options {
    /// Show all jobs, not only the newest
    #[arg(long, short)]
    all: bool,
    /// Show at most so many jobs
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    limit: usize,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Lists the jobs.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let jobs = farm.jobs().await?;
    let hidden = if options.all {
        0
    } else {
        jobs.len().saturating_sub(options.limit)
    };
    let summaries = farm
        .summaries(jobs.into_iter().take(if options.all {
            usize::MAX
        } else {
            options.limit
        }))
        .await?;
    if options.json.json {
        let jobs: Vec<_> = summaries.iter().map(Summary::to_json).collect();
        context
            .terminal
            .json(&json!({"farm": farm.name(), "jobs": jobs}));
        return Ok(Exit::Done);
    }
    if summaries.is_empty() {
        context
            .terminal
            .note("No jobs yet. Render a scene: farmhand render FILE");
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    let mut table = Table::new(&[
        ("JOB", Align::Left),
        ("NAME", Align::Left),
        ("STATUS", Align::Left),
        ("PROGRESS", Align::Left),
        ("TIME LEFT", Align::Left),
        ("SENT", Align::Left),
    ]);
    let now = OffsetDateTime::now_utc();
    for summary in &summaries {
        table.row(row(summary, now, style));
    }
    for line in table.lines(style) {
        context.terminal.data(line);
    }
    if hidden > 0 {
        context.terminal.note(format!(
            "{} more: farmhand jobs --all{}",
            text::count(hidden as u64, "job"),
            farm.option()
        ));
    }
    Ok(Exit::Done)
}

fn row(summary: &Summary, now: OffsetDateTime, style: Style) -> Vec<(String, String)> {
    let progress = &summary.progress;
    let counted = format!("{}/{}", progress.frames_done, progress.frames_total);
    let failed = if progress.frames_failed > 0 {
        format!(" {} failed", progress.frames_failed)
    } else {
        String::new()
    };
    let drawn = bar(progress.frames_done, progress.frames_total, 10);
    let left = progress
        .seconds_left
        .filter(|_| !summary.job.status.is_settled())
        .map(|left| text::duration_range(left.low, left.high))
        .unwrap_or_default();
    let status = summary.job.status.as_str();
    let id = text::short_id(&summary.job.id);
    let name = text::shorten(&summary.job.name, 28);
    let sent = text::ago((now - summary.job.created).as_seconds_f64());
    vec![
        (style.bold(&id), id),
        (name.clone(), name),
        (style.status(status), status.to_owned()),
        (
            format!(
                "{} {counted}{}",
                style.mood(status, &drawn),
                style.bad(&failed)
            ),
            format!("{drawn} {counted}{failed}"),
        ),
        (left.clone(), left),
        (style.dim(&sent), sent),
    ]
}
