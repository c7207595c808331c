// SPDX-License-Identifier: Apache-2.0
//! Copies: beside a scene, under names of their own, or in the place of what a sequence lacks.

use std::collections::HashMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::{Change, MendError, Stop};

/// Folders that are nested deeper than this are left out.
const MAX_DEPTH: usize = 24;

/// What is to lie elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bring {
    /// The file or folder.
    pub from: PathBuf,
    /// Where it would best lie; where that is taken, in or as a folder with a number behind its name.
    pub to: PathBuf,
    /// Whether the file stands for all that differ from it in their last number, or in that of a tile.
    pub is_set: bool,
}

/// A sequence of pictures, and which of its numbers are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    /// Any picture of it.
    pub picture: PathBuf,
    /// The first and the last number.
    pub numbers: RangeInclusive<i64>,
}

/// Copies files, whole sets and whole folders to where they shall lie, and returns where that is; what is not there is
/// left out.
///
/// # Errors
///
/// Where one cannot be copied, or it is ended.
pub fn bring(all: &[Bring], stop: &Stop) -> Result<Vec<Change>, MendError> {
    let mut made = Made::new(stop);
    let mut changes = Vec::new();
    for one in all {
        let to = if one.from.is_dir() {
            let to = free(&one.to, |path| path.symlink_metadata().is_ok());
            made.copy_tree(&one.from, &to, 0)?;
            Some(to)
        } else {
            made.copy_set(one)?
        };
        changes.extend(to.map(|to| (one.from.clone(), Some(to))));
    }
    made.keep();
    Ok(changes)
}

/// Copies each file whose path differs from an earlier one's in capital and small letters alone to a name of its own
/// beside it, and returns these.
///
/// # Errors
///
/// Where one cannot be copied, or it is ended.
pub fn part(paths: &[PathBuf], stop: &Stop) -> Result<Vec<Change>, MendError> {
    let mut made = Made::new(stop);
    let mut changes: Vec<Change> = Vec::new();
    let mut known: HashMap<String, &Path> = HashMap::new();
    for path in paths {
        let key = path.to_string_lossy().to_lowercase();
        let is_known = changes.iter().any(|(from, _)| from == path);
        if *known.entry(key).or_insert(path) == path || is_known || !path.is_file() {
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let names = names_in(folder)?;
        let is_taken = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let mut names = names.iter().map(|name| name.to_lowercase());
            names.any(|taken| taken == name.to_lowercase())
        };
        let to = free(path, is_taken);
        made.copy(path, &to)?;
        changes.push((path.clone(), Some(to)));
    }
    made.keep();
    Ok(changes)
}

/// Puts a copy of the picture before it, or of the first, in the place of each that a sequence lacks; returns the
/// pictures that were made. A sequence of which nothing is there stays as it is.
///
/// # Errors
///
/// Where one cannot be copied, or it is ended.
pub fn fill(all: &[Fill], stop: &Stop) -> Result<Vec<Change>, MendError> {
    let mut made = Made::new(stop);
    let mut changes = Vec::new();
    for sequence in all {
        let Some(pattern) = Pattern::of(&sequence.picture) else {
            continue;
        };
        let folder = sequence.picture.parent().unwrap_or(Path::new(""));
        let mut there: Vec<i64> = names_in(folder)
            .unwrap_or_default()
            .iter()
            .filter_map(|name| pattern.number(name))
            .filter(|number| sequence.numbers.contains(number))
            .collect();
        there.sort_unstable();
        let Some(first) = there.first() else { continue };
        let mut before = *first;
        for number in sequence.numbers.clone() {
            if there.binary_search(&number).is_ok() {
                before = number;
                continue;
            }
            let to = folder.join(pattern.name(number));
            made.copy(&folder.join(pattern.name(before)), &to)?;
            changes.push((to, None));
        }
    }
    made.keep();
    Ok(changes)
}

/// The files that were made; gone again where they are not kept.
struct Made<'a> {
    stop: &'a Stop,
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
}

impl<'a> Made<'a> {
    fn new(stop: &'a Stop) -> Self {
        Self {
            stop,
            files: Vec::new(),
            folders: Vec::new(),
        }
    }

    fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }

    /// Under its name there is never half a file, and never another one than before.
    fn copy(&mut self, from: &Path, to: &Path) -> Result<(), MendError> {
        self.stop.check()?;
        let failed = |source| MendError::Copy {
            from: from.to_owned(),
            to: to.to_owned(),
            source,
        };
        let folder = to.parent().unwrap_or(Path::new(""));
        let part = tempfile::Builder::new()
            .prefix(".farmhand-")
            .tempfile_in(folder)
            .map_err(failed)?;
        fs::copy(from, part.path()).map_err(failed)?;
        let time = fs::metadata(from).and_then(|file| file.modified());
        if let Ok(time) = time {
            // It is the same content, as old as it was: else it would count as newer than the scene.
            part.as_file().set_modified(time).map_err(failed)?;
        }
        let placed = part.persist_noclobber(to).or_else(|error| {
            // Some shares know no way to place a file only where none is.
            if to.symlink_metadata().is_ok() {
                return Err(error);
            }
            error.file.persist(to)
        });
        placed.map_err(|error| failed(error.error))?;
        self.files.push(to.to_owned());
        Ok(())
    }

    fn folder(&mut self, path: &Path) -> Result<(), MendError> {
        if path.is_dir() {
            return Ok(());
        }
        fs::create_dir(path).map_err(MendError::folder(path))?;
        self.folders.push(path.to_owned());
        Ok(())
    }

    fn copy_tree(&mut self, from: &Path, to: &Path, depth: usize) -> Result<(), MendError> {
        self.folder(to)?;
        for name in names_in(from)? {
            let (from, to) = (from.join(&name), to.join(&name));
            let is_link = from.symlink_metadata().is_ok_and(|file| file.is_symlink());
            if from.is_file() {
                self.copy(&from, &to)?;
            } else if from.is_dir() && !is_link && depth < MAX_DEPTH {
                self.copy_tree(&from, &to, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Copies a file, with all of its set; into the wanted folder, or one like it where names are taken there.
    fn copy_set(&mut self, one: &Bring) -> Result<Option<PathBuf>, MendError> {
        let from = one.from.parent().unwrap_or(Path::new(""));
        let own = one.from.file_name().unwrap_or_default();
        let pattern = one.is_set.then(|| Pattern::of(&one.from)).flatten();
        let names = match pattern {
            Some(pattern) => {
                let mut names = names_in(from).unwrap_or_default();
                names.retain(|name| pattern.number(name).is_some());
                names
            }
            None if one.from.is_file() => vec![own.to_string_lossy().into_owned()],
            None => Vec::new(),
        };
        if names.is_empty() {
            return Ok(None);
        }
        let folder = one.to.parent().unwrap_or(Path::new(""));
        let is_taken = |folder: &Path| {
            let taken = |name: &String| folder.join(name).symlink_metadata().is_ok();
            names.iter().any(taken) || folder.is_file()
        };
        let folder = free(folder, is_taken);
        self.folder(&folder)?;
        for name in &names {
            self.copy(&from.join(name), &folder.join(name))?;
        }
        Ok(Some(folder.join(own)))
    }
}

impl Drop for Made<'_> {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// The names of a set: what stands before and behind the number that tells its files apart.
struct Pattern {
    before: String,
    behind: String,
    digits: usize,
    is_tile: bool,
}

impl Pattern {
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_string_lossy();
        if let Some((before, behind)) = name
            .split_once("<UDIM>")
            .or_else(|| name.split_once("<UVTILE>"))
        {
            return Some(Self {
                before: before.to_owned(),
                behind: behind.to_owned(),
                digits: 4,
                is_tile: true,
            });
        }
        let stem = path.file_stem()?.to_string_lossy();
        let end = stem.rfind(|letter: char| letter.is_ascii_digit())? + 1;
        let head = stem.get(..end)?;
        let start = head.trim_end_matches(|letter: char| letter.is_ascii_digit());
        Some(Self {
            before: start.to_owned(),
            behind: name.get(end..)?.to_owned(),
            digits: end - start.len(),
            is_tile: false,
        })
    }

    /// The number in a name; none where it isn't one of the set.
    fn number(&self, name: &str) -> Option<i64> {
        let middle = name
            .strip_prefix(&self.before)?
            .strip_suffix(&self.behind)?;
        if self.is_tile {
            let tile = middle
                .strip_prefix('u')
                .and_then(|tile| tile.split_once("_v"));
            if let Some((u, v)) = tile {
                let (u, v): (i64, i64) = (u.parse().ok()?, v.parse().ok()?);
                return v.checked_mul(10)?.checked_add(u)?.checked_add(990);
            }
        }
        let is_number = middle.chars().all(|letter| letter.is_ascii_digit());
        middle.parse().ok().filter(|_| is_number)
    }

    fn name(&self, number: i64) -> String {
        let width = self.digits;
        format!("{}{number:0width$}{}", self.before, self.behind)
    }
}

fn names_in(folder: &Path) -> Result<Vec<String>, MendError> {
    let entries = fs::read_dir(folder).map_err(MendError::folder(folder))?;
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    Ok(names)
}

/// The path, or one like it that is free.
fn free(path: &Path, is_taken: impl Fn(&Path) -> bool) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let mut free = path.to_owned();
    for number in 2.. {
        if !is_taken(&free) {
            break;
        }
        let mut name = format!("{stem}_{number}");
        if let Some(extension) = path.extension() {
            name.push('.');
            name.push_str(&extension.to_string_lossy());
        }
        free = path.with_file_name(name);
    }
    free
}
