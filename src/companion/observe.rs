// SPDX-License-Identifier: Apache-2.0
//! One look at the Manager, the share, the pods and the GPUs, again and again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use super::demand::{self, Told};
use super::error::CompanionError;
use super::kubernetes::Pod;
use super::prometheus::{Prometheus, Scale};
use super::state::{Companion, Counts, LendError, Look, Wanted};
use super::tally::Tally;
use super::wanted::{Gpus, JobLoad, Seen, Wanting};
use crate::farm::FarmError;
use crate::farm::job_type::JOB_TYPE;
use crate::farm::models::{Job, JobStatus, TaskSummary, WorkerStatus, WorkerSummary};
use crate::lanes::JobProgress;
use crate::watch::Keeper;

const EVERY: Duration = Duration::from_secs(2);
/// A look may take this part of the time.
const SHARE_OF_TIME: u32 = 10;
const AT_LEAST_EVERY: Duration = Duration::from_secs(20);
/// How long a settled job is told of, as by the local farm.
const TOLD_AFTER_END: Duration = Duration::from_mins(1);
/// How often the tasks of jobs of other types are asked for, of which there may be thousands.
const OTHER_TASKS_EVERY: Duration = Duration::from_secs(20);
/// How often a job's folder is looked for that was not there.
const FOLDERS_EVERY: u32 = 15;
const GPUS_EVERY: Duration = Duration::from_secs(10);
/// Samples of the GPUs count for so long.
const GPU_WINDOW: Duration = Duration::from_mins(1);
/// What starting a worker takes besides its load: a pod, a sign-on, the Manager's answer.
const START_SECS: f64 = 15.0;
/// The costs of deleting pods: any two that differ would do.
const BUSY_COST: &str = "1000";
const IDLE_COST: &str = "0";

/// Looks until `stop`.
pub async fn observe(
    companion: Arc<Companion>,
    stop: CancellationToken,
) -> Result<(), CompanionError> {
    let mut observer = Observer::new(companion)?;
    loop {
        let began = Instant::now();
        observer.look().await;
        let pause = (began.elapsed() * SHARE_OF_TIME).clamp(EVERY, AT_LEAST_EVERY);
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What is remembered from look to look.
struct Observer {
    companion: Arc<Companion>,
    began: Instant,
    looks: u32,
    keeper: Keeper,
    tasks: BTreeMap<String, (OffsetDateTime, Instant, Vec<TaskSummary>)>,
    told: BTreeMap<String, (Instant, JobProgress)>,
    tally: Tally,
    wanting: Wanting,
    gpus: Option<GpuWatch>,
    busy_since: Option<Instant>,
    manager_was_up: bool,
}

/// What the Manager and the share told.
struct Farm {
    jobs: Vec<Job>,
    workers: Vec<WorkerSummary>,
    tasks: Vec<TaskSummary>,
    loads: Vec<JobLoad>,
    busy_workers: BTreeSet<String>,
    frames: Counts,
}

impl Observer {
    fn new(companion: Arc<Companion>) -> Result<Self, CompanionError> {
        let options = &companion.options;
        Ok(Self {
            began: Instant::now(),
            looks: 0,
            keeper: Keeper::below(options.share_dir.clone()),
            tasks: BTreeMap::new(),
            told: BTreeMap::new(),
            tally: Tally::default(),
            wanting: Wanting::new(options.policy.clone()),
            gpus: options
                .gpus
                .as_ref()
                .map(|gpus| {
                    Ok::<_, CompanionError>(GpuWatch {
                        prometheus: Prometheus::new(gpus)?,
                        scale: Scale::of_query(&gpus.query),
                        asked: None,
                        is_up: false,
                        ratios: VecDeque::new(),
                    })
                })
                .transpose()?,
            busy_since: None,
            manager_was_up: true,
            companion,
        })
    }

    async fn look(&mut self) {
        self.looks = self.looks.wrapping_add(1);
        let before = self.companion.look();
        let look = match self.ask_farm().await {
            Ok(farm) => {
                self.manager_was_up = true;
                self.conclude(farm).await
            }
            Err(error) => {
                if std::mem::take(&mut self.manager_was_up) {
                    tracing::warn!(%error, "the Manager does not answer: the number of workers stays");
                }
                Look {
                    manager_up: false,
                    ..(*before).clone()
                }
            }
        };
        self.companion.set_look(look);
    }

    async fn ask_farm(&mut self) -> Result<Farm, FarmError> {
        let client = self.companion.client.clone();
        let jobs = client.jobs().await?;
        let workers = client.workers().await?;
        let now = OffsetDateTime::now_utc();
        let mut farm = Farm {
            workers,
            tasks: Vec::new(),
            loads: Vec::new(),
            busy_workers: BTreeSet::new(),
            frames: Counts::new(),
            jobs: Vec::new(),
        };
        for job in &jobs {
            let is_live = !job.status.is_settled();
            if !is_live && !self.keeper.knows(&job.id) {
                continue;
            }
            let told = self.look_into(job).await;
            if !is_live {
                continue;
            }
            let tasks = self.tasks_of(job).await?;
            let at_work = tasks.iter().filter(|task| demand::is_at_work(task));
            let lanes = at_work.clone().count();
            let at_work = at_work.filter_map(|task| task.worker.as_ref());
            farm.busy_workers
                .extend(at_work.map(|worker| worker.id.clone()));
            farm.loads
                .extend(demand::load_of(job, &tasks, told.as_ref(), START_SECS, now));
            farm.tasks.extend(tasks);
            if let Some(told) = told {
                self.note(job, told.progress, lanes, &mut farm.frames);
            }
        }
        let live: BTreeSet<&str> = jobs
            .iter()
            .filter(|job| !job.status.is_settled())
            .map(|job| job.id.as_str())
            .collect();
        self.keeper.retain(|id| live.contains(id));
        self.tasks.retain(|id, _| live.contains(id.as_str()));
        self.tally.retain(|id| live.contains(id));
        self.told
            .retain(|id, (told, _)| live.contains(id.as_str()) || told.elapsed() < TOLD_AFTER_END);
        let is_there = |id: &String| {
            let worker = farm.workers.iter().find(|worker| worker.id == *id);
            worker.is_some_and(|worker| {
                !matches!(worker.status, WorkerStatus::Offline | WorkerStatus::Error)
            })
        };
        farm.busy_workers.retain(is_there);
        farm.jobs = jobs;
        Ok(farm)
    }

    /// What the share tells of a job; what it concludes, the keeper does.
    async fn look_into(&mut self, job: &Job) -> Option<Told> {
        let client = self.companion.client.clone();
        let progress = self.keeper.look(&client, job).await;
        let Some(progress) = progress else {
            if self.looks.is_multiple_of(FOLDERS_EVERY) {
                self.keeper.retain(|id| id != job.id);
            }
            return None;
        };
        if job.status.is_settled() {
            self.told
                .insert(job.id.clone(), (Instant::now(), progress.clone()));
        }
        let shared = self.keeper.shared(&job.id)?;
        let (finished, work) = {
            let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            (shared.finished(), shared.work_left(&progress))
        };
        let from = self.tally.news_from(&job.id, finished.len());
        let news: Vec<_> = finished.get(from..).unwrap_or_default().to_vec();
        if !news.is_empty() {
            let counted = tokio::task::spawn_blocking(move || {
                let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let lost = news.iter().map(|frame| shared.times_lost(frame.frame));
                news.iter()
                    .map(|frame| frame.seconds)
                    .zip(lost)
                    .collect::<Vec<_>>()
            });
            for (seconds, lost) in counted.await.unwrap_or_default() {
                self.tally.frame(seconds, lost);
            }
        }
        Some(Told {
            load_secs: Told::longest_load(&finished),
            progress,
            work,
        })
    }

    fn note(&mut self, job: &Job, mut progress: JobProgress, lanes: usize, frames: &mut Counts) {
        if let Some(shared) = self.keeper.shared(&job.id) {
            let shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            progress.seconds_left = shared.seconds_left(&progress, lanes);
        }
        let in_work = u64::try_from(progress.in_work.len()).unwrap_or(0);
        for (state, count) in [
            ("done", progress.frames_done),
            ("failed", progress.frames_failed),
            ("in_work", in_work),
            ("open", progress.frames_open().saturating_sub(in_work)),
        ] {
            *frames.entry(state.to_owned()).or_default() += count;
        }
        self.told.insert(job.id.clone(), (Instant::now(), progress));
    }

    async fn tasks_of(&mut self, job: &Job) -> Result<Vec<TaskSummary>, FarmError> {
        if let Some((updated, asked, tasks)) = self.tasks.get(&job.id) {
            let is_still = job.status != JobStatus::Active && *updated == job.updated;
            let is_other = job.job_type != JOB_TYPE && asked.elapsed() < OTHER_TASKS_EVERY;
            if is_still || is_other {
                return Ok(tasks.clone());
            }
        }
        let tasks = self.companion.client.tasks(&job.id).await?;
        self.tasks
            .insert(job.id.clone(), (job.updated, Instant::now(), tasks.clone()));
        Ok(tasks)
    }

    async fn conclude(&mut self, farm: Farm) -> Look {
        let busy = farm.busy_workers.len();
        if busy == 0 {
            self.busy_since = None;
        } else {
            self.busy_since.get_or_insert_with(Instant::now);
        }
        let (pods, kubernetes_up) = self.look_at_pods().await;
        let busy_pods = self.busy_pods(&farm).await;
        let gpus = self.look_at_gpus(&busy_pods).await;
        let there = farm
            .workers
            .iter()
            .filter(|worker| !matches!(worker.status, WorkerStatus::Offline | WorkerStatus::Error));
        let frames_left = farm.loads.iter().map(|load| load.frames_left).sum();
        let mut seen = Seen {
            jobs: farm.loads,
            busy,
            there: there.count(),
            gpus,
            may_fall: false,
        };
        let now_secs = self.began.elapsed().as_secs_f64();
        let alive = pods.iter().filter(|pod| !pod.has_ended).count();
        let is_scaling_in = self.wanting.would_fall(now_secs, &seen)
            || self.wanting.number().is_some_and(|number| alive > number);
        seen.may_fall =
            kubernetes_up != Some(false) && (!is_scaling_in || self.mark(&pods, &busy_pods).await);
        let (workers, because) = self.wanting.look(now_secs, &seen);
        let mut counts = count(farm.workers.iter().map(|worker| worker.status.as_str()));
        counts.insert("busy".to_owned(), u64::try_from(busy).unwrap_or(0));
        Look {
            wanted: Some(Wanted {
                workers,
                because: because.as_str().to_owned(),
                busy,
                frames_left,
            }),
            progress: self
                .told
                .iter()
                .map(|(id, (_, progress))| (id.clone(), progress.clone()))
                .collect(),
            jobs: count(farm.jobs.iter().map(|job| job.status.as_str())),
            tasks: count(farm.tasks.iter().map(|task| task.status.as_str())),
            frames: farm.frames,
            workers: counts,
            pods: count(pods.iter().filter(|pod| !pod.has_ended).map(|pod| {
                if pod.is_terminating {
                    "terminating"
                } else {
                    "running"
                }
            })),
            gpu_ratio: self.gpus.as_ref().and_then(GpuWatch::ratio),
            tally: self.tally.clone(),
            manager_up: true,
            kubernetes_up,
            prometheus_up: self.gpus.as_ref().map(|gpus| gpus.is_up),
        }
    }

    /// The pods, after the identities of those that are gone were taken back.
    async fn look_at_pods(&mut self) -> (Vec<Pod>, Option<bool>) {
        let companion = Arc::clone(&self.companion);
        let lost = {
            let mut identities = companion.identities.lock().await;
            companion.take_back_dead(&mut identities, None).await
        };
        match lost {
            Ok(lost) => self.tally.lost_pods += lost,
            Err(LendError::Companion(error)) => tracing::warn!(%error, "dead pods are not known"),
            Err(error) => tracing::debug!(%error, "dead pods are not settled yet"),
        }
        let Some(kubernetes) = &companion.kubernetes else {
            return (Vec::new(), None);
        };
        match kubernetes.pods().await {
            Ok(pods) => {
                let ends = pods.iter().flat_map(|pod| pod.out_of_memory.clone());
                self.tally.out_of_memory(ends);
                (pods, Some(true))
            }
            Err(error) => {
                tracing::debug!(%error, "the pods are not known");
                (Vec::new(), Some(false))
            }
        }
    }

    /// The pods of the busy workers: by their leases, and by the name that a worker takes from its host.
    async fn busy_pods(&self, farm: &Farm) -> BTreeSet<String> {
        let identities = self.companion.identities.lock().await;
        let leased = identities.leases().filter_map(|(number, lease)| {
            let id = identities.worker_id(number)?;
            farm.busy_workers.contains(&id).then(|| lease.pod.clone())
        });
        let named = farm
            .workers
            .iter()
            .filter(|worker| farm.busy_workers.contains(&worker.id))
            .map(|worker| worker.name.clone());
        leased.chain(named).collect()
    }

    /// Says of each pod what deleting it costs; whether that is known of all.
    async fn mark(&self, pods: &[Pod], busy: &BTreeSet<String>) -> bool {
        let Some(kubernetes) = &self.companion.kubernetes else {
            return true;
        };
        for pod in pods
            .iter()
            .filter(|pod| !pod.has_ended && !pod.is_terminating)
        {
            let cost = if busy.contains(&pod.name) {
                BUSY_COST
            } else {
                IDLE_COST
            };
            if pod.deletion_cost.as_deref().unwrap_or(IDLE_COST) == cost {
                continue;
            }
            if let Err(error) = kubernetes.set_deletion_cost(&pod.name, cost).await {
                tracing::warn!(%error, pod = pod.name, "a busy pod cannot be marked: the number of workers stays");
                return false;
            }
        }
        true
    }

    async fn look_at_gpus(&mut self, busy: &BTreeSet<String>) -> Gpus {
        let load_secs = self.companion.options.policy.load_secs;
        let busy_secs = self
            .busy_since
            .map_or(0.0, |since| since.elapsed().as_secs_f64());
        let Some(gpus) = &mut self.gpus else {
            return Gpus::Unasked;
        };
        gpus.ask(busy).await;
        if !gpus.is_up {
            Gpus::Unknown
        } else if busy_secs < 2.0 * load_secs {
            Gpus::Unasked
        } else {
            gpus.ratio().map_or(Gpus::Unasked, Gpus::Used)
        }
    }
}

/// What is remembered of the GPUs.
struct GpuWatch {
    prometheus: Prometheus,
    scale: Scale,
    asked: Option<Instant>,
    is_up: bool,
    ratios: VecDeque<(Instant, f64)>,
}

impl GpuWatch {
    async fn ask(&mut self, busy: &BTreeSet<String>) {
        if self.asked.is_some_and(|asked| asked.elapsed() < GPUS_EVERY) {
            return;
        }
        self.asked = Some(Instant::now());
        match self.prometheus.samples().await {
            Ok(samples) => {
                self.is_up = true;
                let ratio = self.scale.ratio(&samples, busy);
                self.ratios
                    .extend(ratio.map(|ratio| (Instant::now(), ratio)));
            }
            Err(error) => {
                tracing::debug!(%error, "how the GPUs are used is not known");
                self.is_up = false;
            }
        }
        self.ratios.retain(|(told, _)| told.elapsed() < GPU_WINDOW);
    }

    fn ratio(&self) -> Option<f64> {
        let count = u32::try_from(self.ratios.len())
            .ok()
            .filter(|count| *count > 0)?;
        Some(self.ratios.iter().map(|(_, ratio)| ratio).sum::<f64>() / f64::from(count))
    }
}

fn count<'a>(states: impl Iterator<Item = &'a str>) -> Counts {
    let mut counts = Counts::new();
    for state in states {
        *counts.entry(state.to_owned()).or_default() += 1;
    }
    counts
}
