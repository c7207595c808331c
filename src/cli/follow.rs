// SPDX-License-Identifier: Apache-2.0
//! Follows a job until it ends, the farm is gone for too long, or the person has seen enough.

use std::path::Path;
use std::time::Duration;

use time::OffsetDateTime;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::progress::View;
use super::reach::Farm;
use super::show::unix_secs;
use super::style::Style;
use super::summary::Summary;
use super::text;
use crate::farm::models::{Job, JobStatus};
use crate::lanes::JobProgress;
use crate::watch::{Follow, FollowOptions, WatchError};

/// How often what moves by itself, such as the time that a frame has taken, is drawn again.
const REDRAW_INTERVAL: Duration = Duration::from_millis(500);
/// Failed frames that are told at the end.
const FAILURES_SHOWN: usize = 5;

/// How a job is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Progress and a closing word for people.
    Text,
    /// Nothing but the summary at the end, for the caller to write.
    Quiet,
    /// A line of JSON for each change.
    JsonLines,
}

/// Follows `job` to its end, or until it waits for people to look at its scouts; returns the last that was seen of it and the exit code that this means.
pub async fn follow(
    farm: &Farm,
    job: Job,
    output: Output,
    context: &mut Context,
) -> Result<(Summary, Exit), Failure> {
    let mut view = if output == Output::Text {
        View::of(&context.terminal)
    } else {
        View::Silent
    };
    let mut news = Follow::new(farm.source(), job.id.clone(), FollowOptions::default());
    let mut seen = Summary::from_job_alone(job);
    let mut interrupted = std::pin::pin!(tokio::signal::ctrl_c());
    let mut redraw = tokio::time::interval(REDRAW_INTERVAL);
    loop {
        // A look that takes longer than a redraw is waited for, not begun anew.
        let told = {
            let mut next = std::pin::pin!(news.next());
            loop {
                tokio::select! {
                    told = &mut next => break Some(told),
                    _ = redraw.tick() => {}
                    _ = &mut interrupted => break None,
                }
                if context.terminal.reader_gone() {
                    return Ok((seen, Exit::Done));
                }
                draw(&mut view, &seen, context);
            }
        };
        match told {
            Some(Ok(Some(job))) => {
                seen.update(job);
                if output == Output::JsonLines {
                    context.terminal.json_line(&seen.to_json());
                }
                if seen.job.status.is_settled() || seen.waits_for_approval() {
                    break;
                }
            }
            Some(Ok(None)) => break,
            Some(Err(error)) => {
                view.clear();
                return Err(lost(&error, &seen, farm));
            }
            None => {
                view.clear();
                if output == Output::Text {
                    say_goodbye(farm, &seen, context);
                }
                return Ok((seen, Exit::Interrupted));
            }
        }
        if context.terminal.reader_gone() {
            return Ok((seen, Exit::Done));
        }
        draw(&mut view, &seen, context);
    }
    view.clear();
    if output == Output::Text {
        for line in closing(&seen, farm, context.terminal.err_style) {
            context.terminal.note(line);
        }
    }
    let exit = if seen.job.status == JobStatus::Completed || seen.waits_for_approval() {
        Exit::Done
    } else {
        Exit::Failed
    };
    Ok((seen, exit))
}

fn draw(view: &mut View, seen: &Summary, context: &mut Context) {
    view.update(
        &mut context.terminal,
        seen.job.status.as_str(),
        &seen.progress,
        unix_secs(OffsetDateTime::now_utc()),
    );
}

/// The farm went away for too long. The job is not lost by that.
fn lost(error: &WatchError, seen: &Summary, farm: &Farm) -> Failure {
    let id = text::short_id(&seen.job.id);
    let exit = match error {
        WatchError::Farm(error) if !error.is_offline() => Exit::Failed,
        _ => Exit::Unreachable,
    };
    let start = if farm.is_local() {
        "farmhand local start, then "
    } else {
        ""
    };
    Failure::caused(exit, error).hint(format!(
        "{start}farmhand watch {id}{} goes on",
        farm.option()
    ))
}

fn say_goodbye(farm: &Farm, seen: &Summary, context: &mut Context) {
    let id = text::short_id(&seen.job.id);
    let option = farm.option();
    let style = context.terminal.err_style;
    let (done, total) = (seen.progress.frames_done, seen.progress.frames_total);
    context.terminal.note(format!(
        "{} {done} of {total} frames are done; the job goes on without you.",
        style.bold("Still rendering.")
    ));
    let mut commands = vec![
        (format!("farmhand watch {id}{option}"), "follow it again"),
        (
            format!("farmhand cancel {id}{option}"),
            "stop it; finished frames stay",
        ),
    ];
    if farm.is_local() {
        commands.push((
            "farmhand local stop".to_owned(),
            "give the computer back; `farmhand local start` resumes",
        ));
    }
    let width = commands
        .iter()
        .map(|(command, _)| command.len())
        .max()
        .unwrap_or(0);
    for (command, meaning) in commands {
        context.terminal.note(format!(
            "  {}  {meaning}",
            style.busy(&format!("{command:<width$}"))
        ));
    }
}

/// What is said when a job has ended.
fn closing(seen: &Summary, farm: &Farm, style: Style) -> Vec<String> {
    let Summary { job, progress, .. } = seen;
    let id = text::short_id(&job.id);
    let option = farm.option();
    let took = text::duration((job.updated - job.created).as_seconds_f64());
    let folder = text::path(Path::new(&progress.output_dir));
    let mut lines = Vec::new();
    match job.status {
        JobStatus::Completed => {
            let frames = text::count(progress.frames_done, "frame");
            lines.push(format!(
                "{} {} in {took}{}",
                style.good("✓"),
                style.bold(&frames),
                each(seen)
            ));
            let latest = progress
                .last_output
                .as_deref()
                .and_then(|path| Path::new(path).file_name());
            let latest = latest
                .map(|name| style.dim(&format!("  {}", name.to_string_lossy())))
                .unwrap_or_default();
            lines.push(format!("  {folder}{latest}"));
            lines.extend(film_lines(progress, style));
        }
        _ if seen.waits_for_approval() => {
            lines.push(format!(
                "{} {} of {} frames are rendered: look at them in {folder}",
                style.good("✓"),
                progress.frames_done,
                progress.frames_total
            ));
            lines.push(format!(
                "  farmhand approve {id}{option}  has the rest rendered"
            ));
            lines.push(format!("  farmhand cancel {id}{option}   stops the job"));
        }
        JobStatus::Canceled => {
            lines.push(format!(
                "{} Stopped with {} of {} frames done; they stay in {folder}",
                style.warn("■"),
                progress.frames_done,
                progress.frames_total
            ));
            lines.push(format!(
                "  farmhand retry {id}{option}  goes on with the rest"
            ));
        }
        _ => {
            lines.push(format!(
                "{} {} of {} frames are done, {} failed",
                style.bad("✗"),
                progress.frames_done,
                progress.frames_total,
                progress.frames_failed
            ));
            for failure in progress.failed.iter().take(FAILURES_SHOWN) {
                lines.push(format!(
                    "  frame {} ({}): {}",
                    failure.frame, failure.reason, failure.message
                ));
            }
            let untold = progress.failed.len().saturating_sub(FAILURES_SHOWN);
            if untold > 0 {
                lines.push(format!(
                    "  and {} more",
                    text::count(untold as u64, "frame")
                ));
            }
            if progress.failed.is_empty() && !job.activity.is_empty() {
                lines.push(format!("  {}", job.activity));
            }
            lines.push(format!("  farmhand log {id}{option}    what Blender said"));
            lines.push(format!(
                "  farmhand retry {id}{option}  render what is missing again"
            ));
        }
    }
    lines
}

/// What became of the film.
fn film_lines(progress: &JobProgress, style: Style) -> Vec<String> {
    let Some(film) = &progress.film else {
        return Vec::new();
    };
    let files = film.films.iter().map(|film| {
        let path = style.bold(&text::path(Path::new(&film.path)));
        format!("  {path}")
    });
    let remark = (!film.message.is_empty()).then(|| format!("  {}", style.warn(&film.message)));
    files.chain(remark).collect()
}

#[expect(clippy::cast_precision_loss, reason = "an average for people")]
fn each(seen: &Summary) -> String {
    let (done, total) = (seen.progress.frames_done, seen.progress.render_secs_total);
    if done > 1 && total > 0.0 {
        format!(", {} each", text::duration(total / done as f64))
    } else {
        String::new()
    }
}
