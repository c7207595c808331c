// SPDX-License-Identifier: Apache-2.0
//! View layers: that those asked for are there, and that those left out are meant to be.

use super::{Subject, named, renders_sequencer};
use crate::check::finding::Finding;

pub(super) fn unknown_or_off(subject: &Subject<'_>) -> Option<Finding> {
    let layers = &subject.scene.view_layers;
    let names: Vec<&str> = layers.iter().map(|layer| layer.name.as_str()).collect();
    let unknown = |name: &&String| !names.contains(&name.as_str());
    if let Some(unknown) = subject.view_layers.iter().find(unknown) {
        let message = format!(
            "Scene \"{}\" has no view layer \"{unknown}\".",
            subject.scene.name
        );
        return Some(
            Finding::error("unknown-view-layer", message)
                .fix_here(format!("choose among: {}", names.join(", "))),
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
        .fix_here(format!(
            "switch one on in Blender, or name it with --view-layer: {}",
            names.join(", ")
        ))
    })
}

pub(super) fn some_off(subject: &Subject<'_>) -> Option<Finding> {
    let layers = &subject.scene.view_layers;
    let off: Vec<String> = layers
        .iter()
        .filter(|layer| !layer.enabled)
        .map(|layer| layer.name.clone())
        .collect();
    let left_out = !off.is_empty() && off.len() < layers.len() && subject.view_layers.is_empty();
    (left_out && !renders_sequencer(subject.scene)).then(|| {
        let options: Vec<String> = layers
            .iter()
            .map(|layer| format!("--view-layer \"{}\"", layer.name))
            .collect();
        Finding::notice(
            "view-layer-off",
            format!(
                "View layer {} is switched off for rendering; the others are rendered.",
                named(&off)
            ),
        )
        .fix_here(format!("render them all with {}", options.join(" ")))
        .about(off)
    })
}
