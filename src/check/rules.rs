// SPDX-License-Identifier: Apache-2.0
//! The checks themselves, each a pure function of what is known.

mod camera;
mod files;
mod inputs;
mod leftovers;
mod machine;
mod scripts;
mod simulation;
mod view;

use std::path::Path;

use super::abilities::Abilities;
use super::finding::Finding;
use super::inputs::Inputs;
use crate::blend::{BlendFacts, SceneFacts};
use crate::frames::FrameSet;

pub use simulation::simulation_start;

/// What is checked.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a choice of its own, and named as the option that makes it"
)]
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
    /// The samples that were asked for.
    pub samples: Option<u32>,
    /// The size in percent that was asked for.
    pub percentage: Option<u32>,
    /// The scene's denoising is left as it is.
    pub denoises: bool,
    /// A GPU was asked for without any way round it.
    pub needs_gpu: bool,
    /// The CPU was asked for.
    pub on_cpu: bool,
    /// Python in the file may run.
    pub auto_run: bool,
    /// The add-ons that the renderer enables.
    pub addons: &'a [String],
    /// Frames that are there already are rendered again.
    pub replaces: bool,
    /// The temporary folder, where File Output nodes that write to it are led to the job's folder.
    pub redirected: Option<&'a Path>,
    /// What the Blender that will render can do, where that is known.
    pub blender: Option<&'a Abilities>,
    /// The files that the scene needs, where they were looked for.
    pub inputs: Option<&'a Inputs>,
    /// Paths are written for workers elsewhere: those that lead nowhere there are told by whoever writes them.
    pub maps_paths: bool,
    /// This computer's temporary folder.
    pub temporary_dir: &'a Path,
    /// Frames are rendered without files that are missing.
    pub allows_missing: bool,
    /// Whether ffmpeg is there to put films together, where that is known.
    pub ffmpeg: Option<bool>,
}

impl<'a> Subject<'a> {
    /// A scene to be rendered as it is, by a Blender that nobody knows.
    pub fn new(facts: &'a BlendFacts, scene: &'a SceneFacts, frames: &'a FrameSet) -> Self {
        Self {
            facts,
            scene,
            frames,
            camera: None,
            cameras: &[],
            view_layers: &[],
            samples: None,
            percentage: None,
            denoises: true,
            needs_gpu: false,
            on_cpu: false,
            auto_run: false,
            addons: &[],
            replaces: true,
            redirected: None,
            blender: None,
            inputs: None,
            maps_paths: false,
            temporary_dir: Path::new("/tmp"),
            allows_missing: false,
            ffmpeg: None,
        }
    }
}

/// One check.
type Rule = fn(&Subject<'_>) -> Option<Finding>;

const RULES: [Rule; 30] = [
    machine::newer_than_blender,
    machine::other_blender,
    machine::engine,
    machine::denoiser,
    machine::gpu,
    camera::frames,
    camera::camera,
    camera::sequencer,
    view::unknown_or_off,
    view::some_off,
    simulation::unbaked,
    simulation::baked_too_short,
    scripts::scripts,
    inputs::missing_files,
    inputs::missing_frames,
    inputs::unreadable_libraries,
    inputs::missing_data_blocks,
    inputs::absolute_paths,
    inputs::newer_files,
    inputs::temporary_files,
    files::newer_library,
    files::absolute_outputs,
    files::clashing_names,
    leftovers::region,
    leftovers::simplify,
    leftovers::percentage,
    leftovers::step,
    leftovers::overwrite,
    leftovers::factory,
    leftovers::film,
];

/// All findings, the gravest first.
pub fn check(subject: &Subject<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = RULES.iter().filter_map(|rule| rule(subject)).collect();
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// Names as a sentence holds them: `"A"`, or `"A" and 2 more`.
fn named(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => format!("\"{one}\""),
        [one, rest @ ..] => format!("\"{one}\" and {} more", rest.len()),
    }
}

/// Each of several names once, in order.
fn once(names: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut known = Vec::new();
    for name in names {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}

/// Strips in a sequencer that is switched on are what is rendered, without any camera or view layer.
fn renders_sequencer(scene: &SceneFacts) -> bool {
    scene.use_sequencer && scene.has_strips
}

#[cfg(test)]
pub(crate) mod tests;
