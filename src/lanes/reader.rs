// SPDX-License-Identifier: Apache-2.0
//! How far a job is, read again and again at little cost.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::files::progress_path;
use super::film::{FilmProgress, FilmStatus};
use super::job::JobDescription;
use super::order::lane_order;
use super::progress::{FailedFrameSummary, FrameInWork, JobProgress, LaneProgress, Stage};
use super::record::{FailedFrame, FrameRecord};
use super::state::{FrameState, frame_state};

/// Open frames that are looked at from either end of each chunk: lanes come from there.
const FROM_EITHER_END: usize = 8;

/// Further open frames that are looked at in turn, so that none is overlooked for long.
const IN_TURN: usize = 64;

/// Frames that one call finds done at most: each has its outputs read to their ends.
const SETTLED_PER_CALL: usize = 64;

/// What a finished frame took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameTimes {
    /// The frame.
    pub frame: i32,
    /// The lane that rendered it.
    pub lane: u32,
    /// Time for the frame without loading, in seconds.
    pub seconds: f64,
    /// Time to load the scene before it, in seconds; 0 where it was loaded.
    pub load_secs: f64,
    /// When the frame began, in seconds since 1970.
    pub started_unix_secs: f64,
}

/// Reads the progress of one job, remembers what is done and looks only at what is not.
///
/// A frame that was done stays done; failed frames are looked at each time, since people may ask for them again.
#[derive(Debug)]
pub struct ProgressReader {
    state_dir: PathBuf,
    output_dir: String,
    has_film: bool,
    lanes: u32,
    frames_total: u64,
    /// The open frames of each chunk, in the order of its own lane.
    open: Vec<Vec<i32>>,
    /// Where looking in turn goes on, counted over all open frames.
    turn: usize,
    failed: BTreeMap<i32, FailedFrame>,
    done: Vec<FrameTimes>,
    last_output: Option<(f64, String)>,
}

impl ProgressReader {
    /// A reader that has not looked at any frame yet.
    pub fn new(job: &JobDescription, state_dir: &Path) -> Self {
        let chunks = (0..job.last_lane()).zip(&job.lanes);
        let open = chunks.map(|(lane, chunk)| {
            let length = usize::try_from(chunk.len()).unwrap_or(usize::MAX);
            lane_order(job, lane).into_iter().take(length).collect()
        });
        Self {
            state_dir: state_dir.to_owned(),
            output_dir: folder_of(job.film.as_ref().map_or(&job.output, |film| &film.output))
                .to_owned(),
            has_film: job.film.is_some(),
            lanes: job.last_lane(),
            frames_total: job.frames.len(),
            open: open.collect(),
            turn: 0,
            failed: BTreeMap::new(),
            done: Vec::new(),
            last_output: None,
        }
    }

    /// Looks at the frames that may have changed, and at what the lanes say that they do.
    ///
    /// `is_running` says of a lane (the last lane's number is the number of lanes) whether its task runs: a lane that
    /// was killed leaves its progress file behind. Costs little however many frames there are; where many frames were
    /// finished since the last call, some of them are told by the next one. `seconds_left` is left to the caller.
    pub fn read(&mut self, is_running: impl Fn(u32) -> bool) -> JobProgress {
        self.look_at_failed();
        let mut settled = 0;
        while settled < SETTLED_PER_CALL {
            let candidates = self.candidates();
            match self.look_at(&candidates, SETTLED_PER_CALL - settled) {
                0 => break,
                count => settled += count,
            }
        }
        self.progress(is_running)
    }

    /// As [`ProgressReader::read`], but looks at every open frame, however long it takes: for a decision.
    pub fn read_all(&mut self, is_running: impl Fn(u32) -> bool) -> JobProgress {
        self.look_at_failed();
        let all: Vec<i32> = self.open.iter().flatten().copied().collect();
        self.look_at(&all, usize::MAX);
        self.progress(is_running)
    }

    /// What the finished frames took, in the order in which they were found.
    pub fn times(&self) -> &[FrameTimes] {
        &self.done
    }

    /// The frames that are neither done nor failed as far as is known.
    pub fn open_frames(&self) -> impl Iterator<Item = i32> + '_ {
        self.open.iter().flatten().copied()
    }

    fn look_at_failed(&mut self) {
        for frame in self.failed.keys().copied().collect::<Vec<_>>() {
            match frame_state(&self.state_dir, frame) {
                FrameState::Failed(failed) => {
                    self.failed.insert(frame, failed);
                }
                FrameState::Done(record) => {
                    self.failed.remove(&frame);
                    self.finished(&record);
                }
                FrameState::Open => {
                    self.failed.remove(&frame);
                    match self.open.first_mut() {
                        Some(chunk) => chunk.push(frame),
                        None => self.open.push(vec![frame]),
                    }
                }
            }
        }
    }

    fn candidates(&mut self) -> Vec<i32> {
        let mut candidates = Vec::new();
        for chunk in &self.open {
            candidates.extend(chunk.iter().take(FROM_EITHER_END));
            candidates.extend(
                chunk
                    .iter()
                    .skip(FROM_EITHER_END)
                    .rev()
                    .take(FROM_EITHER_END),
            );
        }
        let count: usize = self.open.iter().map(Vec::len).sum();
        if count > 0 {
            candidates.extend(
                self.open
                    .iter()
                    .flatten()
                    .cycle()
                    .skip(self.turn % count)
                    .take(IN_TURN.min(count)),
            );
            self.turn = (self.turn + IN_TURN) % count;
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }

    /// Looks at frames until `at_most` of them are open no longer, and says how many are.
    fn look_at(&mut self, frames: &[i32], at_most: usize) -> usize {
        let mut settled = Vec::new();
        for &frame in frames {
            if settled.len() >= at_most {
                break;
            }
            match frame_state(&self.state_dir, frame) {
                FrameState::Done(record) => {
                    self.finished(&record);
                    settled.push(frame);
                }
                FrameState::Failed(failed) => {
                    self.failed.insert(frame, failed);
                    settled.push(frame);
                }
                FrameState::Open => {}
            }
        }
        if !settled.is_empty() {
            settled.sort_unstable();
            for chunk in &mut self.open {
                chunk.retain(|frame| settled.binary_search(frame).is_err());
            }
        }
        settled.len()
    }

    fn finished(&mut self, record: &FrameRecord) {
        let times = FrameTimes {
            frame: record.frame,
            lane: record.lane,
            seconds: record.seconds,
            load_secs: record.load_secs,
            started_unix_secs: record.started_unix_secs,
        };
        let ended = times.started_unix_secs + times.load_secs + times.seconds;
        if let Some(output) = record.outputs.first()
            && self
                .last_output
                .as_ref()
                .is_none_or(|(latest, _)| ended >= *latest)
        {
            self.last_output = Some((ended, output.path.clone()));
        }
        self.done.push(times);
    }

    fn progress(&self, is_running: impl Fn(u32) -> bool) -> JobProgress {
        let failed = self.failed.values().map(|failed| FailedFrameSummary {
            frame: failed.frame,
            reason: failed.reason.as_str().to_owned(),
            message: failed.message.clone(),
            crash_log: failed.crash_log.clone(),
        });
        let film = self.has_film.then(|| self.film(&is_running));
        JobProgress {
            frames_total: self.frames_total,
            frames_done: count(self.done.len()),
            frames_failed: count(self.failed.len()),
            in_work: (0..=self.lanes)
                .filter(|&lane| is_running(lane))
                .filter_map(|lane| self.in_work(lane))
                .collect(),
            failed: failed.collect(),
            seconds_left: None,
            render_secs_total: self
                .done
                .iter()
                .map(|times| times.seconds + times.load_secs)
                .sum(),
            last_output: self.last_output.as_ref().map(|(_, path)| path.clone()),
            output_dir: self.output_dir.clone(),
            film,
        }
    }

    fn film(&self, is_running: impl Fn(u32) -> bool) -> FilmProgress {
        let mut film = FilmProgress::read(&self.state_dir);
        if is_running(self.lanes) && self.stage_of(self.lanes) == Some(Stage::Encoding) {
            film.status = FilmStatus::Encoding;
        }
        film
    }

    fn stage_of(&self, lane: u32) -> Option<Stage> {
        let bytes = std::fs::read(progress_path(&self.state_dir, lane)).ok()?;
        Some(LaneProgress::parse(&bytes)?.stage)
    }

    fn in_work(&self, lane: u32) -> Option<FrameInWork> {
        let bytes = std::fs::read(progress_path(&self.state_dir, lane)).ok()?;
        let progress = LaneProgress::parse(&bytes)
            .filter(|progress| !matches!(progress.stage, Stage::Idle | Stage::Encoding))?;
        Some(FrameInWork {
            frame: progress.frame?,
            lane,
            started_unix_secs: progress
                .started_unix_secs
                .unwrap_or(progress.updated_unix_secs),
            samples_done: progress.samples_done,
            samples_total: progress.samples_total,
            stage: progress.stage,
        })
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The folder of an output pattern, which may be that of another system.
fn folder_of(pattern: &str) -> &str {
    pattern
        .rfind(['/', '\\'])
        .map_or("", |end| pattern.get(..end.max(1)).unwrap_or(pattern))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::job::tests::job;
    use super::super::state::retry_failed;
    use super::super::state::tests::Folder;
    use super::*;

    #[test]
    fn progress_counts_what_is_done_failed_and_in_work() {
        let folder = Folder::new();
        let mut reader = ProgressReader::new(&job(&["1-5", "6-10"]), folder.path());
        assert_eq!(reader.read(|_| true).frames_open(), 10);
        folder.record(1, 5);
        folder.record(10, 5);
        folder.failed(6, 0);
        let lane = r#"{"lane": 0, "run": "a", "frame": 2, "started_unix_secs": 5.0, "updated_unix_secs": 6.0,
            "samples_done": 3, "samples_total": 16, "stage": "rendering"}"#;
        for number in ["0", "1"] {
            fs::write(folder.path().join(format!("progress/{number}.json")), lane)
                .expect("written");
        }
        let progress = reader.read(|lane| lane == 0);
        assert_eq!(
            (
                progress.frames_done,
                progress.frames_failed,
                progress.frames_open()
            ),
            (2, 1, 7)
        );
        assert_eq!(progress.in_work.len(), 1);
        assert_eq!(
            (progress.in_work[0].frame, progress.in_work[0].samples_done),
            (2, Some(3))
        );
        assert_eq!(
            (progress.failed[0].frame, progress.failed[0].reason.as_str()),
            (6, "crash")
        );
        assert!((progress.render_secs_total - 6.0).abs() < 1e-9);
        assert!(
            progress
                .last_output
                .is_some_and(|path| path.ends_with("10.any"))
        );
        assert_eq!(progress.output_dir, "/worker/path/frames");
    }

    #[test]
    fn a_failed_frame_that_is_asked_for_again_is_open_and_then_done() {
        let folder = Folder::new();
        let job = job(&["1-5", "6-10"]);
        let mut reader = ProgressReader::new(&job, folder.path());
        folder.failed(6, 0);
        assert_eq!(reader.read(|_| false).frames_failed, 1);
        retry_failed(&job, folder.path()).expect("written");
        assert_eq!(reader.read(|_| false).frames_open(), 10);
        folder.record(6, 5);
        assert_eq!(reader.read(|_| false).frames_done, 1);
    }

    #[test]
    fn frames_that_come_in_any_order_are_found_in_a_few_calls() {
        let folder = Folder::new();
        let mut reader = ProgressReader::new(&job(&["1-1000", "1001-2000"]), folder.path());
        for frame in (1..=2000).step_by(7) {
            folder.record(frame, 5);
        }
        let expected = 286;
        let calls = (1..=60).find(|_| reader.read(|_| false).frames_done == expected);
        assert!(calls.is_some());
        let mut at_once = ProgressReader::new(&job(&["1-1000", "1001-2000"]), folder.path());
        assert_eq!(at_once.read_all(|_| false).frames_done, expected);
    }

    #[test]
    fn a_lane_that_walks_on_is_seen_at_every_call() {
        let folder = Folder::new();
        let mut reader = ProgressReader::new(&job(&["1-3000"]), folder.path());
        for (done, frame) in (1_u64..).zip(1..=40) {
            folder.record(frame, 5);
            assert_eq!(reader.read(|_| false).frames_done, done);
        }
    }

    #[test]
    fn the_folder_of_an_output_is_found_on_either_system() {
        assert_eq!(folder_of("/a/b/shot_####"), "/a/b");
        assert_eq!(folder_of("Z:\\a\\shot_"), "Z:\\a");
        assert_eq!(folder_of("/shot_"), "/");
        assert_eq!(folder_of("shot_"), "");
    }
}
