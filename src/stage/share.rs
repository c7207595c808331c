// SPDX-License-Identifier: Apache-2.0
//! What of a scene lies on the share, and which .blend files need other paths.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::copies::Copy;
use super::site::Site;
use crate::blend::{Dependency, DependencyKind, PathForm, Role, StoredPath};
use crate::paths::Platform;
use crate::trace::{Trace, TracedDependency};

/// What is to be done so that workers find everything.
#[derive(Clone, Debug, Default)]
pub struct SharePlan {
    /// Files that workers don't see.
    pub outside: Vec<Outside>,
    /// .blend files that are written once more.
    pub copies: Vec<Copy>,
    /// The copy that is rendered in the place of the scene's own file, where that is one of them.
    pub scene: Option<PathBuf>,
    /// Caches that Blender looks for beside a .blend file that is written once more, and won't find there.
    pub left_behind: Vec<PathBuf>,
}

/// A file that workers don't see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outside {
    /// The file, on this computer.
    pub path: PathBuf,
    /// The data-block that names it; empty for the scene's own file.
    pub owner: String,
    /// The .blend file that names it.
    pub named_in: Arc<Path>,
}

/// Finds what lies outside the share, and which .blend files need other paths. `folder` is the job's own, which copies go
/// into. Looks at nothing on disk.
pub fn plan(trace: &Trace, site: &Site, folder: &Path) -> SharePlan {
    let outside = trace
        .files
        .iter()
        .filter(|file| !file.missing && !site.sees(&file.path))
        .map(|file| Outside {
            path: file.path.clone(),
            owner: file.owner.clone(),
            named_in: Arc::clone(&file.named_in),
        })
        .collect();
    let needy = needy(trace, site);
    let mut targets = HashMap::new();
    let root = trace.files.first().map(|file| file.path.as_path());
    let libraries = needy.iter().filter(|path| Some(path.as_path()) != root);
    for (number, library) in libraries.enumerate() {
        let below = folder.join("libraries").join(number.to_string());
        targets.insert(
            library.clone(),
            below.join(library.file_name().unwrap_or_default()),
        );
    }
    if let Some(root) = root.filter(|root| needy.contains(*root)) {
        targets.insert(
            root.to_owned(),
            folder.join(root.file_name().unwrap_or_default()),
        );
    }
    let targets = Arc::new(targets);
    let copies = needy
        .iter()
        .filter_map(|source| {
            Some(Copy {
                source: source.clone(),
                target: targets.get(source)?.clone(),
                targets: Arc::clone(&targets),
                bases: bases(trace, source, &targets),
            })
        })
        .collect();
    let left_behind: BTreeSet<PathBuf> = trace
        .dependencies
        .iter()
        .filter(|found| needy.contains(&*found.blend_file) && is_beside(trace, found))
        .map(|found| found.path.clone())
        .collect();
    SharePlan {
        outside,
        copies,
        scene: root.and_then(|root| targets.get(root).cloned()),
        left_behind: left_behind.into_iter().collect(),
    }
}

/// .blend files that hold absolute paths which workers need in another form, and those that link from one.
fn needy(trace: &Trace, site: &Site) -> BTreeSet<PathBuf> {
    let mut needy: BTreeSet<PathBuf> = trace
        .dependencies
        .iter()
        .filter(|found| needs_another_form(&found.dependency, site))
        .map(|found| found.blend_file.to_path_buf())
        .collect();
    loop {
        let linking: HashSet<&Path> = trace
            .dependencies
            .iter()
            .filter(|found| {
                found.dependency.kind == DependencyKind::Library && needy.contains(&found.path)
            })
            .map(|found| &*found.blend_file)
            .filter(|path| !needy.contains(*path))
            .collect();
        if linking.is_empty() {
            return needy;
        }
        needy.extend(linking.into_iter().map(Path::to_path_buf));
    }
}

fn needs_another_form(dependency: &Dependency, site: &Site) -> bool {
    let is_read = dependency.is_used && !dependency.is_packed && !dependency.is_guess;
    let Some(written_on) = platform_of(&dependency.stored, site.here) else {
        return false;
    };
    let stored = dependency.stored.to_text();
    is_read && dependency.place.is_some() && site.differs(&stored, written_on)
}

/// Whose absolute path it is; none where it is relative.
pub(super) fn platform_of(stored: &StoredPath, here: Platform) -> Option<Platform> {
    match stored.form() {
        PathForm::Relative | PathForm::Bare => None,
        PathForm::Windows | PathForm::Unc => Some(Platform::Windows),
        // Linux's and the Mac's look alike: this computer's meaning comes first.
        PathForm::Absolute if here == Platform::MacOs => Some(Platform::MacOs),
        PathForm::Absolute => Some(Platform::Linux),
    }
}

/// What Blender looks for beside the .blend file, by the file's name, and that is there.
fn is_beside(trace: &Trace, found: &TracedDependency) -> bool {
    let dependency = &found.dependency;
    let is_there = |number: &usize| trace.files.get(*number).is_some_and(|file| !file.missing);
    dependency.place.is_none()
        && dependency.is_used
        && dependency.role != Role::Output
        && !dependency.is_packed
        && found.files.iter().any(is_there)
}

/// The paths of a .blend file in which `//` is the folder of a library that it was packed from (from 5.0 on), by their places: where
/// it leads now, and where it will.
fn bases(
    trace: &Trace,
    source: &Path,
    targets: &HashMap<PathBuf, PathBuf>,
) -> HashMap<u64, (PathBuf, PathBuf)> {
    let parent = |path: &Path| path.parent().unwrap_or(Path::new("")).to_path_buf();
    let mut bases = HashMap::new();
    for found in &trace.dependencies {
        let dependency = &found.dependency;
        if &*found.blend_file != source {
            continue;
        }
        let library = dependency.packed_from.as_ref();
        let library = library.and_then(|library| crate::trace::resolve(library, &parent(source)));
        let Some(library) = library else { continue };
        let target = targets.get(&library).unwrap_or(&library);
        for place in [dependency.place, dependency.folder_place]
            .into_iter()
            .flatten()
        {
            bases.insert(place.position, (parent(&library), parent(target)));
        }
    }
    bases
}
