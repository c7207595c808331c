// SPDX-License-Identifier: Apache-2.0
//! Which files a path stands for: one, tiles, frames, or what lies in a folder.

use std::path::{Path, PathBuf};

use super::disk::Disk;
use crate::blend::Expansion;

/// What lies where a path leads.
#[derive(Debug, Default, Clone)]
pub(super) struct Expanded {
    /// Files with their sizes, none where nothing is there.
    pub files: Vec<(PathBuf, u64)>,
    /// Where it lies in other capital and small letters.
    pub found_as: Option<PathBuf>,
    /// Tiles that should be among the files, but aren't there.
    pub gaps: Vec<PathBuf>,
    /// How the files of a sequence are named.
    pub pattern: Option<Pattern>,
}

impl Expanded {
    /// The numbers of the files of a sequence.
    pub fn numbers(&self) -> impl Iterator<Item = i32> {
        let paths = self.files.iter().map(|(path, _)| path);
        paths.filter_map(|path| self.number(path))
    }

    /// The number of one of the files of a sequence.
    pub fn number(&self, path: &Path) -> Option<i32> {
        let number = self.pattern.as_ref()?.number(path.file_name()?.to_str()?)?;
        i32::try_from(number).ok()
    }
}

/// Looks on disk for what a path stands for.
pub(super) fn expand(path: &Path, expansion: &Expansion, disk: &Disk) -> Expanded {
    let mut found = look(path, expansion, disk);
    if found.files.is_empty()
        && let Some(other) = disk.in_other_letters(path)
        && other != path
    {
        found = look(&other, expansion, disk);
        found.found_as = Some(other);
    }
    found
}

fn look(path: &Path, expansion: &Expansion, disk: &Disk) -> Expanded {
    let mut found = Expanded::default();
    match expansion {
        Expansion::File => found
            .files
            .extend(Disk::size(path).map(|size| (path.to_owned(), size))),
        Expansion::Folder => found.files = folder(path),
        Expansion::Prefixed { prefix } => {
            found.files = disk.files(path, |name| name.to_string_lossy().starts_with(prefix));
        }
        Expansion::Tiles { tiles } => {
            let Some((folder, pattern)) = folder_and(path, Pattern::of_tiles) else {
                return look(path, &Expansion::File, disk);
            };
            found.files = disk.files(folder, |name| {
                pattern.number(&name.to_string_lossy()).is_some()
            });
            let wanted = tiles
                .iter()
                .map(|tile| folder.join(pattern.name(i64::from(*tile))));
            found.gaps = missing(wanted, &found.files);
        }
        Expansion::Sequence { .. } => {
            let Some((folder, pattern)) = folder_and(path, Pattern::of_frames) else {
                return look(path, &Expansion::File, disk);
            };
            found.files = disk.files(folder, |name| {
                pattern.number(&name.to_string_lossy()).is_some()
            });
            found.pattern = Some(pattern);
        }
    }
    found
}

/// A folder's files; a path of a folder may also name a file in it, as those of caches do.
fn folder(path: &Path) -> Vec<(PathBuf, u64)> {
    match Disk::size(path) {
        Some(size) => vec![(path.to_owned(), size)],
        None => Disk::files_below(path),
    }
}

fn folder_and(path: &Path, pattern: fn(&str) -> Option<Pattern>) -> Option<(&Path, Pattern)> {
    let name = path.file_name()?.to_str()?;
    Some((path.parent()?, pattern(name)?))
}

fn missing(wanted: impl Iterator<Item = PathBuf>, files: &[(PathBuf, u64)]) -> Vec<PathBuf> {
    wanted
        .filter(|path| files.binary_search_by(|(file, _)| file.cmp(path)).is_err())
        .collect()
}

/// Names that differ in a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    before: String,
    after: String,
    /// Digits at least; shorter numbers are filled with zeros.
    digits: usize,
    is_uv: bool,
}

impl Pattern {
    /// The last number of a name, its ending left out: `a_0001.png`, `1.030.abc`.
    fn of_frames(name: &str) -> Option<Self> {
        let stem = name.rfind('.').filter(|dot| *dot > 0).unwrap_or(name.len());
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let head = name.as_bytes().get(..stem)?;
        let end = head.iter().rposition(is_digit)? + 1;
        let start = head.get(..end)?.iter().rposition(|byte| !is_digit(byte));
        let start = start.map_or(0, |last_other| last_other + 1);
        Some(Self {
            before: name.get(..start)?.to_owned(),
            after: name.get(end..)?.to_owned(),
            digits: end - start,
            is_uv: false,
        })
    }

    /// A name with a mark for the tile's number, or, before 3.0, the number of the first tile.
    fn of_tiles(name: &str) -> Option<Self> {
        for (mark, is_uv) in [("<UDIM>", false), ("<UVTILE>", true), ("1001", false)] {
            let split = if mark == "1001" {
                name.rsplit_once(mark)
            } else {
                name.split_once(mark)
            };
            if let Some((before, after)) = split {
                return Some(Self {
                    before: before.to_owned(),
                    after: after.to_owned(),
                    digits: 4,
                    is_uv,
                });
            }
        }
        None
    }

    /// The number of a name of this kind.
    fn number(&self, name: &str) -> Option<i64> {
        let number = name.strip_prefix(&self.before)?.strip_suffix(&self.after)?;
        if self.is_uv {
            // `u1_v1` is 1001, `u2_v1` 1002, `u1_v2` 1011.
            let (u, v) = number.strip_prefix('u')?.split_once("_v")?;
            let (u, v): (i64, i64) = (u.parse().ok()?, v.parse().ok()?);
            return (u >= 1 && v >= 1).then_some(1000 + u + (v - 1).checked_mul(10)?);
        }
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let is_long_enough =
            number.len() == self.digits || number.len() > self.digits && !number.starts_with('0');
        if !is_number || !is_long_enough {
            return None;
        }
        number.parse().ok()
    }

    /// The name with that number.
    pub fn name(&self, number: i64) -> String {
        let number = if self.is_uv {
            let tile = (number - 1001).max(0);
            format!("u{}_v{}", tile % 10 + 1, tile / 10 + 1)
        } else {
            format!("{number:0digits$}", digits = self.digits)
        };
        format!("{}{number}{}", self.before, self.after)
    }
}
