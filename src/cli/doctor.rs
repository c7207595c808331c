// SPDX-License-Identifier: Apache-2.0
//! `farmhand doctor`: what is missing on this computer, and how to mend it.

use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::failure::{Exit, Failure};
use super::farms;
use super::options::{FarmOptions, JsonOption};
use super::reach::Farm;
use super::style::Style;
use super::text;
use super::this_computer;
use crate::check::{Abilities, Finding, Severity};
use crate::config::Farms;
use crate::farm::FarmError;
use crate::farm::job_type::JOB_TYPE;
use crate::job::{INSTALL_THE_JOB_TYPE, LaneType, ManagerFacts, is_writable};

/// What `farmhand doctor` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// One thing that was looked at.
struct Item {
    label: String,
    text: String,
    finding: Option<Finding>,
}

impl Item {
    fn good(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            text: text.into(),
            finding: None,
        }
    }

    fn found(label: impl Into<String>, finding: Finding) -> Self {
        Self {
            label: label.into(),
            text: finding.message.clone(),
            finding: Some(finding),
        }
    }
}

/// Looks at everything that rendering here needs.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let mut items = vec![Item::good("farmhand", env!("CARGO_PKG_VERSION"))];
    let blender = look_at_blender(&mut items, context).await;
    let farm = look_at_the_local_farm(&mut items, context).await;
    look_at_folders(&mut items, context);
    let manager = look_at_the_manager(&mut items, &options.farm, context).await;
    let farms = look_at_farms(&mut items, &options.farm, context).await;
    let findings: Vec<&Finding> = items
        .iter()
        .filter_map(|item| item.finding.as_ref())
        .collect();
    let broken = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    if options.json.json {
        context.terminal.json(&json!({
            "version": env!("CARGO_PKG_VERSION"),
            "blender": blender,
            "local": farm,
            "farm": manager,
            "farms": farms,
            "folders": {
                "config": context.dirs.config,
                "data": context.dirs.data,
                "state": context.dirs.state,
                "cache": context.dirs.cache,
            },
            "findings": findings,
        }));
    } else {
        let style = context.terminal.out_style;
        for line in items.iter().flat_map(|item| lines(item, style)) {
            context.terminal.data(line);
        }
        context.terminal.note(if broken {
            "\nMend what is marked with ✗; then farmhand can render here."
        } else {
            "\nReady to render: farmhand render FILE"
        });
    }
    Ok(if broken { Exit::Findings } else { Exit::Done })
}

fn lines(item: &Item, style: Style) -> Vec<String> {
    let mark = match item.finding.as_ref().map(|finding| finding.severity) {
        None => style.good("✓"),
        Some(Severity::Error) => style.bad("✗"),
        Some(Severity::Warning) => style.warn("!"),
        Some(Severity::Notice) => style.busy("·"),
    };
    let mut lines = vec![format!(
        "{mark} {} {}",
        style.bold(&format!("{:<11}", item.label)),
        item.text
    )];
    if let Some(fix) = item
        .finding
        .as_ref()
        .and_then(|finding| finding.fix.as_ref())
    {
        lines.push(format!("{:14}{} {fix}", "", style.dim("→")));
    }
    lines
}

async fn look_at_blender(items: &mut Vec<Item>, context: &Context) -> Value {
    let abilities = match this_computer::abilities_without_farm(context).await {
        Ok((place, abilities)) => {
            items.push(Item::good(
                "blender",
                format!("{} · {}", abilities.blender_version, text::path(&place)),
            ));
            (place, abilities)
        }
        Err(failure) => {
            let finding = Finding::error("no-blender", failure.message);
            let fix = failure.hint.unwrap_or_else(|| {
                "install Blender, or set FARMHAND_BLENDER to its executable".to_owned()
            });
            items.push(Item::found("blender", finding.fix(fix)));
            return Value::Null;
        }
    };
    let (place, abilities) = abilities;
    items.push(denoiser(&abilities));
    items.push(devices(&abilities));
    json!({"path": place, "abilities": abilities})
}

fn denoiser(abilities: &Abilities) -> Item {
    if abilities.denoisers.is_empty() {
        let finding = Finding::warning(
            "no-denoiser",
            "this Blender has none; scenes that denoise cannot be rendered as they are",
        );
        return Item::found(
            "denoiser",
            finding.fix("render with --denoise off, or install Blender from blender.org"),
        );
    }
    let names: Vec<_> = abilities
        .denoisers
        .iter()
        .map(|name| denoiser_name(name))
        .collect();
    Item::good("denoiser", names.join(", "))
}

fn denoiser_name(identifier: &str) -> &str {
    match identifier {
        "OPENIMAGEDENOISE" => "OpenImageDenoise",
        "OPTIX" => "OptiX",
        other => other,
    }
}

fn devices(abilities: &Abilities) -> Item {
    let mut names: Vec<String> = Vec::new();
    for device in &abilities.devices {
        let name = if device.name.is_empty() {
            device.kind.clone()
        } else {
            format!("{} ({})", device.name, device.kind)
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if abilities.has_gpu() {
        return Item::good("devices", names.join(", "));
    }
    let finding = Finding::notice(
        "no-gpu",
        format!(
            "{}; no GPU that Cycles can use",
            if names.is_empty() {
                "CPU".to_owned()
            } else {
                names.join(", ")
            }
        ),
    );
    Item::found("devices", finding)
}

async fn look_at_the_local_farm(items: &mut Vec<Item>, context: &Context) -> Value {
    match this_computer::awake(&context.dirs).await {
        Ok(Some(running)) => {
            items.push(Item::good(
                "local farm",
                format!("awake at {}, process {}", running.url, running.pid),
            ));
            json!({"state": "running", "pid": running.pid, "url": running.url})
        }
        Ok(None) => {
            items.push(Item::good(
                "local farm",
                "asleep; the first render wakes it",
            ));
            json!({"state": "stopped", "pid": null, "url": null})
        }
        Err(error) => {
            let finding = Finding::error("local-farm", error.message);
            items.push(Item::found("local farm", finding));
            Value::Null
        }
    }
}

/// The farm that jobs go to, where it is not this computer.
async fn look_at_the_manager(
    items: &mut Vec<Item>,
    options: &FarmOptions,
    context: &Context,
) -> Value {
    match options.target(&context.dirs) {
        Ok(target) if target.options.is_none() => return Value::Null,
        Ok(_) => {}
        Err(failure) => {
            items.push(Item::found("farm", Finding::error("farm", failure.message)));
            return Value::Null;
        }
    }
    let asked = async {
        let farm = Farm::reach(options, context).await?;
        let version = farm.client().version().await?;
        let facts = ManagerFacts::ask(farm.client()).await?;
        Ok::<_, Failure>((farm, version, facts))
    };
    let (farm, version, facts) = match asked.await {
        Ok(asked) => asked,
        Err(failure) => {
            let mut finding = Finding::error("farm", failure.message);
            finding.fix = failure.hint;
            items.push(Item::found("farm", finding));
            return Value::Null;
        }
    };
    items.push(Item::good(
        "farm",
        format!("{} · Flamenco {}", farm.title(), version.shortversion),
    ));
    items.push(match &facts.lane_type {
        LaneType::Known => Item::good("job type", JOB_TYPE),
        LaneType::Older(lacking) => {
            let message = format!(
                "the farm's {JOB_TYPE} is older than this Farmhand; it does not know {}",
                lacking.join(", ")
            );
            let finding = Finding::error("old-job-type", message).fix(INSTALL_THE_JOB_TYPE);
            Item::found("job type", finding)
        }
        LaneType::Missing => {
            let message = format!(
                "the farm does not know {JOB_TYPE}: jobs go in chunks, each with a Blender of its own, without warm lanes"
            );
            let finding = Finding::warning("no-job-type", message).fix(INSTALL_THE_JOB_TYPE);
            Item::found("job type", finding)
        }
    });
    items.push(match facts.workers {
        0 => {
            let finding = Finding::warning("no-workers", "the farm has no workers yet");
            Item::found(
                "workers",
                finding.fix("start flamenco-worker on a computer of the farm"),
            )
        }
        count => Item::good("workers", text::count(count.into(), "worker")),
    });
    json!({
        "url": farm.name(),
        "version": version.shortversion,
        "workers": facts.workers,
        "job_type": match facts.lane_type {
            LaneType::Known => "known",
            LaneType::Older(_) => "older",
            LaneType::Missing => "missing",
        },
    })
}

/// Looks whether the other farms that have names answer, and can render lanes.
async fn look_at_farms(
    items: &mut Vec<Item>,
    options: &FarmOptions,
    context: &Context,
) -> Vec<Value> {
    let meant = options.target(&context.dirs).map(|target| target.name);
    let known = match Farms::load(&context.dirs) {
        Ok(known) => known,
        Err(error) => {
            let finding = Finding::error("farm-settings", error.to_string());
            items.push(Item::found("farms", finding));
            return Vec::new();
        }
    };
    let mut seen = Vec::new();
    for (name, farm) in &known.farms {
        if meant.as_ref().is_ok_and(|meant| meant == name) {
            continue;
        }
        let (state, item) = match look_at_farm(name, context).await {
            Ok((version, true)) => ("ready", Item::good(name, version)),
            Ok((version, false)) => {
                let finding = Finding::warning(
                    "no-job-type",
                    format!(
                        "{version}, without the job type {JOB_TYPE}: jobs are shared out in fixed chunks there"
                    ),
                );
                (
                    "no-job-type",
                    Item::found(name, finding.fix(INSTALL_THE_JOB_TYPE)),
                )
            }
            Err(failure) => {
                let finding = Finding::warning("farm-unreachable", failure.message);
                ("unreachable", Item::found(name, finding))
            }
        };
        seen.push(json!({"name": name, "url": farm.url, "state": state, "message": item.text}));
        items.push(item);
    }
    seen
}

/// What a farm says of itself, and whether it has the job type.
async fn look_at_farm(name: &str, context: &Context) -> Result<(String, bool), Failure> {
    let client = farms::client_of(name, context)?.without_retries();
    let version = client.greet().await?;
    let said = format!("{}, Flamenco {}", version.name, version.version);
    match client.job_type(JOB_TYPE).await {
        Ok(_) => Ok((said, true)),
        Err(FarmError::NotFound { .. }) => Ok((said, false)),
        Err(error) => Err(error.into()),
    }
}

fn look_at_folders(items: &mut Vec<Item>, context: &Context) {
    let folders: [(&'static str, &Path); 2] =
        [("data", &context.dirs.data), ("state", &context.dirs.state)];
    for (label, folder) in folders {
        items.push(match is_writable(folder) {
            Ok(()) => Item::good(label, text::path(folder)),
            Err(error) => {
                let finding = Finding::error(
                    "folder-not-writable",
                    format!("{} cannot be written to: {error}", text::path(folder)),
                );
                Item::found(
                    label,
                    finding.fix("make the folder writable, or set FARMHAND_HOME to another"),
                )
            }
        });
    }
}
