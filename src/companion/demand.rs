// SPDX-License-Identifier: Apache-2.0
//! What a job and its tasks ask of the rule of `wanted`.

use time::OffsetDateTime;

use super::wanted::JobLoad;
use crate::farm::job_type::GATE_TYPE;
use crate::farm::models::{Job, JobStatus, TaskStatus, TaskSummary};
use crate::lanes::JobProgress;
use crate::plan::{FinishedFrame, Work};
use crate::watch::{USER_NAME_KEY, scout_lanes};

/// Metadata key: what a job belongs to; Flamenco's own add-on writes it.
const PROJECT_KEY: &str = "project";

/// What the share tells of a job.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// How far it is.
    pub progress: JobProgress,
    /// The work that is left; none before the first frame is finished.
    pub work: Option<Work>,
    /// What loading the scene took, in seconds, where it was measured.
    pub load_secs: Option<f64>,
}

impl Told {
    /// The longest load of the finished frames: a new worker's is cold, too.
    pub fn longest_load(finished: &[FinishedFrame]) -> Option<f64> {
        let loads = finished.iter().map(|frame| frame.load_secs);
        loads.filter(|load| *load > 0.0).reduce(f64::max)
    }
}

/// Whether workers can do something for a job.
pub fn can_go_on(job: &Job) -> bool {
    matches!(
        job.status,
        JobStatus::Queued | JobStatus::Active | JobStatus::Requeueing
    )
}

/// What a job asks for; none where no worker could do anything for it. `start_secs` is what starting a worker takes.
pub fn load_of(
    job: &Job,
    tasks: &[TaskSummary],
    told: Option<&Told>,
    start_secs: f64,
    now: OffsetDateTime,
) -> Option<JobLoad> {
    if !can_go_on(job) {
        return None;
    }
    let open = open_tasks(job, tasks);
    if open == 0 {
        return None;
    }
    let mut load = JobLoad {
        user: job.metadata.get(USER_NAME_KEY).cloned(),
        project: job.metadata.get(PROJECT_KEY).cloned(),
        age_secs: (now - job.created).as_seconds_f64().max(0.0),
        ..JobLoad::default()
    };
    if let Some(told) = told {
        load.frames_left = told.progress.frames_open();
        // The film, or a last look at what the others left, is one worker's work.
        let frames = usize::try_from(load.frames_left).unwrap_or(usize::MAX);
        load.helpers = open.min(frames.max(1));
        load.work_secs = told.work.map(|work| work.seconds);
        load.frame_secs = told.work.map_or(0.0, |work| work.longest_secs);
        load.load_secs = told.load_secs.map(|secs| secs + start_secs);
        if load.frames_left == 0 {
            (load.helpers, load.work_secs) = (1, Some(1.0));
        }
    } else {
        load.frames_left = job.steps_total.saturating_sub(job.steps_completed);
        load.helpers = open;
        // What its steps took so far tells what the others will: by all tasks that have worked on it since it began.
        load.work_secs = (job.steps_completed > 0).then(|| {
            #[expect(clippy::cast_precision_loss, reason = "an estimate")]
            let (left, done) = (load.frames_left as f64, job.steps_completed as f64);
            let busy = tasks.iter().filter(|task| is_at_work(task)).count().max(1);
            let spent = load.age_secs * f64::from(u32::try_from(busy).unwrap_or(u32::MAX));
            left * spent / done
        });
    }
    Some(load)
}

/// Whether a worker has the task.
pub fn is_at_work(task: &TaskSummary) -> bool {
    task.status == TaskStatus::Active
}

/// Tasks that a worker has or could take now. The last lane depends on all others, and what is behind a gate on people.
fn open_tasks(job: &Job, tasks: &[TaskSummary]) -> usize {
    let is_open = |task: &&TaskSummary| {
        matches!(
            task.status,
            TaskStatus::Active | TaskStatus::Queued | TaskStatus::SoftFailed
        )
    };
    let is_gate_shut = tasks
        .iter()
        .any(|task| task.task_type == GATE_TYPE && is_open(&task));
    let scouts = usize::try_from(scout_lanes(job)).unwrap_or(usize::MAX);
    let reachable = if is_gate_shut { scouts } else { usize::MAX };
    let last = tasks
        .last()
        .filter(|task| task.name == crate::watch::LAST_LANE_TASK);
    let lanes = tasks.len() - usize::from(last.is_some());
    let open = tasks
        .iter()
        .take(lanes.min(reachable))
        .filter(|task| task.task_type != GATE_TYPE)
        .filter(is_open)
        .count();
    if open == 0 && !is_gate_shut {
        return last.filter(is_open).map_or(0, |_| 1);
    }
    open
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(status: &str, settings: &serde_json::Value) -> Job {
        serde_json::from_value(json!({
            "id": "j", "name": "shot", "type": "farmhand-render", "priority": 50, "status": status, "activity": "",
            "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z", "submitter_platform": "linux",
            "metadata": {"user.name": "ada", "project": "film"}, "settings": settings,
        }))
        .unwrap()
    }

    fn tasks(all: &[(&str, &str, &str)]) -> Vec<TaskSummary> {
        let task = |(index, (name, status, kind)): (usize, &(&str, &str, &str))| {
            serde_json::from_value(json!({
                "id": format!("t{index}"), "name": name, "status": status, "index_in_job": index + 1, "priority": 50,
                "task_type": kind, "updated": "2026-01-01T00:00:00Z",
            }))
            .unwrap()
        };
        all.iter().enumerate().map(task).collect()
    }

    fn told(total: u64, done: u64) -> Told {
        Told {
            progress: JobProgress {
                frames_total: total,
                frames_done: done,
                ..JobProgress::default()
            },
            ..Told::default()
        }
    }

    const NOW: OffsetDateTime = time::macros::datetime!(2026-01-01 00:01:00 UTC);

    #[test]
    fn a_job_uses_no_more_workers_than_it_has_open_lanes_and_frames() {
        let lanes = tasks(&[
            ("lane-0 1-10", "completed", "blender"),
            ("lane-1 11-20", "active", "blender"),
            ("lane-2 21-30", "queued", "blender"),
            ("last-lane", "queued", "blender"),
        ]);
        let job = job("active", &json!({}));
        let load = load_of(&job, &lanes, Some(&told(30, 5)), 0.0, NOW).unwrap();
        assert_eq!((load.helpers, load.frames_left), (2, 25));
        assert_eq!(load.user.as_deref(), Some("ada"));
        assert!((load.age_secs - 60.0).abs() < 1e-9);
        let load = load_of(&job, &lanes, Some(&told(30, 29)), 0.0, NOW).unwrap();
        assert_eq!(load.helpers, 1);
    }

    #[test]
    fn the_last_lane_alone_is_one_workers_work() {
        let lanes = tasks(&[
            ("lane-0 1-10", "completed", "blender"),
            ("last-lane", "queued", "blender"),
        ]);
        let load = load_of(
            &job("active", &json!({})),
            &lanes,
            Some(&told(10, 10)),
            0.0,
            NOW,
        );
        assert_eq!(load.map(|load| load.helpers), Some(1));
    }

    #[test]
    fn what_waits_for_people_asks_for_nobody() {
        let lanes = tasks(&[
            ("lane-0 1", "completed", "blender"),
            ("approve the scouts", "queued", GATE_TYPE),
            ("lane-1 2-10", "queued", "blender"),
            ("last-lane", "queued", "blender"),
        ]);
        let waiting = job("active", &json!({"scout_lanes": 1}));
        assert_eq!(
            load_of(&waiting, &lanes, Some(&told(10, 1)), 0.0, NOW),
            None
        );
        assert_eq!(
            load_of(&job("paused", &json!({})), &lanes, None, 0.0, NOW),
            None
        );
    }
}
