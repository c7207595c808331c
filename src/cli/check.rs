// SPDX-License-Identifier: Apache-2.0
//! `farmhand check`: say what would go wrong with a scene, before sending it.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::findings;
use super::options::{JsonOption, PlacingOptions, SceneOptions, request};
use super::text;
use super::this_computer;
use crate::check::Severity;
use crate::job;

/// What `farmhand check` takes.
#[derive(Args, Debug)]
pub struct Options {
    /// The scene file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    scene: SceneOptions,
    #[command(flatten)]
    placing: PlacingOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// Checks the scene against this computer's Blender; sends nothing.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let request = request(&options.file, &options.scene, &options.placing)?;
    let inspected = job::inspect(&request)?;
    let environment = this_computer::environment_without_farm(context).await;
    let prepared = job::prepare(&request, &inspected, &environment)?;
    let exit = if prepared.is_held_back() {
        Exit::Findings
    } else {
        Exit::Done
    };
    if options.json.json {
        context
            .terminal
            .json(&json!({"findings": prepared.findings()}));
        return Ok(exit);
    }
    let style = context.terminal.out_style;
    for line in prepared
        .findings()
        .iter()
        .flat_map(|finding| findings::lines(finding, style))
    {
        context.terminal.data(line);
    }
    let errors = prepared
        .findings()
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let others = prepared.findings().len() - errors;
    context.terminal.note(match (errors, others) {
        (0, 0) => format!("{} Nothing stands in the way.", style.good("✓")),
        (0, others) => format!(
            "{} Ready to render; {}.",
            style.good("✓"),
            text::count(others as u64, "remark")
        ),
        (errors, _) => format!(
            "{} {} to mend first.",
            style.bad("✗"),
            text::count(errors as u64, "error")
        ),
    });
    Ok(exit)
}
