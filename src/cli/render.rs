// SPDX-License-Identifier: Apache-2.0
//! `farmhand render`: render a scene on this computer, with progress.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{JsonOption, PlacingOptions, SceneOptions, request};
use super::reach::Farm;
use super::send::{Finish, send};
use crate::job;

/// What `farmhand render` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "Ctrl-C leaves the job running (exit code 130); farmhand watch, cancel and local stop go on from there."
)]
pub struct Options {
    /// The scene file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    scene: SceneOptions,
    #[command(flatten)]
    placing: PlacingOptions,
    /// How many frames this computer renders at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    slots: Option<u32>,
    #[command(flatten)]
    json: JsonOption,
}

/// Starts the farm of this computer where it sleeps, sends the scene and follows the job.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let request = request(&options.file, &options.scene, &options.placing)?;
    // Read first: a file that cannot be rendered should not wake a farm.
    let inspected = job::inspect(&request)?;
    let farm = Farm::wake_local(options.slots, context).await?;
    let finish = Finish {
        wait: true,
        dry_run: false,
        json: options.json.json,
    };
    send(&farm, &request, &inspected, finish, context).await
}
