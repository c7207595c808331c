// SPDX-License-Identifier: Apache-2.0
//! `farmhand workers`: who renders at a farm.

use clap::Args;
use serde_json::json;
use time::OffsetDateTime;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JsonOption};
use super::reach::Farm;
use super::table::{Align, Table};
use super::text;
use crate::farm::models::WorkerSummary;

/// What `farmhand workers` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "A Manager remembers workers that are long gone, and waits for them before it gives a task up: \
    have its operator delete those."
)]
pub struct Options {
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Lists the workers by name.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let mut workers = farm.client().workers().await?;
    workers.sort_by(|one, other| one.name.cmp(&other.name));
    if options.json.json {
        context
            .terminal
            .json(&json!({"farm": farm.name(), "workers": workers}));
        return Ok(Exit::Done);
    }
    if workers.is_empty() {
        context
            .terminal
            .note("No worker has ever signed on here: jobs wait until one does.");
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    let mut table = Table::new(&[
        ("WORKER", Align::Left),
        ("STATUS", Align::Left),
        ("SEEN", Align::Left),
        ("VERSION", Align::Left),
    ]);
    let now = OffsetDateTime::now_utc();
    for worker in &workers {
        let (status, seen) = (worker.status.as_str(), seen(worker, now));
        table.row(vec![
            (style.bold(&worker.name), worker.name.clone()),
            (style.status(status), status.to_owned()),
            (style.dim(&seen), seen),
            (worker.version.clone(), worker.version.clone()),
        ]);
    }
    for line in table.lines(style) {
        context.terminal.data(line);
    }
    Ok(Exit::Done)
}

fn seen(worker: &WorkerSummary, now: OffsetDateTime) -> String {
    worker.last_seen.map_or_else(
        || "never".to_owned(),
        |seen| text::ago((now - seen).as_seconds_f64()),
    )
}
