// SPDX-License-Identifier: Apache-2.0
//! Which files are there, and where those that are missing lie.

use std::path::{Path, PathBuf};

use super::{Change, MendError, Stop};
use crate::relink::{file_name, search_while};

/// The paths at which nothing is, each with the one place below `below` where it most likely lies. Of a set of tiles the
/// first decides; its mark stays in the name.
///
/// # Errors
///
/// Where it is ended.
pub fn find(
    paths: &[PathBuf],
    below: Option<&Path>,
    stop: &Stop,
) -> Result<Vec<Change>, MendError> {
    let mut missing: Vec<&PathBuf> = Vec::new();
    for path in paths {
        stop.check()?;
        if !first_file(path).exists() && !missing.contains(&path) {
            missing.push(path);
        }
    }
    let names: Vec<String> = missing.iter().filter_map(|path| file_name(path)).collect();
    let places = below.map(|folder| search_while(&names, folder, || !stop.is_asked()));
    stop.check()?;
    let found = missing.into_iter().map(|path| {
        let place = places.as_ref().and_then(|places| places.best(path));
        let place = place.map(|place| {
            let name = path.to_string_lossy();
            let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
            if name.contains("<U") {
                place.with_file_name(name)
            } else {
                place.to_owned()
            }
        });
        (path.clone(), place)
    });
    Ok(found.collect())
}

fn first_file(path: &Path) -> PathBuf {
    match (path.file_name(), file_name(path)) {
        (Some(stored), Some(first)) if stored.to_string_lossy().contains("<U") => {
            path.with_file_name(first)
        }
        _ => path.to_owned(),
    }
}
