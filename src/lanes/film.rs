// SPDX-License-Identifier: Apache-2.0
//! The film of a job: what was asked for, and what became of it (`film.json` in the state folder).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::LanesError;
use super::files;
use crate::frames::FrameSet;

/// The film that the last lane puts together when every frame is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilmRequest {
    /// The scene's own output as Blender's pattern: Blender makes the film's name of it.
    pub output: String,
    /// Every frame of the film, those included that were rendered before this job.
    pub frames: FrameSet,
}

/// How a film stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilmStatus {
    /// The last lane puts it together.
    Encoding,
    /// It is in its place.
    Made,
    /// There was no ffmpeg: the frames are left as pictures.
    Left,
    /// It could not be put together.
    Failed,
    /// Its frames are not all there yet, or nobody has begun.
    #[default]
    #[serde(other)]
    Waiting,
}

/// A film that is in its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilmFile {
    /// The worker's path.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// How many frames it has.
    pub frames: u64,
}

/// What is known of a job's film.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FilmProgress {
    /// How it stands.
    pub status: FilmStatus,
    /// The films, one for each view.
    pub films: Vec<FilmFile>,
    /// Why there is none, or what differs from the scene's settings.
    pub message: String,
}

impl FilmProgress {
    /// What a state folder says of the film; a film that nobody has begun is waiting.
    pub fn read(state_dir: &Path) -> Self {
        std::fs::read(path(state_dir))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Whether there is none although every frame is there: it can be asked for again.
    pub fn is_lacking(&self) -> bool {
        matches!(self.status, FilmStatus::Failed | FilmStatus::Left)
    }

    /// Whether there is nothing left to do for it.
    pub fn is_settled(&self) -> bool {
        matches!(self.status, FilmStatus::Made | FilmStatus::Left)
    }
}

/// Asks for a film again that failed or was left for want of ffmpeg; says whether there is one.
pub fn ask_for_film_again(state_dir: &Path) -> Result<bool, LanesError> {
    let film = FilmProgress::read(state_dir);
    if !film.is_lacking() {
        return Ok(false);
    }
    let path = path(state_dir);
    let waiting = serde_json::json!({"format": 1, "status": FilmStatus::Waiting});
    files::replace_file(&path, "again", waiting.to_string().as_bytes())?;
    Ok(true)
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("film.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_film_that_was_left_or_failed_can_be_asked_for_again_and_one_that_was_made_cannot() {
        let folder = tempfile::tempdir().expect("a folder");
        let put = |text: &str| std::fs::write(path(folder.path()), text).expect("written");
        assert!(!ask_for_film_again(folder.path()).expect("readable"));
        put(
            r#"{"format": 1, "run": "a", "status": "made", "message": "",
             "films": [{"path": "/a/shot.mp4", "size_bytes": 7, "frames": 3}]}"#,
        );
        let film = FilmProgress::read(folder.path());
        assert!(film.is_settled());
        assert_eq!(film.films.first().map(|film| film.frames), Some(3));
        assert!(!ask_for_film_again(folder.path()).expect("readable"));
        for status in ["left", "failed"] {
            put(&format!(r#"{{"status": "{status}", "message": "why"}}"#));
            assert_eq!(FilmProgress::read(folder.path()).message, "why");
            assert!(ask_for_film_again(folder.path()).expect("writable"));
            assert_eq!(
                FilmProgress::read(folder.path()),
                FilmProgress::default(),
                "{status}"
            );
        }
    }

    #[test]
    fn a_status_of_a_later_version_reads_as_waiting() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(path(folder.path()), r#"{"status": "graded"}"#).expect("written");
        assert_eq!(
            FilmProgress::read(folder.path()).status,
            FilmStatus::Waiting
        );
    }
}
