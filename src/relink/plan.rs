// SPDX-License-Identifier: Apache-2.0
//! Which paths of a scene become which others.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::relative::{bytes, relative};
use super::search::{Places, file_name, search};
use crate::blend::{Dependency, Expansion, PathForm, Role};
use crate::trace::{Trace, TracedDependency};

/// What is wanted of the paths of a scene.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Folders to look for missing files in; the first in which one is found counts.
    pub folders: &'a [PathBuf],
    /// Absolute paths to files that are there become relative ones.
    pub make_relative: bool,
    /// The folder that the copy will lie in.
    pub target_folder: &'a Path,
}

/// One path that leads elsewhere in the copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The data-block that holds it.
    pub owner: String,
    /// Where it led.
    pub from: PathBuf,
    /// Where it leads.
    pub to: PathBuf,
}

/// What a copy will have otherwise.
#[derive(Debug, Default, Clone)]
pub struct Plan {
    /// Paths that lead to another file than before, or to the same in another form.
    pub changes: Vec<Change>,
    /// Files that the scene names and that are not found anywhere, or at several places that are as likely.
    pub left: Vec<PathBuf>,
    /// Libraries that name missing files themselves: these have to be mended there.
    pub elsewhere: Vec<PathBuf>,
    /// Folders and files of caches that rendering needs and that are not there: their files' names say nothing of whose
    /// they are, so nothing is looked for.
    pub caches: Vec<PathBuf>,
    /// What is stored, by where it lies in the unpacked file.
    pub(super) edits: BTreeMap<u64, Vec<u8>>,
}

/// Chooses where the paths of a scene shall lead. Looks for missing files on disk; changes nothing.
pub fn plan(trace: &Trace, wish: Wish<'_>) -> Plan {
    let mut plan = Plan::default();
    let Some(scene) = trace.files.first().map(|file| file.path.as_path()) else {
        return plan;
    };
    let source_folder = scene.parent().unwrap_or(Path::new(""));
    let (mine, others): (Vec<_>, Vec<_>) = trace
        .dependencies
        .iter()
        .partition(|found| *found.blend_file == *scene);
    let broken = |found: &TracedDependency| is_broken(found, trace);
    for found in others.into_iter().filter(|found| broken(found)) {
        let library = found.blend_file.to_path_buf();
        if found.dependency.is_required && !plan.elsewhere.contains(&library) {
            plan.elsewhere.push(library);
        }
    }
    for found in &mine {
        let dependency = &found.dependency;
        let is_missing = dependency.role == Role::Cache && !is_there(found, trace);
        if is_missing && dependency.is_required && !plan.caches.contains(&found.path) {
            plan.caches.push(found.path.clone());
        }
    }
    let missing: Vec<&TracedDependency> = mine.iter().copied().filter(|one| broken(one)).collect();
    let names: Vec<String> = missing
        .iter()
        .filter_map(|found| file_name(&found.path))
        .collect();
    let places: Vec<Places> = wish
        .folders
        .iter()
        .map(|folder| search(&names, folder))
        .collect();
    let mut targets: Vec<Option<PathBuf>> = mine
        .iter()
        .map(|found| {
            broken(found)
                .then(|| found_again(found, trace, &places))
                .flatten()
        })
        .collect();
    leave_torn_folders(&mine, &mut targets);
    for (found, moved_to) in mine.into_iter().zip(targets) {
        if broken(found) && moved_to.is_none() && !plan.left.contains(&found.path) {
            plan.left.push(found.path.clone());
        }
        plan.take(found, moved_to, source_folder, wish, is_there(found, trace));
    }
    plan
}

impl Plan {
    fn take(
        &mut self,
        found: &TracedDependency,
        moved_to: Option<PathBuf>,
        source_folder: &Path,
        wish: Wish<'_>,
        is_there: bool,
    ) {
        let form = found.dependency.stored.form();
        let moves = moved_to.is_some();
        let is_absolute = !matches!(form, PathForm::Relative | PathForm::Bare);
        let becomes_relative = wish.make_relative && is_absolute && (moves || is_there);
        let copy_lies_elsewhere = form == PathForm::Relative && wish.target_folder != source_folder;
        let is_others = found.dependency.packed_from.is_some();
        if is_others || !moves && !becomes_relative && !copy_lies_elsewhere {
            return;
        }
        let target = moved_to.unwrap_or_else(|| found.path.clone());
        let edits = edits_of(&found.dependency, &target, |path| {
            if is_absolute && !becomes_relative {
                bytes(path)
            } else {
                relative(path, wish.target_folder)
            }
        });
        if (moves || becomes_relative) && !edits.is_empty() {
            self.changes.push(Change {
                owner: found.dependency.owner.clone(),
                from: found.path.clone(),
                to: target,
            });
        }
        self.edits.extend(edits);
    }
}

/// The pictures of a strip share one folder: where they would not any more, they stay where they are.
fn leave_torn_folders(mine: &[&TracedDependency], targets: &mut [Option<PathBuf>]) {
    let mut folders: HashMap<u64, HashSet<&Path>> = HashMap::new();
    for (found, target) in mine.iter().zip(targets.iter()) {
        if let Some(place) = found.dependency.folder_place {
            let path = target.as_ref().unwrap_or(&found.path);
            folders
                .entry(place.position)
                .or_default()
                .extend(path.parent());
        }
    }
    let is_torn = |found: &TracedDependency| {
        let place = found.dependency.folder_place;
        place.is_some_and(|place| {
            folders
                .get(&place.position)
                .is_some_and(|all| all.len() > 1)
        })
    };
    let torn: Vec<bool> = mine.iter().map(|found| is_torn(found)).collect();
    for (target, is_torn) in targets.iter_mut().zip(torn) {
        if is_torn {
            *target = None;
        }
    }
}

/// Whether nothing lies at the end of a path of which something should.
fn is_broken(found: &TracedDependency, trace: &Trace) -> bool {
    let dependency = &found.dependency;
    if dependency.role == Role::Output || dependency.is_packed || dependency.is_guess {
        return false;
    }
    // A folder of a cache has no name that could be looked for.
    let is_file = matches!(
        dependency.expansion,
        Expansion::File | Expansion::Tiles { .. } | Expansion::Sequence { .. }
    );
    is_file
        && dependency.role == Role::Input
        && (!is_there(found, trace) || is_damaged(found, trace))
}

fn is_there(found: &TracedDependency, trace: &Trace) -> bool {
    let mut files = found
        .files
        .iter()
        .filter_map(|index| trace.files.get(*index));
    files.any(|file| !file.missing)
}

/// A library that cannot be read is as good as missing.
fn is_damaged(found: &TracedDependency, trace: &Trace) -> bool {
    let mut problems = trace.problems.iter();
    problems.any(|problem| problem.code == "library_unreadable" && problem.path == found.path)
}

/// Where a missing file lies: in other letters, or below one of the folders.
fn found_again(found: &TracedDependency, trace: &Trace, places: &[Places]) -> Option<PathBuf> {
    let mut files = found
        .files
        .iter()
        .filter_map(|index| trace.files.get(*index));
    if let Some(found_as) = files.find_map(|file| file.found_as.clone()) {
        return Some(found_as);
    }
    let mut best = places.iter().filter_map(|places| places.best(&found.path));
    let file = best.find(|path| *path != found.path)?;
    let name = found.path.to_string_lossy();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // The mark of tiles stays in the name.
    if name.contains("<U") {
        return Some(file.with_file_name(name));
    }
    Some(file.to_owned())
}

/// What is stored where; nothing where a path has no place of its own.
fn edits_of(
    dependency: &Dependency,
    target: &Path,
    stored: impl Fn(&Path) -> Vec<u8>,
) -> Vec<(u64, Vec<u8>)> {
    let Some(place) = dependency.place else {
        return Vec::new();
    };
    let Some(folder_place) = dependency.folder_place else {
        return vec![(place.position, stored(target))];
    };
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return Vec::new();
    };
    let mut folder = stored(folder);
    if !folder.ends_with(b"/") {
        folder.push(b'/');
    }
    vec![
        (place.position, bytes(Path::new(name))),
        (folder_place.position, folder),
    ]
}
