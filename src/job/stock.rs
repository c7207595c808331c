// SPDX-License-Identifier: Apache-2.0
//! Jobs of the type that Flamenco brings along, `simple-blender-render`, for a Manager that knows no lanes.

use super::inspect::Inspected;
use super::place::Place;
use super::request::JobRequest;
use crate::check::Finding;
use crate::farm::models::JobSettings;
use crate::frames::FrameSet;
use crate::lanes::{Denoise, Device, PersistentData};

/// What the type cannot do, and this job asks for.
pub(super) fn findings(
    request: &JobRequest,
    inspected: &Inspected,
    frames: &FrameSet,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let cannot = |what: &str| {
        Finding::error(
            "needs-lanes",
            format!("Without the job type farmhand-render, {what}."),
        )
        .fix(super::fit::INSTALL)
    };
    if inspected.scene.is_movie {
        findings.push(cannot("a farm renders no films"));
    }
    if frames.iter().any(|frame| frame < 0) {
        findings.push(cannot("frames below 0 cannot be asked for"));
    }
    let ignored: Vec<&str> = [
        (request.camera.is_some(), "camera"),
        (!request.view_layers.is_empty(), "view layers"),
        (request.samples.is_some(), "samples"),
        (request.percentage.is_some(), "size"),
        (
            request.device != Device::Auto || request.gpu_required,
            "device",
        ),
        (request.denoise != Denoise::Scene, "denoising"),
        (request.threads.is_some(), "threads"),
        (
            request.persistent_data != PersistentData::Scene,
            "persistent data",
        ),
        (!request.addons.is_empty(), "add-ons"),
    ]
    .into_iter()
    .filter_map(|(is_asked, what)| is_asked.then_some(what))
    .collect();
    if !ignored.is_empty() {
        let what = format!(
            "the scene is rendered as it is; what was asked for is left out: {}",
            ignored.join(", ")
        );
        findings.push(cannot(&what));
    }
    findings
}

/// The settings of the type, as Flamenco's own add-on fills them in.
pub(super) fn settings(
    inspected: &Inspected,
    frames: &FrameSet,
    place: &Place,
    chunk_size: u64,
) -> JobSettings {
    let scene = &inspected.scene;
    let mut settings = JobSettings::new();
    let mut set = |key: &str, value: serde_json::Value| settings.insert(key.to_owned(), value);
    set("frames", listed(frames).into());
    set("chunk_size", chunk_size.into());
    set("render_output_root", place.folder.to_string_lossy().into());
    set("add_path_components", 0.into());
    set("render_output_path", place.pattern.clone().into());
    set("blendfile", inspected.blend_path.to_string_lossy().into());
    set("format", scene.file_format.clone().into());
    // Only for a film of the pictures, which needs the frame rate that is left out here.
    set("image_file_extension", "".into());
    set("has_previews", false.into());
    set("scene", scene.name.clone().into());
    settings
}

/// Frames as Flamenco's `frameChunker` takes them: no steps.
fn listed(frames: &FrameSet) -> String {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for frame in frames.iter() {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(frame) => *last = frame,
            _ => runs.push((frame, frame)),
        }
    }
    let shown = |&(first, last): &(i32, i32)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    };
    runs.iter().map(shown).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_listed_without_steps() {
        let listed = |text: &str| listed(&text.parse().unwrap());
        assert_eq!(listed("1-40"), "1-40");
        assert_eq!(listed("1-7:2, 20-22"), "1,3,5,7,20-22");
        assert_eq!(listed("5"), "5");
    }
}
