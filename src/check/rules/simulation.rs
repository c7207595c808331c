// SPDX-License-Identifier: Apache-2.0
//! Simulations that are not baked, or baked for other frames.

use super::{Subject, named, once};
use crate::blend::{BakedSimulation, SceneFacts, SimulationKind};
use crate::check::finding::{Finding, Thing};

/// Where the earliest unbaked simulation of a scene starts: out of order its frames render wrong.
pub fn simulation_start(scene: &SceneFacts) -> Option<i32> {
    scene
        .unbaked_simulations
        .iter()
        .map(|simulation| simulation.start_frame)
        .min()
}

pub(super) fn unbaked(subject: &Subject<'_>) -> Option<Finding> {
    let start = simulation_start(subject.scene)?;
    let simulations = subject.scene.unbaked_simulations.iter();
    let owners = once(simulations.map(|simulation| simulation.owner.clone()));
    let message = format!(
        "The simulation of {} is not baked; one lane steps through it in order from frame {start}, so that it renders right.",
        named(&owners)
    );
    let finding = Finding::notice("unbaked-simulation", message).about_things(things(owners));
    // What lies in folders of its own is baked by hand: there is more to choose than the frames.
    let own_folders = [SimulationKind::Fluid, SimulationKind::GeometryNodes];
    let mut kinds = subject.scene.unbaked_simulations.iter();
    Some(
        if kinds.any(|simulation| own_folders.contains(&simulation.kind)) {
            finding.fix("bake it in Blender, and several lanes can share its frames")
        } else {
            finding.fix_here("bake it in Blender, or press Fix in the panel; then several lanes can share its frames")
        },
    )
}

/// After the last frame of its bake a simulation stands still.
pub(super) fn baked_too_short(subject: &Subject<'_>) -> Option<Finding> {
    let last = subject.frames.iter().max()?;
    let too_short = |simulation: &&BakedSimulation| simulation.end_frame < last;
    let short = || subject.scene.baked_simulations.iter().filter(too_short);
    let end = short().map(|simulation| simulation.end_frame).min()?;
    let owners = once(short().map(|simulation| simulation.owner.clone()));
    let message = format!(
        "The simulation of {} is baked up to frame {end} only; it stands still in the frames after that, up to {last}.",
        named(&owners)
    );
    let first = subject.frames.iter().min().unwrap_or(last);
    let bake = "bake it anew in Blender, or press Fix in the panel";
    let fix = if first <= end {
        format!("{bake}, or render --frames {first}-{end}")
    } else {
        bake.to_owned()
    };
    Some(
        Finding::warning("baked-for-other-frames", message)
            .fix_here(fix)
            .about_things(things(owners)),
    )
}

fn things(owners: Vec<String>) -> impl Iterator<Item = Thing> {
    owners.into_iter().map(|owner| Thing::new("object", owner))
}
