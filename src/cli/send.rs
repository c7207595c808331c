// SPDX-License-Identifier: Apache-2.0
//! The way of a scene from its file to the farm, as `render` and `submit` both go it.

use std::path::Path;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::findings;
use super::follow::{Output, follow};
use super::reach::Farm;
use super::style::Style;
use super::text;
use crate::job::{self, Inspected, JobError, JobRequest, Prepared};

/// What happens once the scene is understood.
#[derive(Clone, Copy, Debug)]
pub struct Finish {
    /// Follow the job to its end.
    pub wait: bool,
    /// Show what would be sent, and stop.
    pub dry_run: bool,
    /// Write JSON to standard output instead of text.
    pub json: bool,
}

/// Prepares, sends and, where asked for, follows a scene.
pub async fn send(
    farm: &Farm,
    request: &JobRequest,
    inspected: &Inspected,
    finish: Finish,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let mut environment = farm.environment(context).await?;
    environment.is_awaited = finish.wait;
    let prepared = match job::prepare(request, inspected, &environment) {
        Ok(prepared) => prepared,
        Err(error) => {
            if let (JobError::NothingToRender { name, output, .. }, true) = (&error, finish.json) {
                context.terminal.json(&json!({
                    "job_id": null,
                    "name": name,
                    "farm": farm.name(),
                    "output": output,
                }));
            }
            return Err(error.into());
        }
    };
    if !finish.json {
        let style = context.terminal.err_style;
        context.terminal.note(headline(&prepared, style));
        findings::tell(prepared.findings(), &mut context.terminal);
    }
    if prepared.is_held_back() {
        if finish.json {
            context
                .terminal
                .json(&json!({"findings": prepared.findings()}));
        }
        return Err(held_back(&prepared));
    }
    if finish.dry_run {
        return Ok(show_only(&prepared, farm, finish, context));
    }
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let watcher = tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            stop.cancel();
        }
    });
    let sent = job::submit(farm.client(), &prepared, &job::no_events, &cancel).await;
    watcher.abort();
    let sent = match sent {
        Ok(sent) => sent,
        Err(JobError::Cancelled) => {
            context
                .terminal
                .note("Interrupted before anything was sent.");
            return Ok(Exit::Interrupted);
        }
        Err(error) => {
            if let (Some(finding), true) = (error.finding(), finish.json) {
                context.terminal.json(&json!({"findings": [finding]}));
            }
            return Err(error.into());
        }
    };
    let id = text::short_id(&sent.id);
    let mut value = json!({
        "job_id": sent.id,
        "name": sent.name,
        "farm": farm.name(),
        "output": prepared.description().output,
        "output_dir": prepared.output_dir(),
        "findings": prepared.findings(),
    });
    if !finish.wait {
        if finish.json {
            context.terminal.json(&value);
        } else {
            let style = context.terminal.out_style;
            context
                .terminal
                .data(format!("Job {} is on its way.", style.bold(&id)));
            context
                .terminal
                .note(format!("Follow it: farmhand watch {id}{}", farm.option()));
        }
        return Ok(Exit::Done);
    }
    if !finish.json {
        let style = context.terminal.err_style;
        context
            .terminal
            .note(style.dim(&format!("job {id} on {}", farm.title())));
    }
    let output = if finish.json {
        Output::Quiet
    } else {
        Output::Text
    };
    let (seen, exit) = follow(farm, sent, output, context).await?;
    if finish.json {
        merge(&mut value, seen.to_json());
        context.terminal.json(&value);
    }
    Ok(exit)
}

/// One line that says what will be rendered.
fn headline(prepared: &Prepared, style: Style) -> String {
    let facts = prepared.overview();
    let dot = style.dim(" · ");
    [
        style.bold(&facts.name),
        facts.scene.clone(),
        format!(
            "{} ({})",
            text::count(facts.frame_count, "frame"),
            text::shorten(&facts.frames, 24)
        ),
        facts.engine.clone(),
        facts.size.clone(),
    ]
    .join(&dot)
}

fn held_back(prepared: &Prepared) -> Failure {
    let errors: Vec<_> = prepared.holding_back().collect();
    let what = if errors.len() == 1 {
        "there is an error".to_owned()
    } else {
        format!("there are {} errors", errors.len())
    };
    let mut codes: Vec<_> = errors
        .iter()
        .map(|finding| match finding.code.as_str() {
            "missing-file" | "missing-frames" | "missing-tiles" => "--allow-missing".to_owned(),
            code => format!("--ignore {code}"),
        })
        .collect();
    codes.dedup();
    Failure::new(
        Exit::Findings,
        format!("{what} in this scene; nothing was sent"),
    )
    .hint(format!(
        "mend it as said above, or send it all the same with {}",
        codes.join(" ")
    ))
}

fn show_only(prepared: &Prepared, farm: &Farm, finish: Finish, context: &mut Context) -> Exit {
    if finish.json {
        context.terminal.json(&json!({
            "farm": farm.name(),
            "job": prepared.submitted(),
            "description": prepared.description(),
            "findings": prepared.findings(),
            "output_dir": prepared.output_dir(),
        }));
        return Exit::Done;
    }
    let style = context.terminal.out_style;
    let description = prepared.description();
    let mut line = |label: &str, value: &str| {
        let label = style.dim(&format!("{label:<10}"));
        context.terminal.data(format!("  {label} {value}"));
    };
    line("farm", farm.title());
    line("scene", &text::path(Path::new(&description.blend_file)));
    line("output", &text::path(Path::new(&description.output)));
    line("job type", &prepared.submitted().job_type);
    if let Some(chunk_size) = prepared.chunk_size() {
        line("chunks of", &text::count(chunk_size, "frame"));
    } else {
        line("staged in", &text::path(&prepared.staging_dir()));
        for (index, lane) in description.lanes.iter().enumerate() {
            line(&format!("lane {index}"), &lane.to_string());
        }
    }
    line("priority", &prepared.submitted().priority.to_string());
    context.terminal.note("Nothing was sent.");
    Exit::Done
}

fn merge(value: &mut Value, more: Value) {
    if let (Value::Object(value), Value::Object(more)) = (value, more) {
        for (key, item) in more {
            value.entry(key).or_insert(item);
        }
    }
}
