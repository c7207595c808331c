// SPDX-License-Identifier: Apache-2.0
//! What whoever watches does for a job (`docs/lanes.md`, *Whoever watches*): a bare Manager draws no conclusions from frames.
//!
//! Only where this computer sees the job's folder. Several who watch do no harm: each step is the same for all of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::gate;
use super::share::{self, LAST_LANE_TASK, SharedJob, blocking};
use crate::farm::models::{Job, JobStatus, ManagerVariables, TaskStatus, TaskSummary};
use crate::farm::{Client, FarmError};
use crate::lanes::{FilmProgress, FilmStatus, JobProgress};

/// A lane in work that has nothing left ends by itself in less than this; after it, its worker is taken to be gone.
const LEFT_TO_END: Duration = Duration::from_secs(5);
/// How often the tasks of a job are asked for that seems to have failed.
const TASKS_EVERY: Duration = Duration::from_secs(2);

/// Watches over jobs of one farm.
#[derive(Debug, Default)]
pub struct Keeper {
    /// The Manager's variables, once they were asked for.
    variables: Option<ManagerVariables>,
    jobs: HashMap<String, Kept>,
    sees_folders: bool,
    /// Nothing outside of it is looked into.
    root: Option<PathBuf>,
}

/// What is remembered of a job.
#[derive(Debug)]
struct Kept {
    /// None where this computer does not see the job's folder.
    shared: Option<Arc<Mutex<SharedJob>>>,
    /// The job was seen before it was settled.
    was_live: bool,
    /// When every frame was first seen to be done.
    done_since: Option<Instant>,
    tasks_asked: Option<Instant>,
    /// The job is held until people have looked at its scouts.
    waits: bool,
}

impl Keeper {
    /// One that looks into no folder outside of `root`.
    pub fn below(root: PathBuf) -> Self {
        Self {
            root: Some(root),
            ..Self::default()
        }
    }

    /// Looks into the folder of a job, draws the conclusions, and says how far it is; none where nothing is known.
    ///
    /// A farm that takes a conclusion amiss is asked again at the next look.
    pub async fn look(&mut self, client: &Client, job: &Job) -> Option<JobProgress> {
        if !share::may_have_folder(job) {
            return None;
        }
        let is_settled = job.status.is_settled();
        if !self.jobs.contains_key(&job.id) {
            let shared = self
                .find(client, job)
                .await
                .inspect_err(
                    |error| tracing::debug!(%error, job = job.id, "its folder is not known"),
                )
                .ok()?;
            self.sees_folders |= shared.is_some();
            let kept = Kept {
                shared: shared.map(|shared| Arc::new(Mutex::new(shared))),
                was_live: !is_settled,
                done_since: None,
                tasks_asked: None,
                waits: false,
            };
            self.jobs.insert(job.id.clone(), kept);
        }
        let kept = self.jobs.get_mut(&job.id)?;
        // Shared, not taken: whoever waits for this look may stop waiting.
        let shared = Arc::clone(kept.shared.as_ref()?);
        let is_active = job.status == JobStatus::Active;
        let progress = blocking(move || {
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if is_settled {
                shared.progress_of_all(false)
            } else {
                shared.progress(is_active)
            }
        })
        .await?;
        let concluded = if is_settled {
            kept.waits = false;
            kept.look_once_more(client, job, &progress).await
        } else {
            kept.was_live = true;
            match kept.look_at_the_gate(client, job, &progress).await {
                Ok(()) => kept.conclude(client, job, &progress).await,
                refused => refused,
            }
        };
        if let Err(error) = concluded {
            tracing::debug!(%error, job = job.id, "what follows from its frames was not taken");
        }
        Some(progress)
    }

    /// Whether this computer sees the folder of any job of the farm.
    pub fn sees_folders(&self) -> bool {
        self.sees_folders
    }

    /// Whether the job was last seen to be held until people have looked at its scouts.
    pub fn waits(&self, job_id: &str) -> bool {
        self.jobs.get(job_id).is_some_and(|kept| kept.waits)
    }

    /// Whether the job was looked at before.
    pub fn knows(&self, job_id: &str) -> bool {
        self.jobs.contains_key(job_id)
    }

    /// The folder of a job that was looked at, where this computer sees it.
    pub fn shared(&self, job_id: &str) -> Option<Arc<Mutex<SharedJob>>> {
        self.jobs.get(job_id)?.shared.clone()
    }

    /// Forgets the jobs that are not among these.
    pub fn retain(&mut self, is_known: impl Fn(&str) -> bool) {
        self.jobs.retain(|id, _| is_known(id));
    }

    async fn find(&mut self, client: &Client, job: &Job) -> Result<Option<SharedJob>, FarmError> {
        let variables = match &self.variables {
            Some(variables) => variables.clone(),
            None => self
                .variables
                .insert(share::variables(client).await?)
                .clone(),
        };
        let (job, root) = (job.clone(), self.root.clone());
        let find = move || SharedJob::find_below(root.as_deref(), &job, &variables);
        Ok(blocking(find).await.flatten())
    }
}

/// A worker is known to be gone: the task that it still has is queued again, so that another takes it. A wrong guess costs
/// one duplicate frame. Says whether it had one.
pub async fn queue_task_of(client: &Client, worker_id: &str) -> Result<bool, FarmError> {
    let task = client.worker(worker_id).await?.task;
    let Some(task) = task.filter(|task| task.summary.status == TaskStatus::Active) else {
        return Ok(false);
    };
    client
        .set_task_status(&task.summary.id, TaskStatus::Queued, "its worker is gone")
        .await?;
    Ok(true)
}

impl Kept {
    /// After completion: a frame whose record came from a lane that died may have lost its outputs since.
    async fn look_once_more(
        &mut self,
        client: &Client,
        job: &Job,
        progress: &JobProgress,
    ) -> Result<(), FarmError> {
        let was_live = std::mem::take(&mut self.was_live);
        let is_lacking =
            job.status == JobStatus::Completed && progress.frames_done < progress.frames_total;
        if !was_live || !is_lacking {
            return Ok(());
        }
        let reason = "frames were missing after the job had completed";
        tracing::warn!(job = job.id, "{reason}: it is queued again");
        client
            .set_job_status(&job.id, JobStatus::Requeueing, reason)
            .await
    }

    /// Scouts that are rendered are waited for.
    async fn look_at_the_gate(
        &mut self,
        client: &Client,
        job: &Job,
        progress: &JobProgress,
    ) -> Result<(), FarmError> {
        let may_wait = gate::may_wait(job)
            && progress.in_work.is_empty()
            && progress.frames_done > 0
            && progress.frames_open() > 0;
        if !may_wait {
            self.waits = false;
        } else if self.may_ask() {
            self.waits = gate::closed(client, job).await?.is_some();
        }
        Ok(())
    }

    async fn conclude(
        &mut self,
        client: &Client,
        job: &Job,
        progress: &JobProgress,
    ) -> Result<(), FarmError> {
        let is_held = matches!(
            job.status,
            JobStatus::Paused | JobStatus::PauseRequested | JobStatus::CancelRequested
        );
        if is_held || progress.frames_total == 0 || progress.frames_open() > 0 {
            self.done_since = None;
            return Ok(());
        }
        if progress.frames_failed > 0 {
            if self.may_ask() && nothing_is_open(&client.tasks(&job.id).await?) {
                return give_up(client, job, &progress.failure()).await;
            }
            return Ok(());
        }
        if let Some(film) = progress.film.as_ref().filter(|film| !film.is_settled()) {
            return self.look_at_the_film(client, job, film).await;
        }
        let since = *self.done_since.get_or_insert_with(Instant::now);
        let is_overdue = since.elapsed() > LEFT_TO_END;
        for task in client.tasks(&job.id).await? {
            let is_left = match task.status {
                TaskStatus::Completed => false,
                TaskStatus::Active => is_overdue,
                _ => true,
            };
            if is_left {
                client
                    .set_task_status(&task.id, TaskStatus::Completed, "every frame is done")
                    .await?;
            }
        }
        Ok(())
    }

    /// The last lane still has the film to put together.
    async fn look_at_the_film(
        &mut self,
        client: &Client,
        job: &Job,
        film: &FilmProgress,
    ) -> Result<(), FarmError> {
        let has_failed = film.status == FilmStatus::Failed;
        if has_failed && self.may_ask() && nothing_is_open(&client.tasks(&job.id).await?) {
            return give_up(client, job, &film.message).await;
        }
        Ok(())
    }

    fn may_ask(&mut self) -> bool {
        let may = self
            .tasks_asked
            .is_none_or(|asked| asked.elapsed() >= TASKS_EVERY);
        if may {
            self.tasks_asked = Some(Instant::now());
        }
        may
    }
}

async fn give_up(client: &Client, job: &Job, reason: &str) -> Result<(), FarmError> {
    client
        .set_job_status(&job.id, JobStatus::Failed, reason)
        .await
}

/// All lanes have ended, and the last one has tried every failed frame once more, in vain.
fn nothing_is_open(tasks: &[TaskSummary]) -> bool {
    tasks.iter().all(|task| match task.status {
        TaskStatus::Completed | TaskStatus::Failed => true,
        TaskStatus::SoftFailed => task.name == LAST_LANE_TASK,
        _ => false,
    })
}
