// SPDX-License-Identifier: Apache-2.0
//! `farmhand show`: one job, all that matters of it.

use std::path::Path;

use time::OffsetDateTime;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::one_job::Options;
use super::progress::{frame_line, mood};
use super::style::{Style, bar};
use super::summary::{Summary, setting};
use super::text;
use crate::farm::models::JobStatus;
use crate::watch::USER_NAME_KEY;

/// Failed frames that are told one by one; the rest is counted.
const FAILURES_SHOWN: usize = 8;

/// Shows the job.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let it = options.find(context).await?;
    let summary = it.farm.summary(it.job.clone()).await?;
    if it.json {
        context.terminal.json(&summary.to_json());
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    for line in lines(&summary, OffsetDateTime::now_utc(), style) {
        context.terminal.data(line);
    }
    if summary.progress.frames_failed > 0 && summary.job.status.is_settled() {
        context.terminal.note(format!(
            "\nRender the failed frames again: {}",
            it.command("retry")
        ));
        context.terminal.note(format!(
            "What Blender said:              {}",
            it.command("log")
        ));
    }
    if summary.waits_for_approval() {
        context.terminal.note(format!(
            "\nHave the rest rendered: {}",
            it.command("approve")
        ));
    }
    Ok(Exit::Done)
}

fn lines(summary: &Summary, now: OffsetDateTime, style: Style) -> Vec<String> {
    let Summary { job, progress, .. } = summary;
    let status = job.status.as_str();
    let mut lines = vec![format!(
        "{}  {}",
        style.bold(&job.name),
        style.status(status)
    )];
    let mut line = |label: &str, value: String| {
        lines.push(format!("  {} {value}", style.dim(&format!("{label:<10}"))));
    };
    line("job", job.id.clone());
    if let Some(blend_file) = summary.blend_file() {
        let scene = setting(job, "scene")
            .map(|scene| format!(" · {scene}"))
            .unwrap_or_default();
        line(
            "scene",
            format!("{}{scene}", text::path(Path::new(blend_file))),
        );
    }
    line("frames", frames_line(summary, style));
    if let Some(each) = seconds_per_frame(summary) {
        line(
            "time",
            format!(
                "{} a frame · {} in all",
                text::duration(each),
                text::duration(progress.render_secs_total)
            ),
        );
    }
    if !job.status.is_settled() {
        line("left", mood(status, progress));
        for frame in &progress.in_work {
            line("in work", frame_line(frame, unix_secs(now)));
        }
    }
    if !progress.output_dir.is_empty() {
        line("output", text::path(Path::new(&progress.output_dir)));
    }
    if let Some(last) = &progress.last_output {
        line("latest", text::path(Path::new(last)));
    }
    let user = job
        .metadata
        .get(USER_NAME_KEY)
        .map(|user| format!(" by {user}"))
        .unwrap_or_default();
    line(
        "sent",
        format!(
            "{}{user} · priority {}",
            text::ago((now - job.created).as_seconds_f64()),
            job.priority
        ),
    );
    let has_ended_badly = matches!(job.status, JobStatus::Failed | JobStatus::Paused);
    if has_ended_badly && progress.failed.is_empty() && !job.activity.is_empty() {
        line("farm says", job.activity.clone());
    }
    for failure in progress.failed.iter().take(FAILURES_SHOWN) {
        line(
            "failed",
            format!(
                "{} {}",
                style.bad(&format!("frame {} ({})", failure.frame, failure.reason)),
                failure.message
            ),
        );
        if let Some(path) = &failure.crash_log {
            line("", format!("its log: {}", text::path(Path::new(path))));
        }
    }
    let untold = progress.failed.len().saturating_sub(FAILURES_SHOWN);
    if untold > 0 {
        line(
            "",
            format!("and {} more", text::count(untold as u64, "frame")),
        );
    }
    lines
}

/// A bar with its numbers, and the frames that were asked for.
fn frames_line(summary: &Summary, style: Style) -> String {
    let Summary { job, progress, .. } = summary;
    let (done, total) = (progress.frames_done, progress.frames_total);
    let drawn = style.mood(job.status.as_str(), &bar(done, total, 20));
    let failed = match progress.frames_failed {
        0 => String::new(),
        failed => format!(" · {}", style.bad(&format!("{failed} failed"))),
    };
    let asked = setting(job, "frames").map(|frames| format!(" · {}", text::shorten(frames, 40)));
    let asked = style.dim(&asked.unwrap_or_default());
    format!("{drawn} {done}/{total}{failed}{asked}")
}

#[expect(clippy::cast_precision_loss, reason = "an average for people")]
fn seconds_per_frame(summary: &Summary) -> Option<f64> {
    let done = summary.progress.frames_done;
    let total = summary.progress.render_secs_total;
    (done > 0 && total > 0.0).then(|| total / done as f64)
}

/// Seconds since 1970.
pub fn unix_secs(moment: OffsetDateTime) -> f64 {
    (moment - OffsetDateTime::UNIX_EPOCH).as_seconds_f64()
}
