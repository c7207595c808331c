// SPDX-License-Identifier: Apache-2.0
//! A job as a farm is sent it: its type, its settings, and what is noted beside them.

use super::environment::Environment;
use super::fit::{Cut, Fit};
use super::inspect::Inspected;
use super::place::Place;
use super::prepare::text;
use super::request::JobRequest;
use super::staging::{self, JOB_FILE, RENDERER_FILE};
use super::stock;
use crate::farm::job_type::{JOB_TYPE, STOCK_JOB_TYPE};
use crate::farm::models::{JobMetadata, JobSettings, SubmittedJob};
use crate::farm::{SUBMISSION_ID_KEY, this_platform};
use crate::lanes::JobDescription;
use crate::watch::{BLEND_FILE_KEY, OUTPUT_DIR_KEY, SCOUT_LANES_KEY, STORAGE_KEY, USER_NAME_KEY};

/// Metadata key: the output pattern.
pub const OUTPUT_KEY: &str = "farmhand.output";
/// Metadata key: the version of Farmhand that sent the job.
pub const VERSION_KEY: &str = "farmhand.version";

/// The job of that description, for a farm that it was fitted to.
pub(super) fn submitted(
    request: &JobRequest,
    description: &JobDescription,
    place: &Place,
    inspected: &Inspected,
    environment: &Environment,
    fit: &Fit,
) -> SubmittedJob {
    let (job_type, settings) = match fit.cut {
        Cut::Lanes => (JOB_TYPE, lane_settings(description, place, &fit.blender)),
        Cut::Chunks(size) => (
            STOCK_JOB_TYPE,
            stock::settings(inspected, &description.frames, place, size),
        ),
    };
    let mut metadata = JobMetadata::new();
    let mut tell = |key: &str, value: String| metadata.insert(key.to_owned(), value);
    tell(SUBMISSION_ID_KEY, description.submission_id.clone());
    tell(OUTPUT_KEY, description.output.clone());
    tell(OUTPUT_DIR_KEY, text(&place.folder));
    tell(STORAGE_KEY, text(&place.folder));
    tell(BLEND_FILE_KEY, text(&inspected.blend_path));
    tell(VERSION_KEY, env!("CARGO_PKG_VERSION").to_owned());
    if let Some(user_name) = &environment.user_name {
        tell(USER_NAME_KEY, user_name.clone());
    }
    SubmittedJob {
        name: description.name.clone(),
        job_type: job_type.to_owned(),
        type_etag: None,
        priority: request.priority,
        settings,
        metadata,
        submitter_platform: this_platform().to_owned(),
        storage: None,
        worker_tag: fit.worker_tag.clone(),
        initial_status: None,
    }
}

fn lane_settings(description: &JobDescription, place: &Place, blender: &str) -> JobSettings {
    let staging_dir = staging::folder(&place.folder, &description.submission_id);
    let mut settings = JobSettings::new();
    let mut set = |key: &str, value: serde_json::Value| settings.insert(key.to_owned(), value);
    set("job_file", text(&staging_dir.join(JOB_FILE)).into());
    set("renderer", text(&staging_dir.join(RENDERER_FILE)).into());
    set("storage", text(&place.folder).into());
    set("submission_id", description.submission_id.clone().into());
    set("frames", description.frames.to_string().into());
    set("lanes", description.lanes.len().into());
    let home_chunks: Vec<String> = description.lanes.iter().map(ToString::to_string).collect();
    set("home_chunks", home_chunks.join("; ").into());
    set(SCOUT_LANES_KEY, description.scout_lanes().into());
    set("blendfile", description.blend_file.clone().into());
    set("scene", description.scene.clone().into());
    set("output", description.output.clone().into());
    set("blender", blender.into());
    settings
}
