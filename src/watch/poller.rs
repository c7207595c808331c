// SPDX-License-Identifier: Apache-2.0
//! One background task per farm, which listens, asks and folds; whoever looks reads memory.
//!
//! Where the farm tells of each change, everything is asked for once, when it begins to tell; else again and again.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

use super::board::Board;
use super::companion;
use super::keeper::Keeper;
use super::listener::{Listener, News};
use super::pace::{self, Ended};
use super::source::{Found, Source};
use super::state::{Answers, Snapshot};
use crate::farm::models::Job;
use crate::farm::{Client, FarmError};
use crate::lanes::JobProgress;

/// How often workers are asked for, at most.
const WORKERS_EVERY: Duration = Duration::from_secs(5);

/// Settled jobs whose progress is asked for in one round, so that a long history comes in gently.
const OLD_JOBS_PER_ROUND: usize = 4;

/// How far back into the history single frames are asked for.
const OLD_JOBS: usize = 50;

/// What a watcher should know besides the farm.
#[derive(Clone, Debug, Default)]
pub struct WatchOptions {
    /// The user whose jobs are "mine", as jobs name it (`user.name`).
    pub user: Option<String>,
}

/// Watches a farm in the background until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    snapshots: watch::Receiver<Arc<Snapshot>>,
    looks: Arc<Looks>,
    task: AbortHandle,
}

/// When somebody last looked, and the bell that wakes the task.
#[derive(Debug)]
struct Looks {
    origin: Instant,
    last_millis: AtomicU64,
    bell: Notify,
}

impl Looks {
    fn ago(&self) -> Duration {
        let last = Duration::from_millis(self.last_millis.load(Ordering::Relaxed));
        self.origin.elapsed().saturating_sub(last)
    }

    fn note(&self) {
        let was_unseen = self.ago() > pace::LOOK_LASTS;
        let millis = u64::try_from(self.origin.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_millis.store(millis, Ordering::Relaxed);
        if was_unseen {
            self.bell.notify_one();
        }
    }
}

impl Watcher {
    /// Begins to watch the farm. The task runs on that runtime; this returns at once and may be called from any thread.
    pub fn start(source: impl Into<Source>, options: WatchOptions, runtime: &Handle) -> Self {
        let (sender, snapshots) = watch::channel(Arc::new(Snapshot::default()));
        let looks = Arc::new(Looks {
            origin: Instant::now(),
            last_millis: AtomicU64::new(0),
            bell: Notify::new(),
        });
        let poller = Poller {
            source: source.into(),
            options,
            client: None,
            tells_frames: None,
            workers_asked: None,
            old_jobs_asked: HashMap::new(),
            keeper: Keeper::default(),
            listener: None,
            is_told: false,
            board: None,
        };
        let task = runtime
            .spawn(poller.run(sender, Arc::clone(&looks)))
            .abort_handle();
        Self {
            snapshots,
            looks,
            task,
        }
    }

    /// What is known now. Reads memory only: it never waits and never fails.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.looks.note();
        Arc::clone(&self.snapshots.borrow())
    }

    /// Asks the farm again soon. Never waits.
    pub fn refresh(&self) {
        self.looks.bell.notify_one();
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the task remembers between rounds.
struct Poller {
    source: Source,
    options: WatchOptions,
    client: Option<Client>,
    /// Whether the farm has a companion; not known before the first answer.
    tells_frames: Option<bool>,
    workers_asked: Option<Instant>,
    /// Settled jobs whose progress was asked for already, with the job's last change at that time.
    old_jobs_asked: HashMap<String, OffsetDateTime>,
    /// Looks into the jobs' folders where there is no companion.
    keeper: Keeper,
    /// Hears what the farm tells, from the first round with this client on.
    listener: Option<Listener>,
    /// Whether the farm tells of each change now.
    is_told: bool,
    /// Everything as it is now; none where somebody has to look.
    board: Option<Board>,
}

impl Poller {
    async fn run(mut self, sender: watch::Sender<Arc<Snapshot>>, looks: Arc<Looks>) {
        let mut failures = 0;
        loop {
            let began = Instant::now();
            let before = Arc::clone(&sender.borrow());
            let found = match &self.client {
                Some(client) => Found::Client(client.clone()),
                None => self.source.look(),
            };
            let (snapshot, ended) = match found {
                Found::Client(client) => match self.round(&client, &before).await {
                    Ok(snapshot) => {
                        self.client = Some(client);
                        let shown = snapshot.as_ref().unwrap_or(&before);
                        let is_moving = shown.jobs.iter().any(super::JobView::is_moving);
                        (snapshot, Ended::Answered { is_moving })
                    }
                    Err(error) => self.failed(&before, &error.to_string(), failures),
                },
                Found::Stopped => (Some(before.stopped()), Ended::Stopped),
                Found::Unclear(message) => self.failed(&before, &message, failures),
            };
            failures = match ended {
                Ended::Failed { in_a_row } => in_a_row,
                _ => 0,
            };
            if let Some(snapshot) = snapshot {
                sender.send_replace(Arc::new(snapshot));
            }
            tokio::time::sleep(pace::SHORTEST).await;
            let pause = pace::pause(ended, began.elapsed(), looks.ago());
            self.rest(pause, &looks).await;
        }
    }

    /// Waits until the farm is to be looked at again. What it tells is taken in meanwhile, whether somebody looks or not.
    async fn rest(&mut self, pause: Duration, looks: &Looks) {
        let ends = tokio::time::Instant::now() + pause;
        loop {
            tokio::select! {
                () = tokio::time::sleep_until(ends) => return,
                () = looks.bell.notified() => return,
                news = next_news(self.listener.as_mut()) => {
                    let was_told = matches!(news, News::Told(_));
                    self.hear(news);
                    if !was_told || looks.ago() <= pace::LOOK_LASTS {
                        return;
                    }
                }
            }
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Told(event) => {
                if let Some(board) = &mut self.board {
                    board.hear(event);
                }
            }
            // What happened before is not told.
            News::Up => (self.is_told, self.board) = (true, None),
            News::Down => (self.is_told, self.board) = (false, None),
        }
    }

    /// What is to be shown now, where it changed.
    async fn round(
        &mut self,
        client: &Client,
        before: &Snapshot,
    ) -> Result<Option<Snapshot>, FarmError> {
        if self.listener.is_none() {
            let mut listener = Listener::start(client.clone());
            let first = tokio::time::timeout(pace::HEAD_START, listener.next()).await;
            self.listener = Some(listener);
            if let Ok(news) = first {
                self.hear(news);
            }
        }
        while let Some(news) = self.listener.as_mut().and_then(Listener::ready) {
            self.hear(news);
        }
        let me = self.options.user.clone();
        let now = OffsetDateTime::now_utc;
        if let Some(mut board) = self.board.take() {
            let progress = self.go_on(client, &mut board).await?;
            let mut moves = board.take_moves();
            moves.progress = progress;
            moves.waiting = self.waiting(board.jobs());
            self.board = Some(board);
            return Ok(before.moved(moves, me.as_deref(), now()));
        }
        let answers = self.ask(client).await?;
        Ok(Some(before.answered(answers, me.as_deref(), now())))
    }

    /// Asks for what the farm does not tell by itself.
    async fn go_on(
        &mut self,
        client: &Client,
        board: &mut Board,
    ) -> Result<Option<BTreeMap<String, JobProgress>>, FarmError> {
        for id in board.unclear() {
            match client.job(&id).await {
                Ok(job) => board.learn(job),
                Err(FarmError::NotFound { .. } | FarmError::BadId { .. }) => board.forget(&id),
                Err(error) => return Err(error),
            }
        }
        let jobs: Vec<&Job> = board.jobs().collect();
        self.progress_of(client, &jobs).await
    }

    /// After a failure the farm is looked for anew, and may be another version when it is back.
    fn failed(
        &mut self,
        before: &Snapshot,
        message: &str,
        failures: u32,
    ) -> (Option<Snapshot>, Ended) {
        self.client = None;
        self.listener = None;
        (self.is_told, self.board) = (false, None);
        self.tells_frames = None;
        self.workers_asked = None;
        let ended = Ended::Failed {
            in_a_row: failures.saturating_add(1),
        };
        let snapshot = before.offline(message, OffsetDateTime::now_utc());
        (Some(snapshot), ended)
    }

    /// Looks at everything.
    async fn ask(&mut self, client: &Client) -> Result<Answers, FarmError> {
        let jobs = client.jobs().await?;
        let progress = self
            .progress_of(client, &jobs.iter().collect::<Vec<_>>())
            .await?;
        let workers = match self.workers_asked {
            Some(asked) if asked.elapsed() < WORKERS_EVERY && !self.is_told => None,
            _ => {
                self.workers_asked = Some(Instant::now());
                Some(client.workers().await?)
            }
        };
        if self.is_told {
            self.board = Some(Board::new(&jobs, workers.clone().unwrap_or_default()));
        }
        Ok(Answers {
            waiting: self.waiting(jobs.iter()),
            jobs,
            progress,
            workers,
        })
    }

    /// The jobs that wait at a gate.
    fn waiting<'a>(&self, jobs: impl Iterator<Item = &'a Job>) -> BTreeSet<String> {
        jobs.filter(|job| self.keeper.waits(&job.id))
            .map(|job| job.id.clone())
            .collect()
    }

    /// How far the jobs are, by whoever tells of frames.
    async fn progress_of(
        &mut self,
        client: &Client,
        jobs: &[&Job],
    ) -> Result<Option<BTreeMap<String, JobProgress>>, FarmError> {
        let Some(mut told) = self.ask_progress(client).await? else {
            return Ok(self.look_into_folders(client, jobs).await);
        };
        self.ask_old_jobs(client, jobs, &mut told).await?;
        Ok(Some(told))
    }

    async fn ask_progress(
        &mut self,
        client: &Client,
    ) -> Result<Option<BTreeMap<String, JobProgress>>, FarmError> {
        if self.tells_frames == Some(false) {
            return Ok(None);
        }
        match companion::progress(client).await {
            Ok(told) => {
                self.tells_frames = Some(true);
                Ok(Some(told))
            }
            Err(error) if companion::is_missing(&error) => {
                self.tells_frames = Some(false);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Without a companion, the folders of the jobs in work tell, where this computer sees them.
    async fn look_into_folders(
        &mut self,
        client: &Client,
        jobs: &[&Job],
    ) -> Option<BTreeMap<String, JobProgress>> {
        let mut told = BTreeMap::new();
        for job in jobs {
            if !job.status.is_settled() || self.keeper.knows(&job.id) {
                let progress = self.keeper.look(client, job).await;
                told.extend(progress.map(|progress| (job.id.clone(), progress)));
            }
        }
        let live: BTreeSet<&str> = jobs
            .iter()
            .filter(|job| !job.status.is_settled())
            .map(|job| job.id.as_str())
            .collect();
        self.keeper.retain(|id| live.contains(id));
        self.keeper.sees_folders().then_some(told)
    }

    /// Completes what the companion tells by jobs that were settled before this watcher looked.
    async fn ask_old_jobs(
        &mut self,
        client: &Client,
        jobs: &[&Job],
        told: &mut BTreeMap<String, JobProgress>,
    ) -> Result<(), FarmError> {
        let settled = jobs.iter().filter(|job| job.status.is_settled());
        let mut old: Vec<&Job> = settled.copied().collect();
        old.sort_by_key(|job| std::cmp::Reverse(job.created));
        old.truncate(OLD_JOBS);
        let is_news = |job: &&Job| {
            !told.contains_key(&job.id) && self.old_jobs_asked.get(&job.id) != Some(&job.updated)
        };
        let wanted: Vec<&Job> = old
            .into_iter()
            .filter(is_news)
            .take(OLD_JOBS_PER_ROUND)
            .collect();
        for job in wanted {
            match companion::job_progress(client, &job.id).await {
                Ok(progress) => {
                    told.insert(job.id.clone(), progress);
                }
                // A job of another kind, or one whose folder was taken away, has no frames to tell of.
                Err(error) if companion::is_missing(&error) => {}
                Err(FarmError::Refused { .. }) => {}
                Err(error) => return Err(error),
            }
            self.old_jobs_asked.insert(job.id.clone(), job.updated);
        }
        Ok(())
    }
}

async fn next_news(listener: Option<&mut Listener>) -> News {
    match listener {
        Some(listener) => listener.next().await,
        None => std::future::pending().await,
    }
}
