// SPDX-License-Identifier: Apache-2.0
//! A farm's jobs and workers, kept up to date by what the farm tells.

use std::collections::{BTreeMap, BTreeSet};

use super::state::Moves;
use crate::farm::Event;
use crate::farm::models::{Job, WorkerSummary};

/// Jobs that are asked for in one round, where many are new at once.
const ASKED_PER_ROUND: usize = 16;

/// All that is known of a farm's jobs and workers, and what changed since somebody looked.
#[derive(Debug)]
pub(super) struct Board {
    jobs: BTreeMap<String, Job>,
    workers: Vec<WorkerSummary>,
    changed: BTreeSet<String>,
    gone: BTreeSet<String>,
    /// Jobs of which more is to be known than the farm tells: new ones, and what last happened to those with a new status.
    unclear: BTreeSet<String>,
    workers_changed: bool,
}

impl Board {
    /// The board after a look at everything.
    pub(super) fn new(jobs: &[Job], workers: Vec<WorkerSummary>) -> Self {
        let jobs = jobs.iter().map(|job| (job.id.clone(), job.clone()));
        Self {
            jobs: jobs.collect(),
            workers,
            changed: BTreeSet::new(),
            gone: BTreeSet::new(),
            unclear: BTreeSet::new(),
            workers_changed: false,
        }
    }

    /// The jobs.
    pub(super) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs.values()
    }

    /// Takes in what the farm tells.
    pub(super) fn hear(&mut self, event: Event) {
        match event {
            Event::JobChanged(update) => match self.jobs.get_mut(&update.id) {
                Some(job) => {
                    if job.status != update.status {
                        self.unclear.insert(update.id.clone());
                    }
                    self.changed.insert(update.id.clone());
                    update.bring(job);
                }
                None => {
                    self.unclear.insert(update.id);
                }
            },
            Event::JobDeleted(id) => self.forget(&id),
            Event::WorkerChanged(worker) => {
                self.workers_changed = true;
                match self.workers.iter_mut().find(|known| known.id == worker.id) {
                    Some(known) => *known = worker,
                    None => self.workers.push(worker),
                }
            }
            Event::WorkerDeleted(id) => {
                self.workers_changed = true;
                self.workers.retain(|worker| worker.id != id);
            }
        }
    }

    /// Some of the jobs that have to be asked for; they stay unclear until [`Board::learn`] or [`Board::forget`].
    pub(super) fn unclear(&self) -> Vec<String> {
        self.unclear.iter().take(ASKED_PER_ROUND).cloned().collect()
    }

    /// Takes in a job that was asked for.
    pub(super) fn learn(&mut self, job: Job) {
        self.unclear.remove(&job.id);
        self.changed.insert(job.id.clone());
        self.jobs.insert(job.id.clone(), job);
    }

    /// A job is gone.
    pub(super) fn forget(&mut self, id: &str) {
        self.unclear.remove(id);
        self.changed.remove(id);
        if self.jobs.remove(id).is_some() {
            self.gone.insert(id.to_owned());
        }
    }

    /// What changed since this was last asked. Whoever takes it has to show it.
    pub(super) fn take_moves(&mut self) -> Moves {
        let changed = std::mem::take(&mut self.changed);
        let workers_changed = std::mem::take(&mut self.workers_changed);
        Moves {
            changed: changed
                .iter()
                .filter_map(|id| self.jobs.get(id).cloned())
                .collect(),
            gone: std::mem::take(&mut self.gone),
            workers: workers_changed.then(|| self.workers.clone()),
            ..Moves::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::farm::models::{JobStatus, JobUpdate};

    fn job(id: &str, status: &str) -> Job {
        serde_json::from_value(json!({
            "id": id, "name": id, "type": "farmhand-render", "priority": 50, "status": status, "activity": "queued",
            "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    fn update(id: &str, status: &str, steps: u64) -> Event {
        let update: JobUpdate = serde_json::from_value(json!({
            "id": id, "name": "renamed", "type": "farmhand-render", "priority": 7, "status": status,
            "updated": "2026-01-01T00:00:01Z", "steps_completed": steps, "steps_total": 4,
        }))
        .unwrap();
        Event::JobChanged(update)
    }

    fn worker(id: &str, status: &str) -> WorkerSummary {
        serde_json::from_value(json!({"id": id, "name": id, "status": status})).unwrap()
    }

    #[test]
    fn a_change_is_told_once_and_a_new_status_has_the_job_asked_for() {
        let mut board = Board::new(&[job("a", "queued"), job("b", "queued")], Vec::new());
        assert!(board.take_moves().is_none());
        board.hear(update("a", "queued", 1));
        assert!(board.unclear().is_empty(), "steps are told in full");
        board.hear(update("a", "active", 2));
        assert_eq!(board.unclear(), ["a"]);
        let moves = board.take_moves();
        let [changed] = moves.changed.as_slice() else {
            panic!("{moves:?}")
        };
        assert_eq!(
            (
                changed.status.clone(),
                changed.steps_completed,
                changed.priority
            ),
            (JobStatus::Active, 2, 7)
        );
        assert_eq!(changed.name, "renamed");
        assert!(board.take_moves().is_none());
        board.learn(job("a", "active"));
        assert!(board.unclear().is_empty());
        assert_eq!(board.take_moves().changed.len(), 1);
    }

    #[test]
    fn a_new_job_is_shown_once_it_was_asked_for_and_a_deleted_one_goes() {
        let mut board = Board::new(&[job("a", "queued")], Vec::new());
        board.hear(update("new", "queued", 0));
        assert!(board.take_moves().is_none());
        assert_eq!(board.unclear(), ["new"]);
        board.hear(Event::JobDeleted("new".to_owned()));
        assert!(board.unclear().is_empty());
        board.hear(update("a", "canceled", 0));
        board.hear(Event::JobDeleted("a".to_owned()));
        let moves = board.take_moves();
        assert!(moves.changed.is_empty());
        assert_eq!(moves.gone, BTreeSet::from(["a".to_owned()]));
        assert_eq!(board.jobs().count(), 0);
    }

    #[test]
    fn workers_come_change_and_go() {
        let mut board = Board::new(&[], vec![worker("one", "asleep")]);
        board.hear(Event::WorkerChanged(worker("one", "awake")));
        board.hear(Event::WorkerChanged(worker("two", "awake")));
        assert_eq!(
            board.take_moves().workers,
            Some(vec![worker("one", "awake"), worker("two", "awake")])
        );
        board.hear(Event::WorkerDeleted("one".to_owned()));
        assert_eq!(
            board.take_moves().workers,
            Some(vec![worker("two", "awake")])
        );
    }

    #[test]
    fn many_new_jobs_are_asked_for_a_few_at_a_time() {
        let mut board = Board::new(&[], Vec::new());
        for number in 0..100 {
            board.hear(update(&format!("job-{number}"), "queued", 0));
        }
        assert_eq!(board.unclear().len(), ASKED_PER_ROUND);
    }
}
