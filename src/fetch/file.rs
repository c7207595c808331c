// SPDX-License-Identifier: Apache-2.0
//! One file on its way home.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::error::FetchError;
use super::listing::RemoteFile;
use crate::farm::{Client, checked_id};

/// What is asked for at once: on a slow line less than a call may take.
const PART_BYTES: u64 = 4 * 1024 * 1024;

/// A file that is at home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Where it is.
    pub local_path: PathBuf,
    /// How many bytes came over the network; 0 where it was there already.
    pub came_bytes: u64,
}

/// Whether the file is at home already, whole. Blocks while it reads.
pub fn is_there(folder: &Path, file: &RemoteFile) -> Result<bool, FetchError> {
    let path = local_path(folder, &file.path)?;
    let has_size = fs::metadata(&path).is_ok_and(|there| there.len() == file.size_bytes);
    Ok(has_size && file.sha256.is_some() && hash_of(&path).ok() == file.sha256)
}

/// Brings a file home. What was begun goes on; what came damaged is fetched once more from its beginning.
pub async fn fetch_file(
    client: &Client,
    job_id: &str,
    folder: &Path,
    file: &RemoteFile,
) -> Result<Fetched, FetchError> {
    let path = local_path(folder, &file.path)?;
    make_folder(folder, &path)?;
    let begun = begun_path(&path, file);
    let mut came_bytes = 0;
    for _ in 0..2 {
        came_bytes += download(client, job_id, file, &begun).await?;
        let checked = begun.clone();
        let hash = tokio::task::spawn_blocking(move || hash_of(&checked)).await;
        let hash = hash.map_err(|error| FetchError::file(&begun)(std::io::Error::other(error)))?;
        let hash = hash.map_err(FetchError::file(&begun))?;
        if file.sha256.as_ref().is_none_or(|known| *known == hash) {
            fs::rename(&begun, &path).map_err(FetchError::file(&path))?;
            return Ok(Fetched {
                local_path: path,
                came_bytes,
            });
        }
        fs::remove_file(&begun).map_err(FetchError::file(&begun))?;
    }
    Err(FetchError::Damaged { path })
}

/// Fetches what is lacking of a file, part by part, and says how much came.
async fn download(
    client: &Client,
    job_id: &str,
    file: &RemoteFile,
    begun: &Path,
) -> Result<u64, FetchError> {
    let job_id = checked_id("a job's id", job_id)?;
    let mut url_path = vec!["farmhand", "v1", "jobs", job_id, "outputs"];
    url_path.extend(file.path.split('/'));
    let mut local = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(begun)
        .map_err(FetchError::file(begun))?;
    let mut there = local.metadata().map_err(FetchError::file(begun))?.len();
    if there > file.size_bytes {
        local.set_len(0).map_err(FetchError::file(begun))?;
        there = 0;
    }
    let (mut came, mut tag) = (0, None);
    while there < file.size_bytes {
        let count = PART_BYTES.min(file.size_bytes - there);
        let part = client
            .get_part(&url_path, there, count, tag.as_deref())
            .await?;
        if part.bytes.is_empty() {
            // It has become shorter; its checksum will tell.
            break;
        }
        local
            .seek(SeekFrom::Start(there))
            .and_then(|_| local.write_all(&part.bytes))
            .map_err(FetchError::file(begun))?;
        let length = u64::try_from(part.bytes.len()).unwrap_or(u64::MAX);
        there += length;
        came += length;
        tag = part.tag.or(tag);
    }
    local.sync_all().map_err(FetchError::file(begun))?;
    Ok(came)
}

/// Where a file belongs: below the folder, by plain names alone.
fn local_path(folder: &Path, path: &str) -> Result<PathBuf, FetchError> {
    let is_plain = |name: &str| {
        let is_special = name.is_empty() || name == "." || name == "..";
        let is_strange = |c: char| c.is_control() || matches!(c, '\\' | ':');
        !is_special && !name.contains(is_strange)
    };
    if !path.split('/').all(is_plain) {
        return Err(FetchError::Outside {
            path: path.to_owned(),
        });
    }
    Ok(path
        .split('/')
        .fold(folder.to_owned(), |path, name| path.join(name)))
}

/// Makes the folder of a file, and makes sure that no link on the way leads out.
fn make_folder(folder: &Path, path: &Path) -> Result<(), FetchError> {
    let parent = path.parent().unwrap_or(folder);
    let outside = || FetchError::Outside {
        path: path.display().to_string(),
    };
    fs::create_dir_all(folder).map_err(FetchError::file(folder))?;
    let root = folder.canonicalize().map_err(FetchError::file(folder))?;
    // Looked at from the top down, so that nothing is made behind a link.
    let mut inside = folder.to_owned();
    for name in parent
        .strip_prefix(folder)
        .map_err(|_| outside())?
        .components()
    {
        inside.push(name);
        match fs::create_dir(&inside) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(FetchError::file(&inside)(error));
            }
            _ => {}
        }
        let true_path = inside.canonicalize().map_err(FetchError::file(&inside))?;
        if !true_path.starts_with(&root) {
            return Err(outside());
        }
    }
    Ok(())
}

/// The name under which a file is begun: another file of that name is begun anew.
fn begun_path(path: &Path, file: &RemoteFile) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let mark: String = match &file.sha256 {
        Some(sha256) => sha256.chars().take(16).collect(),
        None => format!("{:x}", file.size_bytes),
    };
    path.with_file_name(format!(".{name}.{mark}.part"))
}

fn hash_of(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1024 * 1024];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            break;
        }
        hash.update(piece.get(..count).unwrap_or_default());
    }
    Ok(hash
        .finalize()
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, sha256: Option<&str>) -> RemoteFile {
        RemoteFile {
            path: path.to_owned(),
            size_bytes: 3,
            sha256: sha256.map(ToOwned::to_owned),
        }
    }

    #[test]
    fn a_file_lies_below_the_folder_by_plain_names_alone() {
        let folder = Path::new("home");
        assert_eq!(
            local_path(folder, "left/shot_0001.png").unwrap(),
            Path::new("home").join("left").join("shot_0001.png")
        );
        for path in [
            "",
            "/etc/passwd",
            "../a",
            "a/../b",
            "a//b",
            "a/./b",
            "a\\b",
            "C:a",
            "a\0",
            "a\nb",
        ] {
            assert!(local_path(folder, path).is_err(), "{path:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_made_behind_a_link_that_leads_out() {
        let folder = tempfile::tempdir().unwrap();
        let (home, elsewhere) = (folder.path().join("home"), folder.path().join("elsewhere"));
        fs::create_dir_all(&home).unwrap();
        fs::create_dir_all(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, home.join("left")).unwrap();
        let path = local_path(&home, "left/deeper/a.png").unwrap();
        assert!(matches!(
            make_folder(&home, &path),
            Err(FetchError::Outside { .. })
        ));
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
        make_folder(&home, &local_path(&home, "right/deeper/a.png").unwrap()).unwrap();
        assert!(home.join("right/deeper").is_dir());
    }

    #[test]
    fn a_file_is_there_when_its_bytes_are() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "abc").unwrap();
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert!(is_there(folder.path(), &file("a", Some(hash))).unwrap());
        assert!(!is_there(folder.path(), &file("a", None)).unwrap());
        fs::write(folder.path().join("a"), "abd").unwrap();
        assert!(!is_there(folder.path(), &file("a", Some(hash))).unwrap());
        assert!(!is_there(folder.path(), &file("b", Some(hash))).unwrap());
    }
}
