// SPDX-License-Identifier: Apache-2.0
//! Every file that a scene needs: what its .blend file names, what the libraries that it links name, and what all these
//! paths stand for on disk.
//!
//! [`trace`] reads .blend files by [`crate::blend::scan`], follows libraries in parallel, each with only those of its
//! data-blocks that are linked, and looks on disk for tiles, frames and caches. A library that is missing or damaged is
//! a [`Problem`] in the result; only the first file has to be readable.

mod disk;
mod expand;
mod files;
mod follow;
mod resolve;
mod sequence;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde::{Serialize, Serializer};

use crate::blend::{BlendError, BlendFile, Dependency, DependencyKind, Role};
use crate::frames::FrameSet;

pub use resolve::resolve;
pub use sequence::SequenceFrames;

/// Everything that a scene needs.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Trace {
    /// Every file once, the .blend file itself first. Files of one dependency stand together.
    pub files: Vec<TracedFile>,
    /// Every path of every .blend file, in the order in which they were read.
    pub dependencies: Vec<TracedDependency>,
    /// What could not be followed.
    pub problems: Vec<Problem>,
}

/// One file that a scene needs, on disk or missing there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TracedFile {
    /// The file. A path of another platform, which leads nowhere here, is as it is stored.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// What it is for.
    pub kind: DependencyKind,
    /// The data-block that names it first.
    pub owner: String,
    /// Bytes; none where it is missing.
    pub size_bytes: Option<u64>,
    /// Whether it isn't there.
    pub missing: bool,
    /// Where a file lies whose name differs only in capital and small letters. Blender doesn't find it.
    #[serde(serialize_with = "as_text_or_null")]
    pub found_as: Option<PathBuf>,
    /// Whether rendering does badly without it; other files belong to what no scene uses, or are made anew.
    pub is_required: bool,
    /// The .blend file that names it.
    #[serde(serialize_with = "as_text")]
    pub named_in: Arc<Path>,
}

/// One path of one .blend file, and what it stands for.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TracedDependency {
    /// What the .blend file says.
    pub dependency: Dependency,
    /// The .blend file.
    pub blend_file: Arc<Path>,
    /// Where the path leads, on this computer.
    pub path: PathBuf,
    /// The files that it stands for, as indices in [`Trace::files`]; none for outputs and for what is packed.
    pub files: Vec<usize>,
    /// Which frames the scenes ask for and which are missing, of a sequence of files.
    pub frames: Option<SequenceFrames>,
}

/// Something that could not be followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct Problem {
    /// A stable name: `library_missing`, `library_unreadable`, `data_block_missing`.
    pub code: &'static str,
    /// The file that it is about.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// What happened and what to do.
    pub message: String,
}

impl Trace {
    /// The paths that rendering or baking writes to.
    pub fn outputs(&self) -> impl Iterator<Item = &TracedDependency> {
        self.dependencies
            .iter()
            .filter(|found| found.dependency.role == Role::Output)
    }
}

/// How far a trace is, for whoever watches it from another thread, and how to end it early.
#[derive(Debug, Default)]
pub struct Progress {
    blend_files_known: AtomicU64,
    blend_files_read: AtomicU64,
    paths_looked_up: AtomicU64,
    is_cancelled: AtomicBool,
}

impl Progress {
    /// .blend files known so far.
    pub fn blend_files_known(&self) -> u64 {
        self.blend_files_known.load(Ordering::Relaxed)
    }

    /// .blend files that have been read.
    pub fn blend_files_read(&self) -> u64 {
        self.blend_files_read.load(Ordering::Relaxed)
    }

    /// Paths that have been looked for on disk.
    pub fn paths_looked_up(&self) -> u64 {
        self.paths_looked_up.load(Ordering::Relaxed)
    }

    /// Ends the trace soon, with what it has by then.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }
}

/// Finds every file that the scenes of a .blend file need. An error stands for the file itself; all that is wrong
/// further on is in [`Trace::problems`], and as missing in [`Trace::files`].
///
/// Of sequences, what all frames of all scenes of the file ask for is required.
pub fn trace(path: &Path, progress: &Progress) -> Result<Trace, BlendError> {
    trace_opened(&open(path)?, None, progress)
}

/// [`trace`] for some frames: of sequences, only what these ask for is required.
pub fn trace_frames(
    path: &Path,
    frames: &FrameSet,
    progress: &Progress,
) -> Result<Trace, BlendError> {
    trace_opened(&open(path)?, Some(frames), progress)
}

fn open(path: &Path) -> Result<BlendFile, BlendError> {
    BlendFile::open(&resolve::absolute(path))
}

/// [`trace`], or [`trace_frames`], of a file that is open already.
pub fn trace_opened(
    file: &BlendFile,
    frames: Option<&FrameSet>,
    progress: &Progress,
) -> Result<Trace, BlendError> {
    let path = resolve::absolute(file.path());
    let disk = disk::Disk::default();
    let mut followed = follow::follow(file, &path, &disk, progress)?;
    if let (Some(frames), true) = (frames, followed.frames.is_some()) {
        followed.frames = Some(frames.clone());
    }
    Ok(files::collect(&path, followed, &disk, progress))
}

/// Names on disk need not be text; JSON must be.
fn as_text<S: Serializer>(path: impl AsRef<Path>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.as_ref().display())
}

#[expect(clippy::ref_option, reason = "serde hands fields over so")]
fn as_text_or_null<S: Serializer>(
    path: &Option<PathBuf>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match path {
        Some(path) => as_text(path, serializer),
        None => serializer.serialize_none(),
    }
}
