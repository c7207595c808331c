// SPDX-License-Identifier: Apache-2.0
//! A farm as commands see it: this computer's or a Manager elsewhere, with failures that have exit codes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::FarmOptions;
use super::summary::Summary;
use super::this_computer::{abilities_without_farm, awake, client_at, client_of, wake};
use crate::config::{Dirs, LOCAL};
use crate::connect::Target;
use crate::farm::models::{Job, JobStatus, TaskSummary};
use crate::farm::{Client, FarmError};
use crate::job::{Environment, FarmKind, ManagerFacts, ask_site, rules_of_settings};
use crate::lanes::FrameRecord;
use crate::local::{self, LocalFarm};
use crate::stage::Site;
use crate::watch::share::Left;
use crate::watch::{Found, Source, companion, gate, share};

/// A farm that commands talk to.
pub struct Farm {
    client: Client,
    /// The name that `--farm` takes.
    name: String,
    /// It is meant where no farm is named.
    is_usual: bool,
    kind: FarmKind,
    slots: u32,
    /// The farm answers what a bare Manager does not: the progress of frames.
    tells_frames: AtomicBool,
    /// Where the farm on this computer leaves its note; it has another address after each start.
    dirs: Option<Dirs>,
}

impl Farm {
    /// The farm that the options name; one on this computer must be awake already.
    pub async fn reach(options: &FarmOptions, context: &Context) -> Result<Self, Failure> {
        let Target {
            name,
            is_usual,
            options,
        } = options.target(&context.dirs)?;
        let Some(client_options) = options else {
            let Some(running) = awake(&context.dirs).await? else {
                return Err(
                    Failure::new(Exit::Unreachable, "the farm on this computer is asleep")
                        .hint("farmhand local start wakes it, and so does farmhand render FILE"),
                );
            };
            return Self::of_running(&running, &context.dirs);
        };
        let client = Client::new(&client_options)?;
        client.greet().await?;
        Ok(Self {
            client,
            name,
            is_usual,
            kind: FarmKind::Manager,
            slots: 0,
            tells_frames: AtomicBool::new(true),
            dirs: None,
        })
    }

    /// The farm on this computer, woken where it sleeps.
    pub async fn wake_local(slots: Option<u32>, context: &Context) -> Result<Self, Failure> {
        let running = wake(slots, context).await?;
        Self::of_running(&running, &context.dirs)
    }

    /// The farm on this computer that is awake.
    pub fn of_running(running: &LocalFarm, dirs: &Dirs) -> Result<Self, Failure> {
        Ok(Self {
            client: client_of(running)?,
            name: LOCAL.to_owned(),
            is_usual: FarmOptions { farm: None }.target(dirs)?.options.is_none(),
            kind: FarmKind::Local,
            slots: running.health.slots,
            tells_frames: AtomicBool::new(true),
            dirs: Some(dirs.clone()),
        })
    }

    /// The client behind it.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where whoever follows a job finds the farm, again and again.
    pub fn source(&self) -> Source {
        let Some(dirs) = self.dirs.clone() else {
            return self.client.clone().into();
        };
        Source::looking(move || match local::address(&dirs) {
            Some((url, token)) => client_at(&url, &token).into(),
            None => Found::Stopped,
        })
    }

    /// The name that `--farm` takes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name for people.
    pub fn title(&self) -> &str {
        if self.is_local() {
            "this computer"
        } else {
            &self.name
        }
    }

    /// Whether it is the farm on this computer.
    pub fn is_local(&self) -> bool {
        self.kind == FarmKind::Local
    }

    /// What has to stand behind a command so that it means this farm: nothing, or ` --farm NAME`.
    pub fn option(&self) -> String {
        if self.is_usual {
            String::new()
        } else {
            format!(" --farm {}", self.name)
        }
    }

    /// What a submission has to know of this farm.
    pub async fn environment(&self, context: &Context) -> Result<Environment, Failure> {
        let mut environment = Environment::of_process(self.kind, local::renderer_source());
        environment.slots = self.slots;
        environment.site = self.site(context).await?.map(Arc::new);
        if self.is_local() {
            environment.abilities = Some(match companion::blender(&self.client).await {
                Ok(abilities) => abilities,
                // Without a Blender the farm's answer is about itself; what is missing is told best by looking.
                Err(FarmError::ServerFailed { .. }) => abilities_without_farm(context).await?.1,
                Err(error) => return Err(error.into()),
            });
        } else {
            let facts = ManagerFacts::ask(&self.client).await?;
            environment.slots = facts.workers;
            environment.is_watched |= companion::progress(&self.client).await.is_ok();
            environment.manager = Some(facts);
        }
        Ok(environment)
    }

    /// Where workers see what this computer sees; none where they work on it.
    pub async fn site(&self, context: &Context) -> Result<Option<Site>, Failure> {
        if self.is_local() {
            return Ok(None);
        }
        let rules = rules_of_settings(&context.dirs, &self.client.base_url())?;
        Ok(Some(ask_site(&self.client, rules).await?))
    }

    /// All jobs, the newest first.
    pub async fn jobs(&self) -> Result<Vec<Job>, Failure> {
        let mut jobs = self.client.jobs().await?;
        jobs.sort_by_key(|job| std::cmp::Reverse(job.created));
        Ok(jobs)
    }

    /// The job that a person means: a whole id, the beginning of one, or `latest`.
    pub async fn find(&self, wanted: &str) -> Result<Job, Failure> {
        let jobs = self.jobs().await?;
        pick(jobs, wanted)
            .map_err(|failure| failure.hint(format!("farmhand jobs{} lists them", self.option())))
    }

    /// A job with its progress; what the job itself tells has to do where the farm tells no more, be it that it never
    /// does or that the job's folder was taken away.
    pub async fn summary(&self, job: Job) -> Result<Summary, Failure> {
        if self.tells_frames.load(Ordering::Relaxed) {
            match companion::job_progress(&self.client, &job.id).await {
                Ok(progress) => {
                    return Ok(Summary {
                        job,
                        progress,
                        is_at_gate: false,
                    });
                }
                Err(error) if companion::is_missing(&error) => {
                    self.tells_frames.store(false, Ordering::Relaxed);
                }
                Err(FarmError::Refused { .. } | FarmError::ServerFailed { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if !self.is_local()
            && let Some((progress, _)) = share::look(&self.client, &job).await?
        {
            let is_at_gate = gate::closed(&self.client, &job).await?.is_some();
            return Ok(Summary {
                job,
                progress,
                is_at_gate,
            });
        }
        Ok(Summary::from_job_alone(job))
    }

    /// Jobs with their progress.
    pub async fn summaries(
        &self,
        jobs: impl Iterator<Item = Job>,
    ) -> Result<Vec<Summary>, Failure> {
        let mut summaries = Vec::new();
        for job in jobs {
            // A long list is no reason to read the folders of jobs that ended long ago.
            let is_past = job.status.is_settled() && !self.tells_frames.load(Ordering::Relaxed);
            summaries.push(if is_past {
                Summary::from_job_alone(job)
            } else {
                self.summary(job).await?
            });
        }
        Ok(summaries)
    }

    /// The records of a job's finished frames.
    pub async fn frames(&self, job: &Job) -> Result<Vec<FrameRecord>, Failure> {
        let told = companion::job_frames(&self.client, &job.id).await;
        if let Err(error) = &told
            && companion::is_missing(error)
            && let Some((_, records)) = share::look(&self.client, job).await?
        {
            return Ok(records);
        }
        told.map_err(|error| match error {
            FarmError::NotFound { .. } | FarmError::BadAnswer { .. } => {
                Failure::failed("this farm keeps no record of single frames")
                    .hint("farmhand show tells how many are done")
            }
            error => error.into(),
        })
    }

    /// A job's tasks.
    pub async fn tasks(&self, job: &Job) -> Result<Vec<TaskSummary>, Failure> {
        Ok(self.client.tasks(&job.id).await?)
    }

    /// The end of a task's log.
    pub async fn log(&self, task_id: &str) -> Result<String, Failure> {
        Ok(self
            .client
            .task_log_text(task_id)
            .await?
            .unwrap_or_default())
    }

    /// Asks for another status of a job.
    pub async fn set_status(
        &self,
        job: &Job,
        status: JobStatus,
        reason: &str,
    ) -> Result<(), Failure> {
        Ok(self.client.set_job_status(&job.id, status, reason).await?)
    }

    /// Asks for what is not done: where frames failed and the farm knows them, those by name; else the whole rest.
    pub async fn retry(&self, job: &Job) -> Result<Vec<i32>, Failure> {
        let progress = self.summary(job.clone()).await?.progress;
        let film_lacks = progress.film.is_some_and(|film| film.is_lacking());
        if (progress.frames_failed > 0 || film_lacks) && self.tells_frames.load(Ordering::Relaxed) {
            return Ok(companion::retry(&self.client, &job.id).await?);
        }
        if progress.frames_failed > 0
            && job.status.is_settled()
            && let Some(frames) = share::retry(&self.client, job).await?
        {
            return Ok(frames);
        }
        self.set_status(
            job,
            JobStatus::Requeueing,
            "asked for again by farmhand retry",
        )
        .await?;
        Ok(Vec::new())
    }

    /// Has the rest of a job rendered that stands at its gate; false where it stands at none.
    pub async fn open_gate(&self, job: &Job, reason: &str) -> Result<bool, Failure> {
        let Some(gate) = gate::closed(&self.client, job).await? else {
            return Ok(false);
        };
        gate::open(&self.client, &gate, reason).await?;
        Ok(true)
    }

    /// Removes a job from the farm's list, and its own folders; answers what is left of them. `others` are the farm's jobs.
    pub async fn delete(&self, job: &Job, others: &[Job]) -> Result<Vec<Left>, Failure> {
        Ok(share::delete(&self.client, job, others).await?)
    }
}

fn pick(jobs: Vec<Job>, wanted: &str) -> Result<Job, Failure> {
    if jobs.is_empty() {
        return Err(Failure::failed("the farm has no jobs"));
    }
    let wanted = wanted.trim().to_lowercase();
    if wanted == "latest" {
        return jobs
            .into_iter()
            .next()
            .ok_or_else(|| Failure::failed("the farm has no jobs"));
    }
    let mut found: Vec<Job> = jobs
        .into_iter()
        .filter(|job| !wanted.is_empty() && job.id.starts_with(&wanted))
        .collect();
    match (found.pop(), found.len()) {
        (Some(job), 0) => Ok(job),
        (None, _) => Err(Failure::failed(format!(
            "no job's id begins with \"{wanted}\""
        ))),
        (Some(_), others) => Err(Failure::usage(format!(
            "\"{wanted}\" is the beginning of {} jobs' ids; write more of it",
            others + 1
        ))),
    }
}
