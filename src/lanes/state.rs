// SPDX-License-Identifier: Apache-2.0
//! Where the frames of a job stand, read from its state folder, and asking again for those that failed.
//!
//! Files are looked for by opening them, never by listing a folder: on NFS a listing may be old.

use std::fs;
use std::path::Path;

use super::claim::Claim;
use super::error::LanesError;
use super::files::{claim_path, failed_path, read_if_there, record_path, replace_file};
use super::job::JobDescription;
use super::record::{FailedFrame, FrameRecord, Output};
use super::rules::Looked;
use crate::outputs::{Wholeness, is_whole};

/// Where one frame stands.
#[derive(Clone, Debug, PartialEq)]
pub enum FrameState {
    /// Rendered: there is a record, and every output that it names is there and whole.
    Done(FrameRecord),
    /// Given up, and nobody has asked for it again.
    Failed(FailedFrame),
    /// Neither.
    Open,
}

/// Where a frame stands by its files. A file that cannot be read counts as absent, as for a lane that looks.
pub fn frame_state(state_dir: &Path, frame: i32) -> FrameState {
    let record = open_json(&record_path(state_dir, frame), FrameRecord::parse);
    if let Some(record) = record.filter(outputs_are_whole) {
        return FrameState::Done(record);
    }
    let Some(failed) = open_json(&failed_path(state_dir, frame), FailedFrame::parse) else {
        return FrameState::Open;
    };
    let claim = open_json(&claim_path(state_dir, frame), Claim::parse);
    match Looked::from_files(false, Some(failed.retry), claim.map(|claim| claim.retry)) {
        Looked::Failed => FrameState::Failed(failed),
        Looked::Done | Looked::Open => FrameState::Open,
    }
}

/// The records of the frames that are done, in the order of the frames.
pub fn frame_records(job: &JobDescription, state_dir: &Path) -> Vec<FrameRecord> {
    let records = job
        .frames
        .iter()
        .filter_map(|frame| match frame_state(state_dir, frame) {
            FrameState::Done(record) => Some(record),
            FrameState::Failed(_) | FrameState::Open => None,
        });
    records.collect()
}

/// Asks again for every failed frame of a job of which no lane runs, and says whose lane each is.
///
/// Each frame goes back to its home lane under a fresh claim. Whoever calls this sets those lanes and the last lane
/// queued, then requeues the job.
pub fn retry_failed(job: &JobDescription, state_dir: &Path) -> Result<Vec<(i32, u32)>, LanesError> {
    let run = uuid::Uuid::new_v4().simple().to_string();
    let mut asked = Vec::new();
    for frame in job.frames.iter() {
        let FrameState::Failed(failed) = frame_state(state_dir, frame) else {
            continue;
        };
        let path = claim_path(state_dir, frame);
        let old = read_if_there(&path)?.and_then(|bytes| Claim::parse(&bytes));
        let lane = job.home_lane(frame);
        let claim = fresh_claim(lane, &run, &failed, old.as_ref());
        let bytes = serde_json::to_vec(&claim).map_err(|source| LanesError::Damaged {
            path: path.clone(),
            source,
        })?;
        replace_file(&path, &run, &bytes)?;
        asked.push((frame, lane));
    }
    Ok(asked)
}

/// The claim that makes a failed file count no longer. The old claim may be unreadable, so the failed file is asked too.
fn fresh_claim(lane: u32, run: &str, failed: &FailedFrame, old: Option<&Claim>) -> Claim {
    let retry = old
        .map_or(failed.retry, |claim| claim.retry.max(failed.retry))
        .saturating_add(1);
    Claim {
        lane,
        run: run.to_owned(),
        worker: "retry".to_owned(),
        fails: 0,
        lost: 0,
        retry,
    }
}

fn open_json<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Option<T>) -> Option<T> {
    fs::read(path).ok().and_then(|bytes| parse(&bytes))
}

fn outputs_are_whole(record: &FrameRecord) -> bool {
    !record.outputs.is_empty() && record.outputs.iter().all(output_is_whole)
}

/// Sizes are compared only where the format is not looked into: a run that was taken over may have put its own whole
/// rendering of the frame, of another size, in place of the recorded one.
fn output_is_whole(output: &Output) -> bool {
    let path = Path::new(&output.path);
    match is_whole(path) {
        Ok(Wholeness::Whole) => true,
        Ok(Wholeness::Unknown) => {
            fs::metadata(path).is_ok_and(|metadata| metadata.len() == output.size_bytes)
        }
        Ok(Wholeness::Broken(_)) | Err(_) => false,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::files::frames_dir;
    use super::super::job::tests::job;
    use super::super::record::FailReason;
    use super::*;

    /// A state folder whose frames are put as a test wants them.
    pub(crate) struct Folder(tempfile::TempDir);

    impl Folder {
        pub(crate) fn new() -> Self {
            let dir = tempfile::tempdir().expect("a folder");
            fs::create_dir_all(frames_dir(dir.path())).expect("made");
            fs::create_dir_all(dir.path().join("progress")).expect("made");
            Self(dir)
        }

        pub(crate) fn path(&self) -> &Path {
            self.0.path()
        }

        /// A frame whose record says `size_bytes`, with an output of five bytes in a format that isn't looked into.
        pub(crate) fn record(&self, frame: i32, size_bytes: u64) -> FrameRecord {
            let output = self.path().join(format!("{frame}.any"));
            fs::write(&output, b"12345").expect("written");
            let record = FrameRecord {
                format: 1,
                frame,
                lane: 0,
                run: "a".into(),
                worker: "host:1".into(),
                retry: 0,
                seconds: 2.0,
                load_secs: 1.0,
                started_unix_secs: 100.0 + f64::from(frame),
                device: "CPU".into(),
                device_names: vec![],
                samples: None,
                peak_memory_bytes: None,
                blender_version: String::new(),
                outputs: vec![Output {
                    path: output.to_string_lossy().into_owned(),
                    size_bytes,
                }],
            };
            let bytes = serde_json::to_vec(&record).expect("writable");
            replace_file(&record_path(self.path(), frame), "a", &bytes).expect("written");
            record
        }

        pub(crate) fn failed(&self, frame: i32, retry: u32) -> FailedFrame {
            let failed = FailedFrame {
                format: 1,
                frame,
                lane: 0,
                run: "a".into(),
                worker: "host:1".into(),
                retry,
                reason: FailReason::Crash,
                message: "it crashed".into(),
                log_tail: vec![],
                crash_log: None,
            };
            let bytes = serde_json::to_vec(&failed).expect("writable");
            replace_file(&failed_path(self.path(), frame), "a", &bytes).expect("written");
            failed
        }

        pub(crate) fn claim(&self, frame: i32, retry: u32) {
            let claim = Claim {
                lane: 1,
                run: "a".into(),
                worker: "host:1".into(),
                fails: 2,
                lost: 3,
                retry,
            };
            let bytes = serde_json::to_vec(&claim).expect("writable");
            replace_file(&claim_path(self.path(), frame), "a", &bytes).expect("written");
        }
    }

    #[test]
    fn a_frame_is_done_only_where_its_output_has_the_recorded_size_or_is_known_to_be_whole() {
        let folder = Folder::new();
        let record = folder.record(1, 5);
        folder.record(2, 6);
        assert_eq!(frame_state(folder.path(), 1), FrameState::Done(record));
        assert_eq!(frame_state(folder.path(), 2), FrameState::Open);
        assert_eq!(frame_state(folder.path(), 3), FrameState::Open);
    }

    #[test]
    fn a_record_without_outputs_is_no_proof() {
        let folder = Folder::new();
        let mut record = folder.record(1, 5);
        record.outputs.clear();
        let bytes = serde_json::to_vec(&record).expect("writable");
        replace_file(&record_path(folder.path(), 1), "a", &bytes).expect("written");
        assert_eq!(frame_state(folder.path(), 1), FrameState::Open);
    }

    #[test]
    fn an_ok_record_outranks_a_failed_file() {
        let folder = Folder::new();
        folder.failed(1, 0);
        let record = folder.record(1, 5);
        assert_eq!(frame_state(folder.path(), 1), FrameState::Done(record));
    }

    #[test]
    fn a_failed_file_counts_until_people_ask_again() {
        let folder = Folder::new();
        let failed = folder.failed(1, 1);
        assert_eq!(
            frame_state(folder.path(), 1),
            FrameState::Failed(failed.clone())
        );
        folder.claim(1, 1);
        assert_eq!(frame_state(folder.path(), 1), FrameState::Failed(failed));
        folder.claim(1, 2);
        assert_eq!(frame_state(folder.path(), 1), FrameState::Open);
    }

    #[test]
    fn retrying_gives_each_failed_frame_back_to_its_home_lane_and_leaves_the_others_alone() {
        let folder = Folder::new();
        let job = job(&["1-2", "3-4"]);
        folder.record(1, 5);
        folder.failed(1, 0);
        folder.failed(2, 0);
        folder.claim(2, 0);
        folder.failed(3, 4);
        fs::write(claim_path(folder.path(), 3), b"").expect("written");
        assert_eq!(
            retry_failed(&job, folder.path()).expect("written"),
            [(2, 0), (3, 1)]
        );
        let claim = Claim::parse(&fs::read(claim_path(folder.path(), 3)).expect("there"))
            .expect("readable");
        assert_eq!(
            (claim.lane, claim.fails, claim.lost, claim.retry),
            (1, 0, 0, 5)
        );
        assert_eq!(frame_state(folder.path(), 2), FrameState::Open);
        assert_eq!(frame_state(folder.path(), 3), FrameState::Open);
        assert_eq!(
            retry_failed(&job, folder.path()).expect("nothing to do"),
            []
        );
        assert_eq!(frame_records(&job, folder.path()).len(), 1);
    }
}
