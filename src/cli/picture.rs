// SPDX-License-Identifier: Apache-2.0
//! `farmhand picture`: a job's latest picture, as a file.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JobOption, JsonOption};
use super::reach::Farm;
use super::text;
use crate::farm::PictureSize;

/// What `farmhand picture` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "It is for looking at; the frames themselves are what farmhand frames lists."
)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    /// Where to write it; beside you, named after the job, when absent
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How large
    #[arg(long, value_enum, default_value_t = Size::Large)]
    size: Size,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Size {
    /// As large as the farm keeps it
    Large,
    /// For a list
    Small,
    /// For a thumbnail
    Tiny,
}

/// Fetches the picture.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job.job).await?;
    let id = text::short_id(&job.id);
    let size = match options.size {
        Size::Large => PictureSize::Large,
        Size::Small => PictureSize::Small,
        Size::Tiny => PictureSize::Tiny,
    };
    let Some((name, picture)) = farm.client().job_picture(&job.id, size).await? else {
        return Err(
            Failure::failed(format!("job {id} ({}) has no picture yet", job.name))
                .hint("the farm keeps one of PNG, JPEG and TIFF frames, once the first is done"),
        );
    };
    let path = options
        .output
        .unwrap_or_else(|| Path::new(&id).with_extension(extension(&name)));
    std::fs::write(&path, &picture).map_err(|error| {
        Failure::failed(format!(
            "the picture cannot be written ({error}): {}",
            text::path(&path)
        ))
    })?;
    if options.json.json {
        context
            .terminal
            .json(&json!({"job_id": job.id, "path": path, "size_bytes": picture.len()}));
    } else {
        context.terminal.data(text::path(&path));
    }
    Ok(Exit::Done)
}

/// What kind of picture the farm's file is.
fn extension(name: &str) -> &OsStr {
    Path::new(name).extension().unwrap_or(OsStr::new("jpg"))
}
