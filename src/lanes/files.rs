// SPDX-License-Identifier: Apache-2.0
//! Where the files of a job lie, and how they are put there.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::LanesError;

/// The folder below a job's storage that holds all that Farmhand keeps beside the outputs.
pub const FARMHAND_DIR: &str = ".farmhand";

/// The folder that is staged before a job is sent; holds [`job_file`] and [`renderer_file`].
pub fn staging_dir(storage: &Path, submission_id: &str) -> PathBuf {
    storage.join(FARMHAND_DIR).join(submission_id)
}

/// The state folder of a job; the first lane that runs makes it.
pub fn state_dir(storage: &Path, submission_id: &str, job_id: &str) -> PathBuf {
    storage
        .join(FARMHAND_DIR)
        .join(format!("{submission_id}-{job_id}"))
}

/// Whether a text is a submission id: names of folders are made of it, and nothing that leads elsewhere passes.
pub fn is_submission_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The job description in a staging folder.
pub fn job_file(staging_dir: &Path) -> PathBuf {
    staging_dir.join("job.json")
}

/// The renderer that travels with the job, in a staging folder.
pub fn renderer_file(staging_dir: &Path) -> PathBuf {
    staging_dir.join("render.py")
}

/// A frame's number as its files are named: padded with zeros to six characters, sign included.
pub fn frame_name(frame: i32) -> String {
    format!("{frame:06}")
}

/// The folder of claims, records and failed files.
pub fn frames_dir(state_dir: &Path) -> PathBuf {
    state_dir.join("frames")
}

/// Who may render the frame.
pub fn claim_path(state_dir: &Path, frame: i32) -> PathBuf {
    frames_dir(state_dir).join(format!("{}.claim", frame_name(frame)))
}

/// The frame record: the frame is rendered.
pub fn record_path(state_dir: &Path, frame: i32) -> PathBuf {
    frames_dir(state_dir).join(format!("{}.json", frame_name(frame)))
}

/// Why the frame could not be rendered.
pub fn failed_path(state_dir: &Path, frame: i32) -> PathBuf {
    frames_dir(state_dir).join(format!("{}.failed.json", frame_name(frame)))
}

/// What a lane does now.
pub fn progress_path(state_dir: &Path, lane: u32) -> PathBuf {
    state_dir.join("progress").join(format!("{lane}.json"))
}

/// Where a run keeps outputs that are not finished.
pub fn run_tmp_dir(state_dir: &Path, run: &str) -> PathBuf {
    state_dir.join("tmp").join(run)
}

/// Writes `bytes` under a temporary name beside `path`, flushes them and renames them over `path`.
///
/// A reader sees the old file or the new one, never a part; `run` keeps two writers' temporary files apart.
pub fn replace_file(path: &Path, run: &str, bytes: &[u8]) -> Result<(), LanesError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = path.with_file_name(format!(".{name}.{run}.tmp"));
    let written = File::create(&temporary)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The write has failed already; what is left of it is only untidy.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(LanesError::write(path))
}

/// Reads a file that may not be there yet.
pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, LanesError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LanesError::read(path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_named_by_its_number_in_six_characters_sign_included() {
        assert_eq!(frame_name(12), "000012");
        assert_eq!(frame_name(-12), "-00012");
        assert_eq!(frame_name(1_234_567), "1234567");
        assert_eq!(frame_name(0), "000000");
    }

    #[test]
    fn paths_follow_the_contract() {
        let state = state_dir(Path::new("s"), "sub", "job");
        assert_eq!(state, Path::new("s/.farmhand/sub-job"));
        assert_eq!(
            job_file(&staging_dir(Path::new("s"), "sub")),
            Path::new("s/.farmhand/sub/job.json")
        );
        assert_eq!(claim_path(&state, 12), state.join("frames/000012.claim"));
        assert_eq!(record_path(&state, 12), state.join("frames/000012.json"));
        assert_eq!(
            failed_path(&state, 12),
            state.join("frames/000012.failed.json")
        );
        assert_eq!(progress_path(&state, 2), state.join("progress/2.json"));
        assert_eq!(run_tmp_dir(&state, "ab"), state.join("tmp/ab"));
    }

    #[test]
    fn replacing_a_file_leaves_no_temporary_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("000001.claim");
        replace_file(&path, "run", b"one").expect("written");
        replace_file(&path, "run", b"two").expect("written");
        assert_eq!(fs::read(&path).expect("there"), b"two");
        assert_eq!(fs::read_dir(dir.path()).expect("listed").count(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_is_an_error_that_names_the_file() {
        let error = replace_file(Path::new("/nowhere/at/all/x.claim"), "run", b"")
            .expect_err("no such folder");
        assert!(error.to_string().contains("x.claim"), "{error}");
    }
}
