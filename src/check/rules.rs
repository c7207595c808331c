// SPDX-License-Identifier: Apache-2.0
//! The checks themselves, each a pure function of what is known.

use super::abilities::Abilities;
use super::finding::Finding;
use crate::blend::{BlendFacts, SceneFacts};
use crate::frames::FrameSet;

/// What is checked.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// What the file says.
    pub facts: &'a BlendFacts,
    /// The scene that is meant.
    pub scene: &'a SceneFacts,
    /// The frames that are meant.
    pub frames: &'a FrameSet,
    /// The camera that was asked for.
    pub camera: Option<&'a str>,
    /// The cameras of the file, where the scene has none of its own or one was asked for.
    pub cameras: &'a [String],
    /// The view layers that were asked for; empty means the scene's own choice.
    pub view_layers: &'a [String],
    /// The size in percent that was asked for.
    pub percentage: Option<u32>,
    /// The scene's denoising is left as it is.
    pub denoises: bool,
    /// A GPU was asked for without any way round it.
    pub needs_gpu: bool,
    /// What the Blender that will render can do, where that is known.
    pub blender: Option<&'a Abilities>,
}

/// All findings, the gravest first.
pub fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let rules: [fn(&Subject<'_>) -> Option<Finding>; 10] = [
        newer_than_blender,
        frames,
        camera,
        view_layers,
        engine,
        denoiser,
        gpu,
        simulation,
        film,
        percentage,
    ];
    let mut findings: Vec<Finding> = rules.iter().filter_map(|rule| rule(subject)).collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// An older Blender refuses or silently loses what a newer one saved.
fn newer_than_blender(subject: &Subject<'_>) -> Option<Finding> {
    let blender = subject.blender?;
    let (saved, at_hand) = (version(subject.facts.blender_version), blender.version()?);
    (saved > at_hand).then(|| {
        Finding::error(
            "newer-than-blender",
            format!(
                "The file was saved by Blender {}.{}, but Blender {} would render it.",
                saved.0, saved.1, blender.blender_version
            ),
        )
        .fix(format!(
            "install Blender {}.{} or later and set FARMHAND_BLENDER to it",
            saved.0, saved.1
        ))
    })
}

/// 304 is 3.4, 279 is 2.79.
fn version(number: u32) -> (u32, u32) {
    (number / 100, number % 100)
}

fn frames(subject: &Subject<'_>) -> Option<Finding> {
    subject.frames.is_empty().then(|| {
        Finding::error("no-frames", "There are no frames to render.")
            .fix("name some with --frames, such as --frames 1-250")
    })
}

fn camera(subject: &Subject<'_>) -> Option<Finding> {
    let scene = subject.scene;
    if let Some(wanted) = subject.camera {
        let known = subject.cameras.iter().any(|camera| camera == wanted);
        return (!known).then(|| {
            Finding::error(
                "unknown-camera",
                format!("Scene \"{}\" has no camera \"{wanted}\".", scene.name),
            )
            .fix(match subject.cameras {
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
        .fix(match subject.cameras {
            [] => "add a camera to the scene (Shift A, Camera) and save it".to_owned(),
            [only] => format!("render through the only one there is with --camera \"{only}\""),
            cameras => format!("choose one with --camera NAME: {}", cameras.join(", ")),
        }),
    )
}

fn view_layers(subject: &Subject<'_>) -> Option<Finding> {
    let layers = &subject.scene.view_layers;
    let known = |name: &String| layers.iter().any(|layer| layer.name == *name);
    let names = || {
        layers
            .iter()
            .map(|layer| layer.name.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(unknown) = subject.view_layers.iter().find(|name| !known(name)) {
        let message = format!(
            "Scene \"{}\" has no view layer \"{unknown}\".",
            subject.scene.name
        );
        return Some(
            Finding::error("unknown-view-layer", message).fix(format!("choose among: {}", names())),
        );
    }
    let all_off = !layers.is_empty() && layers.iter().all(|layer| !layer.enabled);
    (subject.view_layers.is_empty() && all_off && !renders_sequencer(subject.scene)).then(|| {
        Finding::error(
            "view-layers-off",
            format!(
                "All view layers of scene \"{}\" are switched off for rendering.",
                subject.scene.name
            ),
        )
        .fix(format!(
            "switch one on in Blender, or name it with --view-layer: {}",
            names()
        ))
    })
}

fn engine(subject: &Subject<'_>) -> Option<Finding> {
    let blender = subject.blender?;
    let engine = subject.scene.engine.as_str();
    // EEVEE has gone by two names, and each Blender reads both.
    let is_built_in = engine.starts_with("BLENDER_");
    (!is_built_in && !blender.engines.is_empty() && !blender.engines.iter().any(|known| known == engine)).then(|| {
        Finding::error("no-engine", format!("The scene renders with {engine}, which this Blender does not have."))
            .fix("install the add-on of that engine for all of this Blender's starts, or choose another engine in the scene")
    })
}

fn denoiser(subject: &Subject<'_>) -> Option<Finding> {
    let blender = subject.blender?;
    let denoises =
        subject.scene.engine == "CYCLES" && subject.denoises && is_denoised(subject.scene, blender);
    (denoises && blender.denoisers.is_empty()).then(|| {
        Finding::error("no-denoiser", format!("The scene denoises its pictures, but Blender {} here has no denoiser.", blender.blender_version))
            .fix("render without with --denoise off, or set FARMHAND_BLENDER to a Blender from blender.org")
    })
}

/// A setting that was never touched is as the Blender that renders has it: denoising is on from 3.0 on.
fn is_denoised(scene: &SceneFacts, blender: &Abilities) -> bool {
    scene
        .cycles
        .use_denoising
        .unwrap_or_else(|| blender.version().is_some_and(|version| version >= (3, 0)))
}

fn gpu(subject: &Subject<'_>) -> Option<Finding> {
    let blender = subject.blender?;
    (subject.needs_gpu && !blender.has_gpu()).then(|| {
        Finding::error(
            "no-gpu",
            "A GPU is required, but this Blender can use none here.",
        )
        .fix("render on the CPU by leaving --gpu-required out")
    })
}

/// Where the earliest unbaked simulation of a scene starts: out of order its frames render wrong.
pub fn simulation_start(scene: &SceneFacts) -> Option<i32> {
    scene
        .unbaked_simulations
        .iter()
        .map(|simulation| simulation.start_frame)
        .min()
}

fn simulation(subject: &Subject<'_>) -> Option<Finding> {
    let start = simulation_start(subject.scene)?;
    let mut owners: Vec<&str> = subject
        .scene
        .unbaked_simulations
        .iter()
        .map(|simulation| simulation.owner.as_str())
        .collect();
    owners.dedup();
    let owners = match owners.as_slice() {
        [one] => format!("\"{one}\""),
        [one, rest @ ..] => format!("\"{one}\" and {} more", rest.len()),
        [] => return None,
    };
    let message = format!(
        "The simulation of {owners} is not baked; one lane steps through it in order from frame {start}, so that it renders right."
    );
    Some(
        Finding::notice("unbaked-simulation", message)
            .fix("bake it in Blender, and several lanes can share its frames"),
    )
}

/// Strips in a sequencer that is switched on are what is rendered, without any camera or view layer.
fn renders_sequencer(scene: &SceneFacts) -> bool {
    scene.use_sequencer && scene.has_strips
}

fn film(subject: &Subject<'_>) -> Option<Finding> {
    subject.scene.is_movie.then(|| {
        Finding::notice(
            "film-as-images",
            "The scene's output is a film; its frames are rendered as PNG pictures.",
        )
        .fix("put them together in Blender's Video Sequencer when they are there")
    })
}

fn percentage(subject: &Subject<'_>) -> Option<Finding> {
    let percentage = subject.scene.resolution_percentage;
    (subject.percentage.is_none() && percentage < 100).then(|| {
        Finding::notice(
            "small-percentage",
            format!("The scene renders at {percentage} % of its size."),
        )
        .fix("render it whole with --percentage 100")
    })
}

#[cfg(test)]
pub(crate) mod tests;
