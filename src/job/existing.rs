// SPDX-License-Identifier: Apache-2.0
//! What is in the output folder already.

use std::path::Path;

use super::inspect::Inspected;
use super::place::{self, Place};
use super::request::{Existing, JobRequest};
use crate::blend::{SceneFacts, ViewsFormat};
use crate::frames::FrameSet;
use crate::outputs::{self, OutputSpec, Views, Wholeness};

/// With so many frames, only a part is looked for where the answer is no more than a remark.
const FRAMES_COUNTED: u64 = 20_000;

/// Which frames are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The frames with all their files.
    pub present: FrameSet,
    /// How many frames were looked for.
    pub searched: u64,
    /// Nobody can look: the names hold a path template, which Blender fills in while it renders.
    pub is_unknown: bool,
}

/// Looks for the files of each frame. To be skipped, a frame's files must be whole; to be mentioned, being there is enough.
pub fn look(inspected: &Inspected, request: &JobRequest, place: &Place) -> Found {
    if !place.folder.is_dir() {
        return Found::default();
    }
    let spec = output_spec(&inspected.scene, &place.pattern);
    if spec.has_template() {
        return Found {
            is_unknown: true,
            ..Found::default()
        };
    }
    let skips = request.existing == Existing::Skip;
    let searched = if skips {
        inspected.frames.len()
    } else {
        inspected.frames.len().min(FRAMES_COUNTED)
    };
    let is_there = |frame: &i32| {
        let files = spec.files_for(*frame);
        !files.is_empty()
            && files.iter().map(Path::new).all(|file| {
                if skips {
                    is_finished(file)
                } else {
                    file.is_file()
                }
            })
    };
    let looked_for = inspected
        .frames
        .iter()
        .take(usize::try_from(searched).unwrap_or(usize::MAX));
    Found {
        present: FrameSet::from_frames(looked_for.filter(is_there)),
        searched,
        is_unknown: false,
    }
}

/// What the main output's files are called.
fn output_spec(scene: &SceneFacts, pattern: &str) -> OutputSpec {
    let is_individual = scene.views.enabled && scene.views.format == ViewsFormat::Individual;
    OutputSpec {
        pattern: pattern.to_owned(),
        // Films are rendered as pictures.
        file_format: if scene.is_movie {
            "PNG".to_owned()
        } else {
            scene.file_format.clone()
        },
        use_file_extension: scene.use_file_extension || scene.is_movie,
        views: if is_individual {
            Views::Individual(
                scene
                    .views
                    .active
                    .iter()
                    .map(|view| view.suffix.clone())
                    .collect(),
            )
        } else {
            Views::OneFile
        },
    }
}

/// A format that cannot be looked into counts as finished where it holds anything.
fn is_finished(file: &Path) -> bool {
    match outputs::is_whole(file) {
        Ok(Wholeness::Whole) => true,
        Ok(Wholeness::Unknown) => file.metadata().is_ok_and(|metadata| metadata.len() > 0),
        Ok(Wholeness::Broken(_)) | Err(_) => false,
    }
}

/// The place itself where its folder is not there or empty, else the first numbered folder beside it that is.
pub fn fresh_folder(place: Place) -> Place {
    let is_fresh = |place: &Place| {
        std::fs::read_dir(&place.folder).map_or(!place.folder.exists(), |mut entries| {
            entries.next().is_none()
        })
    };
    if is_fresh(&place) {
        return place;
    }
    (2..10_000)
        .map(|number| place::numbered(&place, number))
        .find(is_fresh)
        .unwrap_or(place)
}
