// SPDX-License-Identifier: Apache-2.0
//! Which lane runs in which slot, from the farm's start to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::inhibit::SleepInhibitor;
use super::lane::{self, Ended, LaneCommand, News};
use crate::local::blender::Blender;
use crate::local::deleted;
use crate::local::state::{FarmState, job_state_dir};
use crate::local::store::{JobRow, Outcome, Store, StoreError, TaskRow};
use crate::local::watch::Watch;

/// How often the state folders of jobs in work are looked at.
const TICK: Duration = Duration::from_millis(500);
/// How often the queue is looked at though nothing is in work: what failed is tried again, and a Blender that was
/// installed meanwhile is found.
const IDLE_TICK: Duration = Duration::from_secs(10);
/// How long after a failure a lane's end is noted once more.
const NOTE_AGAIN: Duration = Duration::from_secs(2);

/// A lane that runs.
#[derive(Debug)]
struct Running {
    job_id: String,
    task_id: String,
    stop: CancellationToken,
}

/// Renders what is queued until `stop`; then every lane is ended, and its task queued for the next start.
pub async fn work(state: Arc<FarmState>, stop: CancellationToken) {
    let mut schedule = Schedule {
        free: (0..state.slots).collect(),
        running: BTreeMap::new(),
        lanes: JoinSet::new(),
        awake: None,
        watch: Watch::default(),
        state,
    };
    while !stop.is_cancelled() {
        if let Err(error) = schedule.turn().await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the queue could not be worked on"
            );
        }
        let is_idle = schedule.running.is_empty() && !schedule.watch.is_busy();
        let tick = if is_idle { IDLE_TICK } else { TICK };
        tokio::select! {
            () = stop.cancelled() => {}
            () = schedule.state.wake.notified() => {}
            Some(ended) = schedule.lanes.join_next() => schedule.free_slot(ended.ok()),
            () = tokio::time::sleep(tick) => {}
        }
    }
    schedule.close().await;
}

struct Schedule {
    state: Arc<FarmState>,
    free: BTreeSet<u32>,
    /// By slot: a task that failed may be taken again before the end of its last lane is seen here.
    running: BTreeMap<u32, Running>,
    lanes: JoinSet<u32>,
    awake: Option<SleepInhibitor>,
    watch: Watch,
}

impl Schedule {
    async fn turn(&mut self) -> Result<(), StoreError> {
        self.watch.look(&self.state).await?;
        self.stop_unwanted().await?;
        self.remove_deleted().await?;
        // A task may be queued again while its lane is still ending: nothing new starts before that.
        if !self.running.values().any(|lane| lane.stop.is_cancelled()) {
            self.fill().await?;
        }
        match (self.running.is_empty(), self.awake.is_some()) {
            (false, false) => self.awake = Some(SleepInhibitor::start()),
            (true, true) => self.awake = None,
            _ => {}
        }
        Ok(())
    }

    /// Ends lanes whose task is no longer in work: canceled, paused, deleted, or completed by rule 8.
    async fn stop_unwanted(&self) -> Result<(), StoreError> {
        if self.running.is_empty() {
            return Ok(());
        }
        let active = self.state.store.run(Store::active_tasks).await?;
        let wanted: BTreeSet<_> = active
            .into_iter()
            .filter_map(|row| Some((row.slot?, row.task.id)))
            .collect();
        for (slot, lane) in &self.running {
            if !wanted.contains(&(*slot, lane.task_id.clone())) {
                lane.stop.cancel();
            }
        }
        Ok(())
    }

    /// Removes the files of deleted jobs whose lanes have ended.
    async fn remove_deleted(&self) -> Result<(), StoreError> {
        let at_work: BTreeSet<_> = self.running.values().map(|lane| &lane.job_id).collect();
        let gone = self.state.take_deleted(|id| !at_work.contains(&id));
        if gone.is_empty() {
            return Ok(());
        }
        self.state
            .store
            .run(move |store| {
                let left = store.jobs()?;
                for job in &gone {
                    deleted::remove_files(job, &left);
                }
                Ok(())
            })
            .await
    }

    async fn fill(&mut self) -> Result<(), StoreError> {
        while let Some(slot) = self.free.first().copied() {
            let state = Arc::clone(&self.state);
            let Ok(Ok(blender)) = tokio::task::spawn_blocking(move || state.blender()).await else {
                return Ok(());
            };
            let Some((job, task)) = self
                .state
                .store
                .run(move |store| store.take_task(slot))
                .await?
            else {
                return Ok(());
            };
            self.free.remove(&slot);
            let stop = CancellationToken::new();
            self.running.insert(
                slot,
                Running {
                    job_id: job.job.id.clone(),
                    task_id: task.task.id.clone(),
                    stop: stop.clone(),
                },
            );
            let rendered = render(Arc::clone(&self.state), blender, job, task, stop);
            self.lanes.spawn(async move {
                rendered.await;
                slot
            });
        }
        Ok(())
    }

    fn free_slot(&mut self, slot: Option<u32>) {
        if let Some(slot) = slot {
            self.running.remove(&slot);
            self.free.insert(slot);
        }
    }

    async fn close(mut self) {
        for lane in self.running.values() {
            lane.stop.cancel();
        }
        while self.lanes.join_next().await.is_some() {}
        self.running.clear();
        if let Err(error) = self.remove_deleted().await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the files of deleted jobs are left"
            );
        }
    }
}

/// Renders one task to its end and notes the outcome.
async fn render(
    state: Arc<FarmState>,
    blender: Blender,
    job: JobRow,
    task: TaskRow,
    stop: CancellationToken,
) {
    let id = task.task.id.clone();
    let command = lane_command(&blender, &job, &task);
    let log_path = state.log_path(&job.job.id, &id);
    let (sender, mut receiver) = mpsc::channel(64);
    let listen = async {
        while let Some(news) = receiver.recv().await {
            if let Err(error) = note(&state, &job.job.id, &id, news).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    task = id,
                    "news of a lane are lost"
                );
            }
        }
    };
    let (ended, ()) = tokio::join!(lane::run(&command, &log_path, &stop, sender), listen);
    let outcome = match ended {
        Ended::Success => Outcome::Success,
        Ended::Failure(message) => Outcome::Failure(message),
        Ended::Stopped => Outcome::Interrupted,
    };
    // Whoever sees the job held or ended next shall see all that the lane has rendered.
    state.forget(&job.job.id);
    note_end(&state, &id, &outcome).await;
}

/// Notes a lane's end until it is noted: a task that stayed in work would never be given to a slot again. At the farm's
/// end the next start makes up for it.
async fn note_end(state: &Arc<FarmState>, task_id: &str, outcome: &Outcome) {
    loop {
        let (id, noted) = (task_id.to_owned(), outcome.clone());
        match state
            .store
            .run(move |store| store.end_task(&id, &noted))
            .await
        {
            // A deleted job has no task left to note it in.
            Ok(()) | Err(StoreError::NoSuchTask) => return,
            Err(error) => tracing::error!(
                error = &error as &dyn std::error::Error,
                task = task_id,
                "a lane's end could not be noted"
            ),
        }
        tokio::select! {
            () = state.shutdown.cancelled() => return,
            () = tokio::time::sleep(NOTE_AGAIN) => {}
        }
    }
}

async fn note(
    state: &Arc<FarmState>,
    job_id: &str,
    task_id: &str,
    news: News,
) -> Result<(), StoreError> {
    let (job_id, task_id) = (job_id.to_owned(), task_id.to_owned());
    state
        .store
        .run(move |store| match news {
            News::Started(process) => store.set_process(&task_id, process),
            News::Saved(path) => store.set_last_output(&job_id, &path),
            News::FrameDone => store.step_task(&task_id, "Rendering"),
        })
        .await
}

/// The command of a task: what a Flamenco worker would run, with this computer's Blender.
pub fn lane_command(blender: &Blender, job: &JobRow, task: &TaskRow) -> LaneCommand {
    let state_dir = job_state_dir(job);
    let command = [
        "lane".into(),
        "--job-file".into(),
        job.setting("job_file").into(),
        "--state-dir".into(),
        state_dir.into(),
        "--lane".into(),
        task.lane.clone().into(),
    ];
    LaneCommand {
        program: blender.path.clone(),
        arguments: blender.arguments(job.setting("renderer").as_ref(), &command),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Dirs;
    use crate::farm::models::{Job, TaskStatus};
    use crate::local::blender::Search;
    use crate::local::state::FarmFiles;
    use crate::local::store::{NewTask, Stage};

    #[tokio::test]
    async fn a_lanes_end_is_noted_once_the_database_takes_it() {
        let folder = tempfile::tempdir().unwrap();
        let files = FarmFiles::new(&Dirs::below(folder.path()));
        let database = files.database_path();
        let store = Store::open(&database).unwrap();
        let job: Job = serde_json::from_value(serde_json::json!({
            "id": "a", "name": "a", "type": "farmhand-render", "priority": 50, "status": "queued", "activity": "",
            "submitter_platform": "", "steps_completed": 0, "steps_total": 1, "metadata": {}, "settings": {},
            "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z",
        }))
        .unwrap();
        let task = NewTask {
            name: "lane-0 1".to_owned(),
            lane: "0".to_owned(),
            stage: Stage::Lanes,
            steps_total: 1,
        };
        store.add_job(&job, &[task]).unwrap();
        let task_id = store.take_task(0).unwrap().unwrap().1.task.id;
        let state = FarmState::new(store, files, 1, 1, String::new(), Search::default()).unwrap();
        let state = Arc::new(state);
        let rename = |from: &str, to: &str| {
            let other = rusqlite::Connection::open(&database).unwrap();
            other
                .execute_batch(&format!("ALTER TABLE {from} RENAME TO {to}"))
                .unwrap();
        };

        rename("tasks", "gone");
        let noting = note_end(&state, &task_id, &Outcome::Success);
        tokio::pin!(noting);
        let given_up = tokio::time::timeout(NOTE_AGAIN / 4, &mut noting).await;
        assert!(given_up.is_err(), "it is not dropped");
        rename("gone", "tasks");
        tokio::time::timeout(5 * NOTE_AGAIN, noting).await.unwrap();
        let noted = state.store.task(&task_id).unwrap().task.status;
        assert_eq!(noted, TaskStatus::Completed);
    }
}
