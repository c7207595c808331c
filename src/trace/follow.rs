// SPDX-License-Identifier: Apache-2.0
//! From one .blend file through all libraries, several at once, each with only what is linked from it.
//!
//! Goes in waves: all files that the last wave asked for are read in parallel. A file that is asked for again is read
//! again, but only what is new in it is looked at; so a cycle ends by itself.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::disk::Disk;
use super::resolve::resolve;
use super::{Problem, Progress};
use crate::blend::{
    self, BlendError, BlendFile, Link, Roots, Scanned, SequenceId, StoredPath, Timing, Visited,
};
use crate::frames::FrameSet;

/// What was read of all files.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// Files with what a scan of them found, in the order of reading; a file may come twice.
    pub scans: Vec<(Arc<Path>, Scanned)>,
    pub problems: Vec<Problem>,
    /// The frames of the first file's scenes; none where they can't be known.
    pub frames: Option<FrameSet>,
    /// What shows the sequences of each file's data-blocks, and when.
    pub timings: HashMap<(PathBuf, usize), Vec<Timing>>,
    /// The same of data-blocks that other files link, by their names.
    pub linked_timings: HashMap<(PathBuf, Vec<u8>), Vec<Timing>>,
}

/// A sequence that is shown in more ways than this is taken as it lies on disk.
const MAX_TIMINGS: usize = 1_000;

/// What is asked for in each file.
type Wave = BTreeMap<PathBuf, Vec<Vec<u8>>>;

struct Follower<'a> {
    disk: &'a Disk,
    progress: &'a Progress,
    /// What has been looked at in each file.
    visited: HashMap<PathBuf, Visited>,
    /// What has been asked for in each file.
    asked: HashMap<PathBuf, HashSet<Vec<u8>>>,
    unreadable: HashSet<PathBuf>,
    followed: Followed,
}

/// Reads the file, which lies at `root`, and all that it links, first from its scenes, then from all else that it holds.
pub(super) fn follow(
    file: &BlendFile,
    root: &Path,
    disk: &Disk,
    progress: &Progress,
) -> Result<Followed, BlendError> {
    let mut follower = Follower {
        disk,
        progress,
        visited: HashMap::new(),
        asked: HashMap::new(),
        unreadable: HashSet::new(),
        followed: Followed::default(),
    };
    progress.blend_files_known.store(1, Ordering::Relaxed);
    follower.followed.frames = frames_of_scenes(file)?;
    let mut visited = Visited::default();
    for (roots, is_used) in [(Roots::Scenes, true), (Roots::All, false)] {
        let scanned = blend::scan(file, &mut visited, roots, is_used)?;
        follower.visited.insert(root.to_owned(), visited);
        progress.blend_files_read.store(1, Ordering::Relaxed);
        let mut wave = Wave::new();
        follower.take(Arc::from(root), scanned, &mut wave);
        follower.follow(wave, is_used);
        // A library may link from the first file.
        visited = follower.visited.remove(root).unwrap_or_default();
    }
    Ok(follower.followed)
}

/// The frames of all scenes of a file; none where a scene stretches its time, or they interleave too much.
fn frames_of_scenes(file: &BlendFile) -> Result<Option<FrameSet>, BlendError> {
    let mut all = FrameSet::default();
    for scene in file.items("SC")? {
        let frame = |path: &str| scene.int(path).and_then(|frame| i32::try_from(frame).ok());
        let (Some(first), Some(last)) = (frame("r.sfra"), frame("r.efra")) else {
            return Ok(None);
        };
        let is_stretched = scene.int("r.framapto") != scene.int("r.images");
        let step = scene.int("r.frame_step").unwrap_or(1).max(1);
        let frames = FrameSet::from_range(first, last, u32::try_from(step).unwrap_or(1));
        let Some(frames) = frames.ok().filter(|_| !is_stretched) else {
            return Ok(None);
        };
        let Ok(more) = all.union(&frames) else {
            return Ok(None);
        };
        all = more;
    }
    Ok((!all.is_empty()).then_some(all))
}

impl Follower<'_> {
    fn follow(&mut self, first: Wave, is_used: bool) {
        let mut wave = first;
        while !wave.is_empty() && !self.progress.is_cancelled() {
            let work: Vec<(PathBuf, Vec<Vec<u8>>, Visited)> = std::mem::take(&mut wave)
                .into_iter()
                .filter(|(path, _)| !self.unreadable.contains(path))
                .map(|(path, names)| {
                    let visited = self.visited.remove(&path).unwrap_or_default();
                    (path, names, visited)
                })
                .collect();
            let read: Vec<_> = work
                .into_par_iter()
                .map(|(path, names, mut visited)| {
                    let scanned = BlendFile::open(&path).and_then(|file| {
                        blend::scan(&file, &mut visited, Roots::Named(&names), is_used)
                    });
                    self.progress
                        .blend_files_read
                        .fetch_add(1, Ordering::Relaxed);
                    (path, visited, scanned)
                })
                .collect();
            for (path, visited, scanned) in read {
                match scanned {
                    Ok(scanned) => {
                        self.take(Arc::from(path.as_path()), scanned, &mut wave);
                        self.visited.insert(path, visited);
                    }
                    Err(error) => {
                        let code = match error {
                            BlendError::Missing { .. } => "library_missing",
                            _ => "library_unreadable",
                        };
                        let message = error.to_string();
                        let problem = Problem {
                            code,
                            path: path.clone(),
                            message,
                        };
                        self.followed.problems.push(problem);
                        self.unreadable.insert(path);
                    }
                }
            }
        }
    }

    /// Takes over what a scan found, and asks for what it links.
    fn take(&mut self, path: Arc<Path>, scanned: Scanned, wave: &mut Wave) {
        let folder = path.parent().unwrap_or(Path::new(""));
        let disk = self.disk;
        let mut libraries: HashMap<&[u8], Option<PathBuf>> = HashMap::new();
        let lies_at = |library: &StoredPath| {
            let target = resolve(library, folder)?;
            if target.is_file() {
                return Some(target);
            }
            Some(disk.in_other_letters(&target).unwrap_or(target))
        };
        for Link { library, name } in &scanned.links {
            let target = libraries.entry(library.as_bytes());
            let target = target.or_insert_with(|| lies_at(library));
            let Some(target) = target else { continue };
            let is_known = self.asked.contains_key(target);
            let asked = self.asked.entry(target.clone()).or_default();
            if asked.insert(name.clone()) {
                wave.entry(target.clone()).or_default().push(name.clone());
            }
            if !is_known {
                self.progress
                    .blend_files_known
                    .fetch_add(1, Ordering::Relaxed);
            }
        }
        for user in &scanned.sequence_users {
            let timings = match &user.sequence {
                SequenceId::Own(data_block) => {
                    let key = (path.to_path_buf(), *data_block);
                    self.followed.timings.entry(key).or_default()
                }
                SequenceId::Linked(Link { library, name }) => {
                    let target = libraries.entry(library.as_bytes());
                    let target = target.or_insert_with(|| lies_at(library));
                    let Some(target) = target else { continue };
                    let key = (target.clone(), name.clone());
                    self.followed.linked_timings.entry(key).or_default()
                }
            };
            let has_room = timings.len() < MAX_TIMINGS;
            let timing = if has_room {
                user.timing
            } else {
                Timing::Unknown
            };
            if !timings.contains(&timing) {
                timings.push(timing);
            }
        }
        for name in &scanned.not_found {
            self.followed.problems.push(Problem {
                code: "data_block_missing",
                path: path.to_path_buf(),
                message: format!(
                    "{name} is linked, but is not in the library any more; link it again, or bring it back: {}",
                    path.display()
                ),
            });
        }
        self.followed.scans.push((path, scanned));
    }
}
