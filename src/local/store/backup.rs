// SPDX-License-Identifier: Apache-2.0
//! Copies of the database beside it, made before a migration changes it.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use time::OffsetDateTime;
use time::macros::format_description;

use super::StoreError;

/// So many copies stay; older ones go.
const KEPT: usize = 3;

/// Copies the whole database into a new file beside it, and removes all but the newest copies.
pub(super) fn back_up(
    connection: &Connection,
    path: &Path,
    version: usize,
) -> Result<(), StoreError> {
    let now = OffsetDateTime::now_utc();
    let digits =
        format_description!("[year][month][day]T[hour][minute][second][subsecond digits:6]");
    let stamp = now.format(digits).unwrap_or_default();
    let copy = path.with_file_name(format!("{}{stamp}-version-{version}", prefix(path)));
    let unfinished = copy.with_extension("tmp");
    let failed = |source| StoreError::BackUp {
        path: copy.clone(),
        source,
    };
    connection
        .backup("main", &unfinished, None::<fn(rusqlite::backup::Progress)>)
        .map_err(|source| failed(std::io::Error::other(source)))?;
    std::fs::rename(&unfinished, &copy).map_err(failed)?;
    tracing::info!(path = %copy.display(), "the job database was copied before it is brought up to date");
    for old in copies(path).iter().rev().skip(KEPT) {
        if let Err(error) = std::fs::remove_file(old) {
            tracing::warn!(%error, path = %old.display(), "an old copy of the job database is left");
        }
        // Whoever has looked into a copy may have left these beside it.
        for beside in ["-wal", "-shm"] {
            let mut name = old.clone().into_os_string();
            name.push(beside);
            let _ = std::fs::remove_file(name);
        }
    }
    Ok(())
}

/// The copies that are there, the oldest first: their names sort by time.
pub(super) fn copies(path: &Path) -> Vec<PathBuf> {
    let prefix = prefix(path);
    let entries = path.parent().and_then(|folder| folder.read_dir().ok());
    let mut copies: Vec<PathBuf> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name().is_some_and(|name| {
                let name = name.to_string_lossy();
                name.starts_with(&prefix) && name.ends_with(|last: char| last.is_ascii_digit())
            })
        })
        .collect();
    copies.sort();
    copies
}

fn prefix(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    format!("{}-backup-", stem.to_string_lossy())
}
