// SPDX-License-Identifier: Apache-2.0
//! `farmhand local`: the farm on this computer.

use clap::{Args, Subcommand};
use serde_json::json;

use super::clean::{Manner, forget};
use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::JsonOption;
use super::reach::Farm;
use super::text;
use super::this_computer;
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
    Serve {
        /// The port of 127.0.0.1; a free one when absent
        #[arg(long)]
        port: Option<u16>,
        /// How many frames this computer renders at once
        #[arg(long, default_value_t = 1)]
        slots: u32,
    },
}

impl Options {
    /// Whether this process is to become the farm itself, which has a runtime of its own.
    pub fn is_to_serve(&self) -> bool {
        matches!(self.verb, Verb::Serve { .. })
    }
}

/// Does what was asked of the local farm.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    match options.verb {
        Verb::Start { slots, json } => start(slots, json, context).await,
        Verb::Stop { json } => stop(json, context).await,
        Verb::Status { json } => status(json, context).await,
        Verb::Purge { yes, json } => purge(yes, json, context).await,
        Verb::Serve { .. } => Ok(Exit::Usage),
    }
}

/// Is the farm until somebody stops it. Blocks.
pub fn serve(options: &Options, context: &Context) -> Result<Exit, Failure> {
    let Verb::Serve { port, slots } = &options.verb else {
        return Ok(Exit::Usage);
    };
    let options = local::ServeOptions {
        port: *port,
        slots: *slots,
        python: context.host.python.clone(),
    };
    local::serve(&options, &context.dirs)?;
    Ok(Exit::Done)
}

async fn start(
    slots: Option<u32>,
    json: JsonOption,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let before = this_computer::awake(&context.dirs).await?;
    let running = this_computer::wake(slots, context).await?;
    let was_running = before.is_some_and(|before| before.pid == running.pid);
    if json.json {
        context
            .terminal
            .json(&json!({"state": "running", "pid": running.pid, "url": running.url}));
        return Ok(Exit::Done);
    }
    let verb = if was_running { "runs already" } else { "runs" };
    let style = context.terminal.out_style;
    context.terminal.data(format!(
        "{} The farm on this computer {verb}: {}, process {}.",
        style.good("✓"),
        running.url,
        running.pid
    ));
    if slots.is_some_and(|slots| slots != running.health.slots) {
        let slots = text::count(running.health.slots.into(), "slot");
        context.terminal.note(format!(
            "It is at work and keeps its {slots}; they change when it has nothing to do."
        ));
    }
    Ok(Exit::Done)
}

async fn stop(json: JsonOption, context: &mut Context) -> Result<Exit, Failure> {
    let was_running = this_computer::put_to_sleep(context).await?;
    if json.json {
        context.terminal.json(
            &json!({"state": "stopped", "pid": null, "url": null, "was_running": was_running}),
        );
    } else if was_running {
        context.terminal.data(
            "The farm on this computer sleeps. Jobs that were in work go on at the next start.",
        );
    } else {
        context
            .terminal
            .data("The farm on this computer sleeps already.");
    }
    Ok(Exit::Done)
}

async fn status(json: JsonOption, context: &mut Context) -> Result<Exit, Failure> {
    let running = this_computer::awake(&context.dirs).await?;
    if json.json {
        let state = if running.is_some() {
            "running"
        } else {
            "stopped"
        };
        let running = running.as_ref();
        context.terminal.json(&json!({
            "state": state,
            "pid": running.map(|running| running.pid),
            "url": running.map(|running| &running.url),
        }));
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    if let Some(running) = running {
        context.terminal.data(format!(
            "{} at {}, process {}",
            style.good("running"),
            running.url,
            running.pid
        ));
    } else {
        context.terminal.data(style.dim("asleep"));
        context
            .terminal
            .note("Wake it with farmhand local start; farmhand render FILE does it, too.");
    }
    Ok(Exit::Done)
}

async fn purge(yes: bool, json: JsonOption, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::wake_local(None, context).await?;
    let manner = Manner {
        dry_run: false,
        yes,
        json: json.json,
    };
    forget(&farm, |_| true, manner, context).await
}
