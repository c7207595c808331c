// SPDX-License-Identifier: Apache-2.0
//! Settings that are handy while a scene is made, and often forgotten in it; and the ones that nobody made.

use super::Subject;
use crate::check::finding::Finding;
use crate::frames::FrameSet;

/// The samples that Cycles and EEVEE begin with; Cycles had 128 before 3.0.
const CYCLES_SAMPLES: [i64; 2] = [128, 4096];
const EEVEE_SAMPLES: i64 = 64;

pub(super) fn region(subject: &Subject<'_>) -> Option<Finding> {
    let border = subject.scene.border.as_ref()?;
    let whole = (border.right - border.left >= 1.0) && (border.top - border.bottom >= 1.0);
    let rest = if border.crop {
        "the pictures are cropped to it"
    } else {
        "the rest of the pictures stays empty"
    };
    (!whole).then(|| {
        Finding::warning(
            "render-region",
            format!(
                "Only a region is rendered, {:.0} % by {:.0} % of the picture; {rest}.",
                (border.right - border.left) * 100.0,
                (border.top - border.bottom) * 100.0
            ),
        )
        .fix_here(
            "press Fix in Blender's panel, or switch Render Region off in its Output Properties",
        )
    })
}

pub(super) fn simplify(subject: &Subject<'_>) -> Option<Finding> {
    let simplify = subject.scene.simplify.as_ref()?;
    Some(
        Finding::warning(
            "simplify",
            format!(
                "Simplify is on: subdivision is rendered up to level {} only, and {:.0} % of child particles.",
                simplify.subdivision,
                simplify.particles * 100.0
            ),
        )
        .fix_here("press Fix in Blender's panel, or switch Simplify off in its Render Properties"),
    )
}

pub(super) fn percentage(subject: &Subject<'_>) -> Option<Finding> {
    let percentage = subject.scene.resolution_percentage;
    (subject.percentage.is_none() && percentage < 100).then(|| {
        Finding::notice(
            "small-percentage",
            format!("The scene renders at {percentage} % of its size."),
        )
        .fix_here("render it whole with --percentage 100")
    })
}

/// Frames that were chosen by hand are meant.
pub(super) fn step(subject: &Subject<'_>) -> Option<Finding> {
    let scene = subject.scene;
    let own = FrameSet::from_range(scene.frame_start, scene.frame_end, scene.frame_step).ok()?;
    (scene.frame_step > 1 && *subject.frames == own && own.len() > 1).then(|| {
        Finding::notice(
            "frame-step",
            format!(
                "The scene renders every {} frames only: {} of {}.",
                scene.frame_step,
                own.len(),
                i64::from(scene.frame_end) - i64::from(scene.frame_start) + 1
            ),
        )
        .fix_here(format!(
            "render every frame with --frames {}-{}",
            scene.frame_start, scene.frame_end
        ))
    })
}

pub(super) fn overwrite(subject: &Subject<'_>) -> Option<Finding> {
    (!subject.scene.use_overwrite && subject.replaces).then(|| {
        Finding::notice(
            "overwrite-off",
            "The scene leaves files that are there alone (Overwrite is off); its frames are rendered again all the same.",
        )
        .fix_here("keep the frames that are there with --existing skip")
    })
}

/// Somebody who has seen none of these settings has not begun.
pub(super) fn factory(subject: &Subject<'_>) -> Option<Finding> {
    let scene = subject.scene;
    let own_samples = match scene.engine.as_str() {
        "CYCLES" => scene
            .cycles
            .samples
            .is_none_or(|samples| CYCLES_SAMPLES.contains(&samples)),
        "BLENDER_EEVEE" | "BLENDER_EEVEE_NEXT" => scene
            .eevee_samples
            .is_none_or(|samples| samples == EEVEE_SAMPLES),
        _ => false,
    };
    let size = (
        scene.resolution_x,
        scene.resolution_y,
        scene.resolution_percentage,
    );
    let untouched = subject.facts.has_default_cube
        && own_samples
        && size == (1920, 1080, 100)
        && subject.samples.is_none()
        && subject.percentage.is_none();
    untouched.then(|| {
        Finding::notice(
            "factory-defaults",
            "The scene has Blender's default cube, resolution and samples, as every new file has.",
        )
        .fix_here("if it is meant, choose the samples with --samples 128; else look whether it is the right file")
    })
}

pub(super) fn film(subject: &Subject<'_>) -> Option<Finding> {
    let pictures = "The scene's output is a film; its frames are rendered as PNG pictures";
    let finding = match subject.ffmpeg {
        _ if !subject.scene.is_movie => return None,
        Some(false) => Finding::warning(
            "film-without-ffmpeg",
            format!("{pictures} and stay so, for there is no ffmpeg on this computer to put them together."),
        )
        .fix_here("install ffmpeg, or name it in FARMHAND_FFMPEG before the farm starts; Fix in the panel chooses pictures"),
        _ => Finding::notice(
            "film-as-images",
            format!("{pictures}, and ffmpeg puts them together when the last one is there."),
        )
        .fix_here("nothing has to be done; Fix in the panel chooses pictures without a film"),
    };
    Some(finding)
}
