// SPDX-License-Identifier: Apache-2.0
//! Whether the Blender that will render can do what the scene asks for.

use super::Subject;
use crate::blend::SceneFacts;
use crate::check::abilities::Abilities;
use crate::check::finding::Finding;

/// An older Blender refuses or silently loses what a newer one saved.
pub(super) fn newer_than_blender(subject: &Subject<'_>) -> Option<Finding> {
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
        .fix(another_blender(saved))
    })
}

/// A newer Blender opens what an older one saved, and may render it a little differently; from one generation to the
/// next it often does.
pub(super) fn other_blender(subject: &Subject<'_>) -> Option<Finding> {
    let blender = subject.blender?;
    let (saved, at_hand) = (version(subject.facts.blender_version), blender.version()?);
    (saved < at_hand).then(|| {
        let before_280 = |version| version < (2, 80);
        let finding = if saved.0 == at_hand.0 && before_280(saved) == before_280(at_hand) {
            Finding::notice
        } else {
            Finding::warning
        };
        finding(
            "other-blender",
            format!(
                "The file was saved by Blender {}.{}; Blender {} renders it, and may do so a little differently.",
                saved.0, saved.1, blender.blender_version
            ),
        )
        .fix(format!(
            "set FARMHAND_BLENDER to a Blender {}.{}, or save the file with Blender {}",
            saved.0, saved.1, blender.blender_version
        ))
    })
}

/// 304 is 3.4, 279 is 2.79.
pub(super) fn version(number: u32) -> (u32, u32) {
    (number / 100, number % 100)
}

/// What to do where an older Blender is at hand.
pub(super) fn another_blender(wanted: (u32, u32)) -> String {
    format!(
        "install Blender {}.{} or later and set FARMHAND_BLENDER to it",
        wanted.0, wanted.1
    )
}

/// Whether a named add-on brings the engine, the renderer finds out before it renders.
pub(super) fn engine(subject: &Subject<'_>) -> Option<Finding> {
    let blender = subject.blender.filter(|_| subject.addons.is_empty())?;
    let engine = subject.scene.engine.as_str();
    // EEVEE has gone by two names, and each Blender reads both.
    let is_built_in = engine.starts_with("BLENDER_");
    (!is_built_in && !blender.engines.is_empty() && !blender.engines.iter().any(|known| known == engine)).then(|| {
        Finding::error("no-engine", format!("The scene renders with {engine}, which this Blender does not have."))
            .fix_here("install the add-on of that engine for this Blender and name it with --addon, or press Fix in Blender's panel to render with Cycles")
    })
}

pub(super) fn denoiser(subject: &Subject<'_>) -> Option<Finding> {
    let blender = subject.blender?;
    let denoises =
        subject.scene.engine == "CYCLES" && subject.denoises && is_denoised(subject.scene, blender);
    (denoises && blender.denoisers.is_empty()).then(|| {
        Finding::error("no-denoiser", format!("The scene denoises its pictures, but Blender {} here has no denoiser.", blender.blender_version))
            .fix_here("render without with --denoise off, or set FARMHAND_BLENDER to a Blender from blender.org")
    })
}

/// A setting that was never touched is as the Blender that renders has it: denoising is on from 3.0 on.
fn is_denoised(scene: &SceneFacts, blender: &Abilities) -> bool {
    scene
        .cycles
        .use_denoising
        .unwrap_or_else(|| blender.version().is_some_and(|version| version >= (3, 0)))
}

/// The device of the scene itself does not matter: Farmhand chooses it.
pub(super) fn gpu(subject: &Subject<'_>) -> Option<Finding> {
    if !subject.needs_gpu {
        return None;
    }
    if subject.on_cpu {
        return Some(
            Finding::error(
                "gpu-required-on-cpu",
                "A GPU is required, and the CPU is what Cycles shall render on.",
            )
            .fix_here("leave out --device cpu, or --gpu-required"),
        );
    }
    (!subject.blender?.has_gpu()).then(|| {
        Finding::error(
            "no-gpu",
            "A GPU is required, but this Blender can use none here.",
        )
        .fix_here("render on the CPU by leaving --gpu-required out")
    })
}
