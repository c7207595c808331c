// SPDX-License-Identifier: Apache-2.0
//! `farmhand submit`: send a scene to a farm.

use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JsonOption, PlacingOptions, SceneOptions, request};
use super::reach::Farm;
use super::send::{Finish, send};
use crate::job;

/// What `farmhand submit` takes.
#[derive(Args, Debug)]
pub struct Options {
    /// The scene file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    scene: SceneOptions,
    #[command(flatten)]
    placing: PlacingOptions,
    /// Follow the job until it ends
    #[arg(long)]
    wait: bool,
    /// Show everything that would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    json: JsonOption,
}

/// Sends the scene, and follows the job where that was asked for.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let request = request(&options.file, &options.scene, &options.placing)?;
    let inspected = job::inspect(&request)?;
    let farm = if options.farm.target(&context.dirs)?.options.is_none() {
        Farm::wake_local(None, context).await?
    } else {
        Farm::reach(&options.farm, context).await?
    };
    let finish = Finish {
        wait: options.wait,
        dry_run: options.dry_run,
        json: options.json.json,
    };
    send(&farm, &request, &inspected, finish, context).await
}
