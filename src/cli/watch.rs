// SPDX-License-Identifier: Apache-2.0
//! `farmhand watch`: follow a job until it ends.

use clap::Args;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::follow::{Output, follow};
use super::options::{FarmOptions, JobOption};
use super::reach::Farm;
use super::text;

/// What `farmhand watch` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    #[command(flatten)]
    farm: FarmOptions,
    /// Write a line of JSON for each change to standard output
    #[arg(long)]
    json: bool,
}

/// Follows the job.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job.job).await?;
    let output = if options.json {
        Output::JsonLines
    } else {
        Output::Text
    };
    if output == Output::Text {
        let style = context.terminal.err_style;
        context.terminal.note(format!(
            "{} {}",
            style.bold(&job.name),
            style.dim(&format!("· job {}", text::short_id(&job.id)))
        ));
    }
    let (_, exit) = follow(&farm, job, output, context).await?;
    Ok(exit)
}
