// SPDX-License-Identifier: Apache-2.0
//! From paths to files, each named once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use super::disk::Disk;
use super::expand::{Expanded, expand};
use super::follow::Followed;
use super::resolve::resolve;
use super::sequence::{Mapper, SequenceFrames};
use super::{Progress, Trace, TracedDependency, TracedFile};
use crate::blend::{Dependency, DependencyKind, Expansion, Role, Timing};

/// Frames that are missing from one sequence are listed as files up to this many; [`SequenceFrames`] holds all.
const MAX_MISSING_LISTED: usize = 1_000;

/// Looks up every path on disk, and names every file once.
pub(super) fn collect(root: &Path, followed: Followed, disk: &Disk, progress: &Progress) -> Trace {
    let mut dependencies = Vec::new();
    for (blend_file, scanned) in followed.scans {
        for dependency in scanned.dependencies {
            dependencies.push(place(dependency, &blend_file));
        }
    }
    let mut lookups: Vec<(&Path, &Expansion)> = dependencies
        .iter()
        .filter(|found| is_looked_for(&found.dependency))
        .map(|found| (found.path.as_path(), &found.dependency.expansion))
        .collect();
    lookups.sort_by_key(|(path, _)| *path);
    lookups.dedup();
    let expanded: HashMap<(&Path, String), Expanded> = lookups
        .par_iter()
        .map(|(path, expansion)| {
            progress.paths_looked_up.fetch_add(1, Ordering::Relaxed);
            let found = if progress.is_cancelled() {
                Expanded::default()
            } else {
                expand(path, expansion, disk)
            };
            ((*path, format!("{expansion:?}")), found)
        })
        .collect();
    let mut mapper = Mapper::new(followed.frames.as_ref());
    let mut list = List::begin(root);
    let files: Vec<(Vec<usize>, Option<SequenceFrames>)> = dependencies
        .iter()
        .map(|found| {
            let dependency = &found.dependency;
            let key = (found.path.as_path(), format!("{:?}", dependency.expansion));
            let Some(expanded) = expanded.get(&key).filter(|_| is_looked_for(dependency)) else {
                return (Vec::new(), None);
            };
            let is_shown = dependency
                .shown_at
                .is_none_or(|frames| mapper.any_within(frames));
            let frames = match dependency.expansion {
                Expansion::Sequence { named } if expanded.pattern.is_some() => {
                    let timings = timings_of(found, &followed.timings, &followed.linked_timings);
                    Some(mapper.ask(&timings, named, expanded))
                }
                _ => None,
            };
            let files = list.add(found, expanded, is_shown, frames.as_ref());
            (files, frames)
        })
        .collect();
    let list = list.files;
    drop(expanded);
    for (found, (files, frames)) in dependencies.iter_mut().zip(files) {
        found.files = files;
        found.frames = frames;
    }
    let mut problems = followed.problems;
    problems.sort();
    problems.dedup();
    Trace {
        files: list,
        dependencies,
        problems,
    }
}

/// What shows a sequence, in its own file and in those that link it.
fn timings_of(
    found: &TracedDependency,
    own: &HashMap<(PathBuf, usize), Vec<Timing>>,
    linked: &HashMap<(PathBuf, Vec<u8>), Vec<Timing>>,
) -> Vec<Timing> {
    let dependency = &found.dependency;
    let key = (found.blend_file.to_path_buf(), dependency.data_block);
    let mut timings = own.get(&key).cloned().unwrap_or_default();
    let key = (key.0, dependency.owner_id.clone());
    timings.extend(linked.get(&key).into_iter().flatten());
    timings
}

fn is_looked_for(dependency: &Dependency) -> bool {
    dependency.role != Role::Output && !dependency.is_packed
}

/// A dependency with the place that its path leads to.
fn place(dependency: Dependency, blend_file: &Arc<Path>) -> TracedDependency {
    let folder = blend_file.parent().unwrap_or(Path::new(""));
    let packed_from = dependency.packed_from.as_ref();
    let library = packed_from.and_then(|library| resolve(library, folder));
    let folder = library.as_deref().and_then(Path::parent).unwrap_or(folder);
    let path = resolve(&dependency.stored, folder);
    TracedDependency {
        path: path.unwrap_or_else(|| PathBuf::from(dependency.stored.to_text())),
        dependency,
        blend_file: Arc::clone(blend_file),
        files: Vec::new(),
        frames: None,
    }
}

struct List {
    files: Vec<TracedFile>,
    by_path: HashMap<PathBuf, usize>,
}

impl List {
    fn begin(root: &Path) -> Self {
        let file = TracedFile {
            path: root.to_owned(),
            kind: DependencyKind::Blend,
            owner: String::new(),
            size_bytes: Disk::size(root),
            missing: false,
            found_as: None,
            is_required: true,
            named_in: Arc::from(root),
        };
        Self {
            files: vec![file],
            by_path: HashMap::from([(root.to_owned(), 0)]),
        }
    }

    /// Adds the files of a dependency, and returns their numbers in the list.
    fn add(
        &mut self,
        found: &TracedDependency,
        expanded: &Expanded,
        is_shown: bool,
        frames: Option<&SequenceFrames>,
    ) -> Vec<usize> {
        let mut numbers = Vec::new();
        let is_required = found.dependency.is_required && is_shown;
        // In other letters it is as good as missing for Blender, but the file is known.
        if let (Some(found_as), true) = (&expanded.found_as, !expanded.files.is_empty()) {
            let found_as = Some(found_as.clone());
            numbers.push(self.push(found, &found.path, None, found_as, is_required));
            return numbers;
        }
        let asked = frames.and_then(|frames| frames.asked.as_ref());
        for (path, size) in &expanded.files {
            let is_asked = asked.is_none_or(|asked| {
                let number = expanded.number(path);
                number.is_some_and(|number| asked.contains(number))
            });
            numbers.push(self.push(found, path, Some(*size), None, is_required && is_asked));
        }
        for path in &expanded.gaps {
            numbers.push(self.push(found, path, None, None, is_required));
        }
        // Where nothing at all is there, one file stands for all.
        if let (Some(frames), Some(pattern), false) =
            (frames, &expanded.pattern, expanded.files.is_empty())
        {
            for number in frames.missing.iter().take(MAX_MISSING_LISTED) {
                let path = found.path.with_file_name(pattern.name(number.into()));
                numbers.push(self.push(found, &path, None, None, is_required));
            }
        }
        if numbers.is_empty() && !found.dependency.is_guess {
            numbers.push(self.push(found, &found.path, None, None, is_required));
        }
        numbers
    }

    fn push(
        &mut self,
        found: &TracedDependency,
        path: &Path,
        size_bytes: Option<u64>,
        found_as: Option<PathBuf>,
        is_required: bool,
    ) -> usize {
        let dependency = &found.dependency;
        if let Some(known) = self.by_path.get(path) {
            if let Some(file) = self.files.get_mut(*known) {
                file.is_required |= is_required;
            }
            return *known;
        }
        let number = self.files.len();
        self.files.push(TracedFile {
            path: path.to_owned(),
            kind: dependency.kind,
            owner: dependency.owner.clone(),
            size_bytes,
            missing: size_bytes.is_none(),
            found_as,
            is_required,
            named_in: Arc::clone(&found.blend_file),
        });
        self.by_path.insert(path.to_owned(), number);
        number
    }
}
