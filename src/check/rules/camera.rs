// SPDX-License-Identifier: Apache-2.0
//! Whether there is something to see: frames, and a camera or strips that are meant.

use super::{Subject, renders_sequencer};
use crate::check::finding::Finding;

pub(super) fn frames(subject: &Subject<'_>) -> Option<Finding> {
    subject.frames.is_empty().then(|| {
        Finding::error("no-frames", "There are no frames to render.")
            .fix_here("name some with --frames, such as --frames 1-250")
    })
}

pub(super) fn camera(subject: &Subject<'_>) -> Option<Finding> {
    let scene = subject.scene;
    if let Some(wanted) = subject.camera {
        let known = subject.cameras.iter().any(|camera| camera == wanted);
        return (!known).then(|| {
            Finding::error(
                "unknown-camera",
                format!("Scene \"{}\" has no camera \"{wanted}\".", scene.name),
            )
            .fix_here(match subject.cameras {
                [] => "add a camera to the scene".to_owned(),
                cameras => format!("choose one of: {}", cameras.join(", ")),
            })
        });
    }
    if scene.has_camera || renders_sequencer(scene) {
        return None;
    }
    // A compositor without any Render Layers node makes pictures of its own, which a file's facts do not tell.
    let finding = if scene.use_compositing {
        Finding::warning
    } else {
        Finding::error
    };
    Some(
        finding(
            "no-camera",
            format!("Scene \"{}\" has no camera.", scene.name),
        )
        .fix_here(match subject.cameras {
            [] => "add a camera to the scene (Shift A, Camera) and save it".to_owned(),
            [only] => format!("render through the only one there is with --camera \"{only}\""),
            cameras => format!("choose one with --camera NAME: {}", cameras.join(", ")),
        }),
    )
}

/// Strips take the place of the scene itself, also where a few were left over from a preview. An edit that shows
/// scenes is one that is meant.
pub(super) fn sequencer(subject: &Subject<'_>) -> Option<Finding> {
    let scene = subject.scene;
    let surprises = renders_sequencer(scene) && scene.has_camera && !scene.has_scene_strips;
    surprises.then(|| {
        Finding::warning(
            "strips-hide-scene",
            "The Video Sequencer's strips are rendered, and not what the camera sees.",
        )
        .fix_here("press Fix in Blender's panel, or switch Sequencer off in its Output Properties, under Post Processing")
    })
}
