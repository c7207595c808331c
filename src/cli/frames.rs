// SPDX-License-Identifier: Apache-2.0
//! `farmhand frames`: a job's frames with their times.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JobOption, JsonOption};
use super::reach::Farm;
use super::style::Style;
use super::table::{Align, Table};
use super::text;
use crate::lanes::FrameRecord;

/// What `farmhand frames` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    /// Show the slowest frames first
    #[arg(long)]
    slowest: bool,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Lists the frames.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job.job).await?;
    let mut frames = farm.frames(&job).await?;
    frames.sort_by_key(|frame| frame.frame);
    if options.slowest {
        frames.sort_by(|one, other| other.seconds.total_cmp(&one.seconds));
    }
    let summary = farm.summary(job).await?;
    if options.json.json {
        context.terminal.json(
            &json!({"job_id": summary.job.id, "frames": frames, "failed": summary.progress.failed}),
        );
        return Ok(Exit::Done);
    }
    if frames.is_empty() && summary.progress.failed.is_empty() {
        context
            .terminal
            .note(format!("No frame of {} is finished yet.", summary.job.name));
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    let mut table = Table::new(&[
        ("FRAME", Align::Right),
        ("TIME", Align::Right),
        ("SAMPLES", Align::Right),
        ("DEVICE", Align::Left),
        ("MEMORY", Align::Right),
        ("FILES", Align::Left),
    ]);
    for frame in &frames {
        table.row(row(frame, style));
    }
    for line in table.lines(style) {
        context.terminal.data(line);
    }
    for failure in &summary.progress.failed {
        let what = format!("frame {} failed ({})", failure.frame, failure.reason);
        context
            .terminal
            .data(format!("{}: {}", style.bad(&what), failure.message));
        if let Some(path) = &failure.crash_log {
            context
                .terminal
                .data(format!("  its log: {}", text::path(Path::new(path))));
        }
    }
    if let Some(line) = totals(&frames) {
        context.terminal.note(line);
    }
    Ok(Exit::Done)
}

fn row(frame: &FrameRecord, style: Style) -> Vec<(String, String)> {
    let plain = |text: String| (text.clone(), text);
    let files = match frame.outputs.as_slice() {
        [] => String::new(),
        [one] => file_name(&one.path),
        [first, rest @ ..] => format!("{} and {} more", file_name(&first.path), rest.len()),
    };
    vec![
        (
            style.bold(&frame.frame.to_string()),
            frame.frame.to_string(),
        ),
        plain(text::duration(frame.seconds)),
        plain(
            frame
                .samples
                .map(|samples| samples.to_string())
                .unwrap_or_default(),
        ),
        plain(frame.device.clone()),
        plain(frame.peak_memory_bytes.map(text::size).unwrap_or_default()),
        (style.dim(&files), files),
    ]
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map_or_else(
        || path.to_owned(),
        |name| name.to_string_lossy().into_owned(),
    )
}

#[expect(clippy::cast_precision_loss, reason = "an average for people")]
fn totals(frames: &[FrameRecord]) -> Option<String> {
    let fastest = frames
        .iter()
        .map(|frame| frame.seconds)
        .min_by(f64::total_cmp)?;
    let slowest = frames
        .iter()
        .map(|frame| frame.seconds)
        .max_by(f64::total_cmp)?;
    let sum: f64 = frames.iter().map(|frame| frame.seconds).sum();
    let loads = frames.iter().filter(|frame| frame.load_secs > 0.0).count() as u64;
    let load_secs: f64 = frames.iter().map(|frame| frame.load_secs).sum();
    Some(format!(
        "{} · {} each ({} to {}) · scene opened {} ({})",
        text::count(frames.len() as u64, "frame"),
        text::duration(sum / frames.len() as f64),
        text::duration(fastest),
        text::duration(slowest),
        if loads == 1 {
            "once".to_owned()
        } else {
            format!("{loads} times")
        },
        text::duration(load_secs),
    ))
}
