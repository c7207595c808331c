// SPDX-License-Identifier: Apache-2.0
//! The watch over jobs in work (rule 8 of `docs/lanes.md`): what their state folders say decides what is left to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use time::{Duration, OffsetDateTime};

use super::compile::LAST_LANE;
use super::state::{FarmState, job_state_dir};
use super::store::{JobRow, Store, StoreError, TaskRow};
use crate::farm::models::{JobStatus, TaskStatus};
use crate::lanes::{
    FilmProgress, FilmStatus, JobDescription, JobProgress, LanesError, ProgressReader, SecondsLeft,
};
use crate::plan::{self, FinishedFrame, Remaining, RunningFrame};

/// A job that settled less than this long ago is still told of.
pub const TOLD_AFTER_END: Duration = Duration::MINUTE;

/// A change is found for so long, though the clock may be set back in between; longer than two looks are apart.
const CHANGE_FOUND_FOR: Duration = Duration::seconds(30);

/// What the watch remembers between two looks: nothing of jobs that stand still, however many they are.
#[derive(Debug)]
pub struct Watch {
    jobs: BTreeMap<String, Watched>,
    /// When a job or a task of it had last changed at the last look: one that stands still is not looked at again.
    seen_at: BTreeMap<String, OffsetDateTime>,
    /// When was last looked; at first everything is new.
    looked_at: OffsetDateTime,
    is_busy: bool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            jobs: BTreeMap::new(),
            seen_at: BTreeMap::new(),
            looked_at: OffsetDateTime::UNIX_EPOCH + CHANGE_FOUND_FOR,
            is_busy: false,
        }
    }
}

#[derive(Debug)]
struct Watched {
    description: JobDescription,
    state_dir: PathBuf,
    reader: ProgressReader,
}

impl Watched {
    fn open(row: &JobRow) -> Result<Self, LanesError> {
        let description = JobDescription::load(Path::new(row.setting("job_file")))?;
        let state_dir = job_state_dir(row);
        Ok(Self {
            reader: ProgressReader::new(&description, &state_dir),
            description,
            state_dir,
        })
    }
}

impl Watch {
    /// Whether a job is in work, so that its state folder changes without anybody telling.
    pub fn is_busy(&self) -> bool {
        self.is_busy
    }

    /// Looks at the jobs that changed or are in work, and draws the conclusions.
    pub async fn look(&mut self, state: &Arc<FarmState>) -> Result<(), StoreError> {
        let mut watch = std::mem::take(self);
        let state = Arc::clone(state);
        let looked = tokio::task::spawn_blocking(move || {
            let result = watch.look_at_all(&state);
            (watch, result)
        });
        match looked.await {
            Ok((watch, result)) => {
                *self = watch;
                result
            }
            Err(_) => Err(StoreError::Closing),
        }
    }

    fn look_at_all(&mut self, state: &FarmState) -> Result<(), StoreError> {
        let now = OffsetDateTime::now_utc();
        let rows = state
            .store
            .stirring_jobs(self.looked_at.min(now) - CHANGE_FOUND_FOR)?;
        let ids: BTreeSet<&str> = rows.iter().map(|row| row.job.id.as_str()).collect();
        self.jobs.retain(|id, _| ids.contains(id.as_str()));
        self.seen_at.retain(|id, _| ids.contains(id.as_str()));
        self.is_busy = false;
        for row in &rows {
            if row.job.status.is_settled() {
                self.last_look(state, row)?;
            } else {
                self.look_at(state, row)?;
            }
        }
        self.looked_at = now;
        Ok(())
    }

    fn look_at(&mut self, state: &FarmState, row: &JobRow) -> Result<(), StoreError> {
        let id = &row.job.id;
        let tasks = state.store.tasks(id)?;
        let lanes_at_work = lanes_at_work(&tasks);
        self.is_busy |= !lanes_at_work.is_empty();
        // A lane that ended changes its task only.
        let changed_at = tasks
            .iter()
            .map(|task| task.task.updated)
            .fold(row.job.updated, Ord::max);
        if lanes_at_work.is_empty() && self.seen_at.get(id) == Some(&changed_at) {
            return Ok(());
        }
        self.seen_at.insert(id.clone(), changed_at);
        let Some(watched) = self.watched(row) else {
            return Ok(());
        };
        let last_lane = watched.description.last_lane();
        let is_running = |lane: u32| lanes_at_work.contains(&lane_name(lane, last_lane));
        let nothing_is_open = nothing_is_open(&tasks);
        let mut progress = if nothing_is_open {
            watched.reader.read_all(is_running)
        } else {
            watched.reader.read(is_running)
        };
        progress.seconds_left = seconds_left(&watched.reader, &progress, lanes_at_work.len());
        state.store.set_frames_done(id, progress.frames_done)?;
        let film = progress.film.as_ref();
        if progress.frames_done == progress.frames_total {
            // The last lane still has the film to put together.
            if film.is_none_or(FilmProgress::is_settled) {
                state.store.complete_job(id)?;
            } else if let Some(film) = film
                && film.status == FilmStatus::Failed
                && nothing_is_open
            {
                state.store.fail_job(id, &film.message)?;
            }
        } else if nothing_is_open && progress.frames_open() == 0 {
            state.store.fail_job(id, &progress.failure())?;
        } else if lanes_at_work.is_empty() && row.job.status != JobStatus::Active {
            self.jobs.remove(id);
        }
        state.set_seen(id, progress);
        Ok(())
    }

    /// The look after a job settled: nobody renders any more, so what is done now stays done.
    fn last_look(&mut self, state: &FarmState, row: &JobRow) -> Result<(), StoreError> {
        let id = &row.job.id;
        let Some(watched) = self.jobs.remove(id) else {
            return Ok(());
        };
        let mut reader = ProgressReader::new(&watched.description, &watched.state_dir);
        let progress = reader.read_all(|_| false);
        state.store.set_frames_done(id, progress.frames_done)?;
        if row.job.status == JobStatus::Completed && progress.frames_done < progress.frames_total {
            tracing::warn!(
                job = id,
                "frames of a completed job are missing: it is queued again"
            );
            let lanes: BTreeSet<String> = reader
                .open_frames()
                .map(|frame| watched.description.home_lane(frame).to_string())
                .collect();
            let lanes: Vec<String> = lanes.into_iter().collect();
            let requeued = state.store.requeue_lanes(
                id,
                &lanes,
                "frames were missing after the job had completed",
            );
            match requeued {
                Err(error @ StoreError::SharedOutput { .. }) => tracing::warn!(
                    job = id,
                    error = &error as &dyn std::error::Error,
                    "it cannot be queued again"
                ),
                other => other?,
            }
        }
        state.set_seen(id, progress);
        Ok(())
    }

    fn watched(&mut self, row: &JobRow) -> Option<&mut Watched> {
        use std::collections::btree_map::Entry;
        match self.jobs.entry(row.job.id.clone()) {
            Entry::Occupied(entry) => Some(entry.into_mut()),
            Entry::Vacant(entry) => match Watched::open(row) {
                Ok(watched) => Some(entry.insert(watched)),
                // Its lanes say so, too, and fail the job.
                Err(error) => {
                    tracing::debug!(
                        job = row.job.id,
                        error = &error as &dyn std::error::Error,
                        "no progress is known"
                    );
                    None
                }
            },
        }
    }
}

/// How long the job may still take; nothing is promised while none of its lanes runs.
fn seconds_left(
    reader: &ProgressReader,
    progress: &JobProgress,
    lanes: usize,
) -> Option<SecondsLeft> {
    if lanes == 0 {
        return None;
    }
    let finished: Vec<_> = reader
        .times()
        .iter()
        .map(|times| FinishedFrame {
            frame: times.frame,
            seconds: times.seconds,
            load_secs: times.load_secs,
        })
        .collect();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64());
    let running: Vec<_> = progress
        .in_work
        .iter()
        .map(|work| RunningFrame {
            frame: work.frame,
            elapsed_secs: now - work.started_unix_secs,
        })
        .collect();
    let range = plan::estimate(Remaining {
        finished: &finished,
        open: &reader.open_frames().collect::<Vec<_>>(),
        running: &running,
        slots: lanes,
    })?;
    Some(SecondsLeft {
        low: range.low,
        high: range.high,
    })
}

/// How far a job is that nobody watches any more: read from its folder as a whole.
pub fn progress_of(store: &Store, row: &JobRow) -> Result<JobProgress, LanesError> {
    let mut watched = Watched::open(row)?;
    let tasks = store.tasks(&row.job.id).unwrap_or_default();
    let (at_work, last_lane) = (lanes_at_work(&tasks), watched.description.last_lane());
    Ok(watched
        .reader
        .read_all(|lane| at_work.contains(&lane_name(lane, last_lane))))
}

fn lanes_at_work(tasks: &[TaskRow]) -> BTreeSet<String> {
    let active = tasks
        .iter()
        .filter(|row| row.task.status == TaskStatus::Active);
    active.map(|row| row.lane.clone()).collect()
}

/// The last lane goes by the number of lanes.
fn lane_name(lane: u32, last_lane: u32) -> String {
    if lane == last_lane {
        LAST_LANE.to_owned()
    } else {
        lane.to_string()
    }
}

/// All lanes have ended, and the last one has tried every failed frame once more, in vain.
fn nothing_is_open(tasks: &[TaskRow]) -> bool {
    tasks.iter().all(|row| match row.task.status {
        TaskStatus::Completed => true,
        TaskStatus::SoftFailed => row.lane == LAST_LANE,
        _ => false,
    })
}
