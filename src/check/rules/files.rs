// SPDX-License-Identifier: Apache-2.0
//! Files that a scene links from, and those that its File Output nodes write.

use std::collections::HashMap;
use std::path::Path;

use super::inputs::thing;
use super::machine::{another_blender, version};
use super::{Subject, named};
use crate::blend::FileOutput;
use crate::check::finding::{Finding, Thing};
use crate::check::inputs::Inputs;

pub(super) fn newer_library(subject: &Subject<'_>) -> Option<Finding> {
    let blender = subject.blender?;
    let at_hand = blender.version()?;
    let saved_by = |number: Option<u32>| number.map(version).filter(|saved| *saved > at_hand);
    let libraries = &subject.facts.libraries;
    let newer = libraries.iter().filter_map(|library| {
        saved_by(library.blender_version).map(|saved| (saved, library.path.clone()))
    });
    let (saved, paths): (Vec<_>, Vec<String>) = newer.unzip();
    let newest = saved.into_iter().max()?;
    let message = format!(
        "The library {} was saved by Blender {}.{}, but Blender {} would read it.",
        named(&paths),
        newest.0,
        newest.1,
        blender.blender_version
    );
    Some(
        Finding::error("newer-library", message)
            .fix(another_blender(newest))
            .about(paths),
    )
}

/// What is written to an absolute path lies on the computer that rendered it, and not beside the other frames.
pub(super) fn absolute_outputs(subject: &Subject<'_>) -> Option<Finding> {
    let goes_elsewhere = |output: &&FileOutput| {
        let path = output.base_path.as_str();
        let redirected = subject
            .redirected
            .is_some_and(|folder| is_below(path, folder));
        !path.is_empty() && !path.starts_with("//") && !redirected
    };
    let outputs: Vec<&FileOutput> = subject
        .scene
        .file_outputs
        .iter()
        .filter(goes_elsewhere)
        .collect();
    let first = outputs.first()?;
    let nodes: Vec<String> = outputs.iter().map(|output| output.node.clone()).collect();
    let message = format!(
        "File Output node {} writes to the absolute path {}, wherever a frame is rendered.",
        named(&nodes),
        first.base_path
    );
    Some(
        Finding::warning("absolute-file-output", message)
            .fix_here(
                "press Fix in Blender's panel, or begin its path with // to write beside the scene",
            )
            .about_things(nodes.into_iter().map(|node| Thing::new("node", node))),
    )
}

/// Whether a path of Blender's on this computer lies in the temporary folder.
fn is_below(path: &str, folder: &Path) -> bool {
    let path = Path::new(path);
    path.starts_with(folder) || path.starts_with("/tmp")
}

/// Windows and macOS take `Mist` and `mist` for the same file, and so do most of their shares.
pub(super) fn clashing_names(subject: &Subject<'_>) -> Option<Finding> {
    let mut known: HashMap<String, String> = HashMap::new();
    let mut clashes = Vec::new();
    for path in subject.scene.file_outputs.iter().flat_map(files_of) {
        match known.get(&path.to_lowercase()) {
            Some(other) if *other != path => clashes.push((other.clone(), path)),
            Some(_) => {}
            None => drop(known.insert(path.to_lowercase(), path)),
        }
    }
    let inputs = subject.inputs.map(clashing_inputs).unwrap_or_default();
    let outputs = clashes.first().map(|(one, other)| {
        format!("Outputs {one} and {other} differ in upper and lower case alone; on many shares one overwrites the other.")
    });
    let files = inputs.first().map(|(one, other, _)| {
        let (one, other) = (one.display(), other.display());
        format!("Files {one} and {other} differ in upper and lower case alone; on many shares they are the same file.")
    });
    if outputs.is_none() && files.is_none() {
        return None;
    }
    let message: Vec<String> = outputs.into_iter().chain(files).collect();
    Some(
        Finding::warning("names-clash", message.join(" "))
            .fix_here("press Fix in Blender's panel, or rename one of them")
            .about(clashes.iter().map(|(_, path)| path.clone()))
            .about_things(inputs.into_iter().map(|(_, _, thing)| thing)),
    )
}

/// Files that are there and differ in case alone, each with what shows the second.
fn clashing_inputs(inputs: &Inputs) -> Vec<(&Path, &Path, Thing)> {
    let mut known: HashMap<String, &Path> = HashMap::new();
    let mut clashes = Vec::new();
    for found in inputs.read().filter(|found| found.dependency.is_used) {
        for file in found
            .files
            .iter()
            .filter_map(|index| inputs.trace.files.get(*index))
        {
            if file.missing {
                continue;
            }
            let path = file.path.as_path();
            let other = *known
                .entry(path.to_string_lossy().to_lowercase())
                .or_insert(path);
            if other != path {
                clashes.push((other, path, thing(found, path)));
            }
        }
    }
    clashes
}

/// What the files of a node begin with.
fn files_of(output: &FileOutput) -> Vec<String> {
    let base = output.base_path.trim_end_matches(['/', '\\']);
    let base = match output.file_name.as_deref() {
        Some(name) => format!("{base}/{name}"),
        None => format!("{base}/"),
    };
    if output.file_format == "OPEN_EXR_MULTILAYER" {
        return vec![base];
    }
    let slots = output.slots.iter();
    slots.map(|slot| format!("{base}{}", slot.path)).collect()
}
