// SPDX-License-Identifier: Apache-2.0
//! How a job is fitted to its farm: job type, Blender and workers, and what there is to say of them.

use super::blender;
use super::environment::{Environment, FarmKind};
use super::inspect::Inspected;
use super::manager::{LaneType, ManagerFacts};
use super::request::JobRequest;
use super::stock;
use crate::check::Finding;
use crate::farm::job_type::{JOB_TYPE, STOCK_JOB_TYPE};
use crate::frames::FrameSet;
use crate::plan::{self, ChunkNeeds};

/// How a farm cuts a job into tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cut {
    /// Into warm lanes.
    Lanes,
    /// Into chunks of so many frames, each with a Blender of its own.
    Chunks(u64),
}

/// How a job is fitted to its farm.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    pub(super) cut: Cut,
    /// The Manager's variable that names the Blender.
    pub(super) blender: String,
    /// The id of the worker tag.
    pub(super) worker_tag: Option<String>,
    pub(super) findings: Vec<Finding>,
}

/// Fits a job of these frames to the farm of that environment.
pub(super) fn fit(
    request: &JobRequest,
    inspected: &Inspected,
    frames: &FrameSet,
    environment: &Environment,
) -> Fit {
    let (cut, mut findings) = cut(request, inspected, frames, environment);
    let Some(facts) = &environment.manager else {
        let blender = request.blender.clone();
        return Fit {
            cut,
            blender: blender.unwrap_or_else(|| "blender".to_owned()),
            worker_tag: None,
            findings,
        };
    };
    let version = inspected.facts.blender_version;
    let (blender, finding) = blender::choose(request.blender.as_deref(), version, &facts.variables);
    findings.extend(finding);
    let (worker_tag, finding) = tag(request.worker_tag.as_deref(), facts);
    findings.extend(finding);
    Fit {
        cut,
        blender,
        worker_tag,
        findings,
    }
}

fn cut(
    request: &JobRequest,
    inspected: &Inspected,
    frames: &FrameSet,
    environment: &Environment,
) -> (Cut, Vec<Finding>) {
    let asked = match (request.job_type.as_deref(), request.chunk_size) {
        (None, Some(_)) => Some(STOCK_JOB_TYPE),
        (asked, _) => asked,
    };
    let chunks = || Cut::Chunks(chunk_size(request, frames, environment));
    let lane_type = environment.manager.as_ref().map(|facts| &facts.lane_type);
    match (asked, lane_type) {
        (Some(STOCK_JOB_TYPE), _) if environment.farm == FarmKind::Local => {
            let message = "The farm on this computer renders in lanes; it has no chunks.";
            let finding = Finding::error("unknown-job-type", message)
                .fix("leave --chunk-size and --job-type out");
            (Cut::Lanes, vec![finding])
        }
        (Some(STOCK_JOB_TYPE), _) => (chunks(), stock::findings(request, inspected, frames)),
        (Some(other), _) if other != JOB_TYPE => {
            let message = format!("Farmhand sends no jobs of the type {other}.");
            let finding = Finding::error("unknown-job-type", message)
                .fix(format!("choose {JOB_TYPE} or {STOCK_JOB_TYPE}"));
            (Cut::Lanes, vec![finding])
        }
        (Some(_), Some(LaneType::Missing)) => {
            let finding = Finding::error("no-job-type", NO_LANES).fix(INSTALL);
            (Cut::Lanes, vec![finding])
        }
        (None, Some(LaneType::Missing)) => {
            let size = chunk_size(request, frames, environment);
            let message = format!(
                "{NO_LANES} {size} frames at a time go to a Blender that opens the scene anew and is lost with whatever it \
                 has not finished when its worker is killed; no frame is checked, and nobody helps the slowest worker."
            );
            let mut findings = vec![Finding::warning("no-job-type", message).fix(INSTALL)];
            findings.extend(stock::findings(request, inspected, frames));
            (Cut::Chunks(size), findings)
        }
        (_, Some(LaneType::Older(lacking))) => {
            let message = format!(
                "The farm's job type {JOB_TYPE} is older than this Farmhand; it does not know {}.",
                lacking.join(", ")
            );
            let finding = Finding::error("old-job-type", message).fix(INSTALL);
            (Cut::Lanes, vec![finding])
        }
        _ => (Cut::Lanes, Vec::new()),
    }
}

const NO_LANES: &str =
    "This farm does not know the job type farmhand-render, so that there are no warm lanes.";
/// What `doctor` says, too.
pub const INSTALL: &str = "have the farm's operator run `farmhand job-type --to FOLDER`, where FOLDER is `scripts` beside flamenco-manager, and \
     start the Manager again";

fn chunk_size(request: &JobRequest, frames: &FrameSet, environment: &Environment) -> u64 {
    let needs = ChunkNeeds {
        frames: frames.len(),
        workers: usize::try_from(environment.slots.max(1)).unwrap_or(usize::MAX),
        frame_secs: 0.0,
        load_secs: 0.0,
        preemptions_per_hour: 0.0,
    };
    request.chunk_size.unwrap_or_else(|| match &request.costs {
        Some(costs) => plan::best_chunk_size_by_costs(needs, frames, costs),
        None => plan::best_chunk_size(needs),
    })
}

fn tag(asked: Option<&str>, facts: &ManagerFacts) -> (Option<String>, Option<Finding>) {
    let Some(asked) = asked else {
        return (None, None);
    };
    if let Some(id) = facts.tag_id(asked) {
        return (Some(id.to_owned()), None);
    }
    let names: Vec<&str> = facts.tags.iter().map(|tag| tag.name.as_str()).collect();
    let known = if names.is_empty() {
        "it has none; workers are tagged on the Manager's page".to_owned()
    } else {
        format!("choose one of {}", names.join(", "))
    };
    let message = format!("The farm has no worker tag {asked}.");
    (
        None,
        Some(Finding::error("unknown-tag", message).fix(known)),
    )
}
