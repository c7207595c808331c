// SPDX-License-Identifier: Apache-2.0
//! `farmhand plan`: how frames would be shared out among workers, and how long that would take.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::costs::read_costs;
use super::failure::{Exit, Failure};
use super::options::JsonOption;
use super::table::{Align, Table};
use super::text;
use crate::frames::FrameSet;
use crate::plan::{
    ChunkNeeds, LaneNeeds, best_chunk_size, best_chunk_size_by_costs, lane_count, plan_lanes,
};

/// What `farmhand plan` takes.
#[derive(Args, Debug)]
pub struct Options {
    /// Frames, such as `1-10, 20, 30-100:2`
    #[arg(long, short, value_name = "FRAMES", allow_hyphen_values = true)]
    frames: String,
    /// How many workers render at once
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    workers: u32,
    /// Seconds that opening the scene takes
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    load_secs: f64,
    /// A JSON file with an object from frame to seconds
    #[arg(long, value_name = "FILE")]
    costs: Option<PathBuf>,
    /// How often each worker is taken away in an hour
    #[arg(long, value_name = "N", default_value_t = 0.0)]
    preemptions_per_hour: f64,
    #[command(flatten)]
    json: JsonOption,
}

/// Plans and shows the lanes.
pub fn run(options: &Options, context: &mut Context) -> Result<Exit, Failure> {
    let frames: FrameSet = options
        .frames
        .parse()
        .map_err(|error| Failure::usage(format!("--frames: {error}")))?;
    let costs = options.costs.as_deref().map(read_costs).transpose()?;
    let workers = usize::try_from(options.workers).unwrap_or(usize::MAX);
    let needs = LaneNeeds {
        workers,
        is_watched: true,
        has_unbaked_simulation: false,
    };
    let lanes = plan_lanes(&frames, lane_count(needs));
    let seconds = costs.as_ref().map(|costs| seconds(&frames, costs, options));
    let frame_secs = costs.as_ref().map_or(0.0, mean);
    let chunk_needs = ChunkNeeds {
        frames: frames.len(),
        workers,
        frame_secs,
        load_secs: options.load_secs,
        preemptions_per_hour: options.preemptions_per_hour,
    };
    let chunk_size = match &costs {
        Some(costs) => best_chunk_size_by_costs(chunk_needs, &frames, costs),
        None => best_chunk_size(chunk_needs),
    };
    if options.json.json {
        context.terminal.json(&json!({
            "lanes": lanes,
            "chunk_size": chunk_size,
            "order": "auto",
            "seconds": seconds.map(|(low, high)| json!({"low": low, "high": high})),
        }));
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    let mut table = Table::new(&[
        ("LANE", Align::Right),
        ("FRAMES", Align::Right),
        ("HOME CHUNK", Align::Left),
    ]);
    for (lane, chunk) in lanes.iter().enumerate() {
        let plain = |text: String| (text.clone(), text);
        table.row(vec![
            plain(lane.to_string()),
            plain(text::thousands(chunk.len())),
            plain(chunk.to_string()),
        ]);
    }
    for line in table.lines(style) {
        context.terminal.data(line);
    }
    context.terminal.note(format!(
        "For a farm without lanes: chunks of {}.",
        text::count(chunk_size, "frame")
    ));
    if let Some((low, high)) = seconds {
        context.terminal.note(format!(
            "About {} for {} on {}.",
            text::duration_range(low, high),
            text::count(frames.len(), "frame"),
            text::count(options.workers.into(), "worker")
        ));
    }
    Ok(Exit::Done)
}

#[expect(clippy::cast_precision_loss, reason = "an average")]
fn mean(costs: &BTreeMap<i32, f64>) -> f64 {
    if costs.is_empty() {
        0.0
    } else {
        costs.values().sum::<f64>() / costs.len() as f64
    }
}

/// The lower bound that no plan beats, and what warm lanes reach in simulation: 1.1 times that, and with preemption a
/// load and half a frame more each time.
fn seconds(frames: &FrameSet, costs: &BTreeMap<i32, f64>, options: &Options) -> (f64, f64) {
    let usual = mean(costs);
    let cost = |frame: i32| costs.get(&frame).copied().unwrap_or(usual);
    let work: f64 = frames.iter().map(cost).sum();
    let longest = frames.iter().map(cost).fold(0.0, f64::max);
    let workers = f64::from(options.workers)
        .min(f64::from(u32::try_from(frames.len()).unwrap_or(u32::MAX)))
        .max(1.0);
    let low = (work / workers + options.load_secs).max(longest + options.load_secs);
    let lost_each = options.load_secs + usual / 2.0;
    let lost = low * options.preemptions_per_hour.max(0.0) / 3600.0 * lost_each;
    (low, low * 1.1 + lost)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_estimate_is_never_below_what_is_possible() {
        let options = Options {
            frames: "1-4".to_owned(),
            workers: 2,
            load_secs: 10.0,
            costs: None,
            preemptions_per_hour: 0.0,
            json: JsonOption { json: false },
        };
        let frames = "1-4".parse().unwrap();
        let even = BTreeMap::from([(1, 5.0), (2, 5.0), (3, 5.0), (4, 5.0)]);
        assert!((seconds(&frames, &even, &options).0 - 20.0).abs() < 1e-9);
        let uneven = BTreeMap::from([(1, 50.0), (2, 1.0), (3, 1.0), (4, 1.0)]);
        assert!((seconds(&frames, &uneven, &options).0 - 60.0).abs() < 1e-9);
    }
}
