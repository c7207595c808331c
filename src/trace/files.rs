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
use super::{Progress, Trace, TracedDependency, TracedFile};
use crate::blend::{Dependency, DependencyKind, Expansion, Role};

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
    let mut list = List::begin(root);
    let files: Vec<Vec<usize>> = dependencies
        .iter()
        .map(|found| {
            let key = (
                found.path.as_path(),
                format!("{:?}", found.dependency.expansion),
            );
            match expanded.get(&key) {
                Some(expanded) if is_looked_for(&found.dependency) => list.add(found, expanded),
                _ => Vec::new(),
            }
        })
        .collect();
    let list = list.files;
    drop(expanded);
    for (found, files) in dependencies.iter_mut().zip(files) {
        found.files = files;
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
    fn add(&mut self, found: &TracedDependency, expanded: &Expanded) -> Vec<usize> {
        let mut numbers = Vec::new();
        // In other letters it is as good as missing for Blender, but the file is known.
        if let (Some(found_as), true) = (&expanded.found_as, !expanded.files.is_empty()) {
            numbers.push(self.push(found, &found.path, None, Some(found_as.clone())));
            return numbers;
        }
        for (path, size) in &expanded.files {
            numbers.push(self.push(found, path, Some(*size), None));
        }
        for path in &expanded.gaps {
            numbers.push(self.push(found, path, None, None));
        }
        if numbers.is_empty() && !found.dependency.is_guess {
            numbers.push(self.push(found, &found.path, None, None));
        }
        numbers
    }

    fn push(
        &mut self,
        found: &TracedDependency,
        path: &Path,
        size_bytes: Option<u64>,
        found_as: Option<PathBuf>,
    ) -> usize {
        let dependency = &found.dependency;
        if let Some(known) = self.by_path.get(path) {
            if let Some(file) = self.files.get_mut(*known) {
                file.is_required |= dependency.is_required;
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
            is_required: dependency.is_required,
            named_in: Arc::clone(&found.blend_file),
        });
        self.by_path.insert(path.to_owned(), number);
        number
    }
}
