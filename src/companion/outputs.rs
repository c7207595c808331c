// SPDX-License-Identifier: Apache-2.0
//! A job's files: those that its frame records and its film name, below its output root and nowhere else.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::lanes::JobDescription;
use crate::watch::SharedJob;

/// How long a call works out checksums before it answers with those that are there.
const HASHING_PATIENCE: Duration = Duration::from_secs(5);
/// Files that are hashed at once: the share has other readers.
const HASHED_AT_ONCE: usize = 2;
/// Jobs that are remembered.
const JOBS: usize = 64;
/// Checksums that are remembered.
const HASHES: usize = 100_000;

/// A file of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedFile {
    /// Its path below the output root, with `/`.
    pub path: String,
    /// Its size now.
    pub size_bytes: u64,
    /// Its SHA-256 in hexadecimal digits, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// The files of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// Those below its output root.
    pub files: Vec<ListedFile>,
    /// How many lie elsewhere, and are not served.
    pub elsewhere: u64,
    /// The job is settled: nothing more will come.
    pub is_complete: bool,
}

/// What is remembered of the jobs' files.
#[derive(Debug)]
pub struct Outputs {
    jobs: Mutex<HashMap<String, Arc<Mutex<JobOutputs>>>>,
    hashes: Arc<Mutex<HashMap<PathBuf, Hashed>>>,
    /// Files whose checksums are being worked out.
    pending: Arc<Mutex<HashSet<PathBuf>>>,
    turns: Arc<Semaphore>,
}

impl Default for Outputs {
    fn default() -> Self {
        Self {
            jobs: Mutex::default(),
            hashes: Arc::default(),
            pending: Arc::default(),
            turns: Arc::new(Semaphore::new(HASHED_AT_ONCE)),
        }
    }
}

/// A checksum, and the file that it is of.
#[derive(Clone, Debug)]
struct Hashed {
    size_bytes: u64,
    modified: SystemTime,
    sha256: String,
}

/// The files of one job.
#[derive(Debug)]
pub struct JobOutputs {
    shared: SharedJob,
    /// As the workers name it, and as this computer sees it.
    root: PathBuf,
    open: Vec<i32>,
    files: BTreeMap<String, PathBuf>,
    elsewhere: u64,
}

/// Locks what no panic can leave half done.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Outputs {
    /// The files of a job that was looked for before.
    pub fn known(&self, job_id: &str) -> Option<Arc<Mutex<JobOutputs>>> {
        locked(&self.jobs).get(job_id).cloned()
    }

    /// Remembers the job's folder.
    pub fn remember(&self, job_id: &str, shared: SharedJob) -> Arc<Mutex<JobOutputs>> {
        let job = Arc::new(Mutex::new(JobOutputs::new(shared)));
        let mut jobs = locked(&self.jobs);
        if jobs.len() >= JOBS {
            jobs.clear();
        }
        jobs.insert(job_id.to_owned(), Arc::clone(&job));
        job
    }

    /// Works the checksums of files out for some seconds, and goes on in the background.
    pub async fn hash(&self, paths: Vec<PathBuf>) {
        let mut tasks = Vec::new();
        for path in paths {
            if known(&self.hashes, &path).is_some() || !locked(&self.pending).insert(path.clone()) {
                continue;
            }
            let (turns, hashes) = (Arc::clone(&self.turns), Arc::clone(&self.hashes));
            let pending = Arc::clone(&self.pending);
            tasks.push(tokio::spawn(async move {
                let Ok(_turn) = turns.acquire_owned().await else {
                    return;
                };
                let work = tokio::task::spawn_blocking(move || {
                    // A file that went meanwhile has no checksum.
                    if let Ok(hashed) = hash_file(&path) {
                        let mut hashes = locked(&hashes);
                        if hashes.len() >= HASHES {
                            hashes.clear();
                        }
                        hashes.insert(path.clone(), hashed);
                    }
                    locked(&pending).remove(&path);
                });
                let _ = work.await;
            }));
        }
        let all = async {
            for task in tasks {
                let _ = task.await;
            }
        };
        // What takes longer goes on, and is there when it is asked for again.
        let _ = tokio::time::timeout(HASHING_PATIENCE, all).await;
    }

    /// The files of a job, with the checksums that are known. Blocks while it reads.
    pub fn list(&self, job: &JobOutputs) -> Listing {
        let files = job.files.iter().filter_map(|(path, local_path)| {
            let size_bytes = std::fs::metadata(local_path).ok()?.len();
            Some(ListedFile {
                path: path.clone(),
                size_bytes,
                sha256: known(&self.hashes, local_path),
            })
        });
        Listing {
            files: files.collect(),
            elsewhere: job.elsewhere,
            is_complete: false,
        }
    }
}

impl JobOutputs {
    fn new(shared: SharedJob) -> Self {
        Self {
            root: output_root(shared.description()),
            open: shared.description().frames.iter().collect(),
            shared,
            files: BTreeMap::new(),
            elsewhere: 0,
        }
    }

    /// Looks at the frames that were not done, and at the film. Blocks; reads each new output to its end, once.
    pub fn refresh(&mut self, share: &Path) {
        let open = std::mem::take(&mut self.open);
        for frame in open {
            match self.shared.record(frame) {
                Some(record) => {
                    for output in record.outputs {
                        self.add(share, &output.path);
                    }
                }
                None => self.open.push(frame),
            }
        }
        for film in self.shared.film().unwrap_or_default().films {
            self.add(share, &film.path);
        }
    }

    /// The local paths of all files.
    pub fn local_paths(&self) -> Vec<PathBuf> {
        self.files.values().cloned().collect()
    }

    /// The local path of a file by its path below the output root; none where no record names it, or it is no file of the job
    /// any more. Blocks while it looks.
    pub fn find(&self, share: &Path, path: &str) -> Option<PathBuf> {
        let named = self.files.get(path)?;
        // It may have become a link since.
        below(share, &self.root, named)
    }

    fn add(&mut self, share: &Path, worker_path: &str) {
        let named = Path::new(worker_path);
        let inside = named.strip_prefix(&self.root).ok().and_then(relative);
        match (inside, below(share, &self.root, named)) {
            (Some(path), Some(_)) => {
                self.files.insert(path, named.to_owned());
            }
            _ => self.elsewhere += 1,
        }
    }
}

/// The folder that a job's outputs lie below: that of its main output, or of its film, up to the first part that differs
/// from frame to frame.
fn output_root(job: &JobDescription) -> PathBuf {
    let pattern = job.film.as_ref().map_or(&job.output, |film| &film.output);
    let folder = Path::new(pattern).parent().unwrap_or(Path::new(""));
    let is_fixed = |part: &Component<'_>| {
        let part = part.as_os_str().to_string_lossy();
        !part.contains(['#', '{'])
    };
    folder.components().take_while(is_fixed).collect()
}

/// A path of plain names alone, with `/`.
fn relative(path: &Path) -> Option<String> {
    let parts: Option<Vec<&str>> = path
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    parts
        .filter(|parts| !parts.is_empty())
        .map(|parts| parts.join("/"))
}

/// The file that a path leads to with every link followed, where that is a file below the output root, and the root itself
/// below the share.
fn below(share: &Path, root: &Path, path: &Path) -> Option<PathBuf> {
    let (share, root) = (share.canonicalize().ok()?, root.canonicalize().ok()?);
    let path = path.canonicalize().ok()?;
    (root.starts_with(&share) && path.starts_with(&root) && path.is_file()).then_some(path)
}

fn known(hashes: &Mutex<HashMap<PathBuf, Hashed>>, path: &Path) -> Option<String> {
    let metadata = std::fs::metadata(path).ok()?;
    let known = locked(hashes).get(path)?.clone();
    let is_same = known.size_bytes == metadata.len() && metadata.modified().ok()? == known.modified;
    is_same.then(|| known.sha256.clone())
}

fn hash_file(path: &Path) -> std::io::Result<Hashed> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1024 * 1024];
    loop {
        let count = file.read(&mut piece)?;
        if count == 0 {
            break;
        }
        hash.update(piece.get(..count).unwrap_or_default());
    }
    Ok(Hashed {
        size_bytes: metadata.len(),
        modified: metadata.modified()?,
        sha256: hash
            .finalize()
            .iter()
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_make_a_path() {
        assert_eq!(relative(Path::new("a/b.png")).as_deref(), Some("a/b.png"));
        for path in ["", "../a", "/a", "a/../../b"] {
            assert_eq!(relative(Path::new(path)), None, "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_out_of_the_root_or_the_share_is_no_file_of_the_job() {
        let folder = tempfile::tempdir().unwrap();
        let share = folder.path().join("share");
        let root = share.join("frames");
        std::fs::create_dir_all(&root).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        std::fs::write(share.join("other"), "x").unwrap();
        std::fs::write(root.join("a.png"), "x").unwrap();
        let link = |target: &Path, name: &str| {
            std::os::unix::fs::symlink(target, root.join(name)).unwrap();
        };
        link(&folder.path().join("secret"), "out");
        link(&share.join("other"), "beside");
        link(&root.join("a.png"), "inside");
        link(Path::new("/"), "folder");
        let found = |name: &str| below(&share, &root, &root.join(name)).is_some();
        assert!(found("a.png") && found("inside"));
        for name in [
            "out",
            "beside",
            "folder",
            "folder/etc/passwd",
            "../other",
            "nothing",
            ".",
        ] {
            assert!(!found(name), "{name}");
        }
        std::os::unix::fs::symlink("/etc", share.join("etc")).unwrap();
        assert!(below(&share, &share.join("etc"), &share.join("etc/passwd")).is_none());
    }

    #[test]
    fn a_checksum_is_that_of_the_bytes() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let hashed = hash_file(file.path()).unwrap();
        assert_eq!(
            hashed.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
