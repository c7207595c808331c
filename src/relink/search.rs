// SPDX-License-Identifier: Apache-2.0
//! Files of given names, wherever they lie below a folder.

use std::collections::{HashMap, HashSet, VecDeque};
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// More files and folders than this are not looked at: it is a disk, not a project.
const MAX_ENTRIES: usize = 500_000;
/// Folders that are nested deeper than this are left out.
const MAX_DEPTH: usize = 24;

/// Where files of some names lie, by the name in small letters; those of each name nearest to the folder first.
#[derive(Debug, Default, Clone)]
pub struct Places(HashMap<String, Vec<PathBuf>>);

/// Looks for files of these names below a folder, in whatever capital and small letters. Hidden folders are left out,
/// and links to folders are not followed. Blocks.
pub fn search(names: &[String], folder: &Path) -> Places {
    search_while(names, folder, || true)
}

/// [`search`] that ends where it is not to go on.
pub fn search_while(names: &[String], folder: &Path, goes_on: impl Fn() -> bool) -> Places {
    let wanted: HashSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let mut places = Places::default();
    if wanted.is_empty() {
        return places;
    }
    let mut seen = 0;
    let mut open = VecDeque::from([(folder.to_owned(), 0)]);
    while let Some((folder, depth)) = open.pop_front().filter(|_| goes_on()) {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        let mut names: Vec<_> = entries
            .flatten()
            .filter_map(|entry| Some((entry.file_name(), entry.file_type().ok()?)))
            .collect();
        names.sort_by(|(one, _), (other, _)| one.cmp(other));
        seen += names.len();
        for (name, kind) in names {
            let text = name.to_string_lossy();
            if kind.is_dir() {
                if depth < MAX_DEPTH && !text.starts_with('.') {
                    open.push_back((folder.join(&name), depth + 1));
                }
            } else if wanted.contains(&text.to_lowercase()) {
                let found = places.0.entry(text.to_lowercase()).or_default();
                found.push(folder.join(&name));
            }
        }
        if seen > MAX_ENTRIES {
            break;
        }
    }
    places
}

impl Places {
    /// The file that a missing one most likely is: the only one of its name, or the one whose folders are named most
    /// like those of the missing one. None where there is no such file, or several that are as likely.
    pub fn best(&self, missing: &Path) -> Option<&Path> {
        let name = file_name(missing)?;
        let mut found: Vec<&Path> = self.all(&name).collect();
        let exact = |path: &&Path| path.file_name() == Some(OsStr::new(&name));
        if found.iter().any(exact) {
            found.retain(exact);
        }
        let alike = |path: &Path| folders_alike(path, missing);
        let most = found.iter().map(|path| alike(path)).max()?;
        found.retain(|path| alike(path) == most);
        match found.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// All files of a name.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Path> {
        let found = self.0.get(&name.to_lowercase());
        found.into_iter().flatten().map(PathBuf::as_path)
    }
}

/// The name of the file that a path of whatever system leads to; of a set of tiles that of the first.
pub fn file_name(path: &Path) -> Option<String> {
    let text = path.to_string_lossy();
    let name = text.rsplit(['/', '\\']).next()?;
    let name = name.replace("<UDIM>", "1001").replace("<UVTILE>", "u1_v1");
    (!name.is_empty()).then_some(name)
}

/// How many folders above two files have the same names.
fn folders_alike(one: &Path, other: &Path) -> usize {
    let folders = |path: &Path| -> Vec<String> {
        let text = path.to_string_lossy().to_lowercase();
        let parts = text.split(['/', '\\']).rev().skip(1);
        parts.map(ToOwned::to_owned).collect()
    };
    let (one, other) = (folders(one), folders(other));
    let pairs = one.iter().zip(&other);
    pairs.take_while(|(one, other)| one == other).count()
}
