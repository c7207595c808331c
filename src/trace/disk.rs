// SPDX-License-Identifier: Apache-2.0
//! What lies on disk, each folder listed once.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A folder with more than this below it is no cache, but somebody's disk.
const MAX_BELOW: usize = 1_000_000;
/// Folders that are nested deeper than this run in circles.
const MAX_DEPTH: usize = 32;

/// No system has paths of more bytes than this, so that nothing lies there.
const LONGEST_PATH: usize = 4096;

/// Names in a folder, sorted.
type Listing = Arc<OnceLock<Vec<OsString>>>;

/// The disk, as far as it has been looked at.
#[derive(Debug, Default)]
pub(super) struct Disk {
    listings: Mutex<HashMap<PathBuf, Listing>>,
    /// Where folders lie, in whatever letters.
    folders: Mutex<HashMap<PathBuf, Option<PathBuf>>>,
}

impl Disk {
    /// Bytes of the file; none where there is no file.
    pub fn size(path: &Path) -> Option<u64> {
        let metadata = fs::metadata(path).ok()?;
        (!metadata.is_dir()).then_some(metadata.len())
    }

    /// The files of a folder that `is_wanted` takes by their names, in the order of their names.
    pub fn files(&self, folder: &Path, is_wanted: impl Fn(&OsStr) -> bool) -> Vec<(PathBuf, u64)> {
        let listing = self.listing(folder);
        let names = listing.get().map(Vec::as_slice).unwrap_or_default();
        let wanted = names.iter().filter(|name| is_wanted(name));
        wanted
            .filter_map(|name| {
                let path = folder.join(name);
                let size = Self::size(&path)?;
                Some((path, size))
            })
            .collect()
    }

    /// All files below a folder.
    pub fn files_below(folder: &Path) -> Vec<(PathBuf, u64)> {
        let mut found = Vec::new();
        let mut open = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = open.pop() {
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            for entry in entries.flatten() {
                let path = entry.path();
                let Ok(metadata) = fs::metadata(&path) else {
                    continue;
                };
                if !metadata.is_dir() {
                    found.push((path, metadata.len()));
                } else if depth < MAX_DEPTH {
                    open.push((path, depth + 1));
                }
                if found.len() + open.len() > MAX_BELOW {
                    break;
                }
            }
        }
        found.sort();
        found
    }

    /// The file or folder whose path differs only in capital and small letters; the path itself is not looked for.
    pub fn in_other_letters(&self, path: &Path) -> Option<PathBuf> {
        if path.as_os_str().len() > LONGEST_PATH {
            return None;
        }
        let (folder, name) = (path.parent()?, path.file_name()?);
        let folder = self.folder(folder)?;
        let wanted = name.to_string_lossy().to_lowercase();
        let listing = self.listing(&folder);
        let found = listing
            .get()?
            .iter()
            .find(|name| name.to_string_lossy().to_lowercase() == wanted);
        found.map(|name| folder.join(name))
    }

    /// The folder, or the one whose path differs only in capital and small letters.
    fn folder(&self, folder: &Path) -> Option<PathBuf> {
        let known = || self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = known().get(folder) {
            return place.clone();
        }
        let place = if folder.as_os_str().is_empty() || folder.is_dir() {
            Some(folder.to_owned())
        } else {
            self.in_other_letters(folder)
        };
        known().insert(folder.to_owned(), place.clone());
        place
    }

    fn listing(&self, folder: &Path) -> Listing {
        let listing = {
            let mut listings = self.listings.lock().unwrap_or_else(PoisonError::into_inner);
            match listings.get(folder) {
                Some(listing) => Arc::clone(listing),
                None => Arc::clone(listings.entry(folder.to_owned()).or_default()),
            }
        };
        listing.get_or_init(|| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let mut names: Vec<OsString> = entries.map(|entry| entry.file_name()).collect();
            names.sort();
            names
        });
        listing
    }
}
