// SPDX-License-Identifier: Apache-2.0
//! The renderer file, carried inside this program so that each job gets the one it was made for.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

/// The renderer's source; the job composer writes it into each staging folder.
pub const fn renderer_source() -> &'static str {
    include_str!("../../python/farmhand/renderer/render.py")
}

/// Puts the renderer into the cache folder, where a probe can run it; the name changes with the source.
pub fn renderer_in_cache(cache_dir: &Path) -> std::io::Result<PathBuf> {
    let digest = Sha256::digest(renderer_source());
    let version = digest
        .iter()
        .take(8)
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let path = cache_dir.join("renderer").join(version).join("render.py");
    if std::fs::read_to_string(&path).is_ok_and(|text| text == renderer_source()) {
        return Ok(path);
    }
    let folder = path.parent().unwrap_or(cache_dir);
    std::fs::create_dir_all(folder)?;
    // Written aside and renamed: another process may be about to run it.
    let file = tempfile::NamedTempFile::new_in(folder)?;
    std::fs::write(file.path(), renderer_source())?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(path)
}
