// SPDX-License-Identifier: Apache-2.0
//! `farmhand local`: the farm on this computer.

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::JsonOption;
use super::reach::Farm;
use super::text;
use crate::local;

/// What `farmhand local` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Start it; jobs that were interrupted go on
    Start {
        /// How many frames this computer renders at once
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
        slots: Option<u32>,
        #[command(flatten)]
        json: JsonOption,
    },
    /// Stop it; running jobs go on at the next start
    Stop {
        #[command(flatten)]
        json: JsonOption,
    },
    /// Say whether it runs, and where
    Status {
        #[command(flatten)]
        json: JsonOption,
    },
    /// Forget all jobs that have ended; their frames stay
    Purge {
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
        #[command(flatten)]
        json: JsonOption,
    },
    /// Be the farm: what `start` starts in the background
    #[command(hide = true)]
    Serve(local::ServeOptions),
}

/// Does what was asked of the local farm.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    match options.verb {
        Verb::Start { slots, json } => start(slots, json, context).await,
        Verb::Stop { json } => stop(json, context).await,
        Verb::Status { json } => status(json, context).await,
        Verb::Purge { yes, json } => purge(yes, json, context).await,
        Verb::Serve(options) => Ok(local::serve(&context.dirs, options).await.map(|()| Exit::Done)?),
    }
}
