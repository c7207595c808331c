// SPDX-License-Identifier: Apache-2.0
//! What a job's own folder tells where this computer sees it: a bare Manager knows of steps only, the folder of frames.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::view::{OUTPUT_DIR_KEY, STORAGE_KEY};
use crate::farm::job_type::JOB_TYPE;
use crate::farm::models::{
    Job, JobStatus, LOCAL_FARM_NAME, ManagerVariableAudience, ManagerVariables, TaskStatus,
};
use crate::farm::{Client, FarmError, SUBMISSION_ID_KEY, this_platform};
use crate::lanes::files::{claim_path, is_submission_id, job_file, staging_dir, state_dir};
use crate::lanes::{
    Claim, FilmProgress, FrameRecord, FrameState, JobDescription, JobProgress, LanesError,
    Leftovers, ProgressReader, SecondsLeft, ask_for_film_again, frame_records, frame_state,
    retry_failed,
};
use crate::plan::{self, FinishedFrame, Remaining, RunningFrame, Work};

/// Why a job's folder could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShareError {
    /// A file of the folder could not be read or written.
    #[error(transparent)]
    Lanes(#[from] LanesError),
    /// The farm did not take what follows from it.
    #[error(transparent)]
    Farm(#[from] FarmError),
}

/// A job whose folder this computer sees.
#[derive(Debug)]
pub struct SharedJob {
    description: JobDescription,
    storage: PathBuf,
    state_dir: PathBuf,
    reader: ProgressReader,
}

impl SharedJob {
    /// Looks for the folder of a job; none where the job has none or this computer does not see it. Blocks while it reads.
    ///
    /// `variables` are the Manager's for people on this platform: it puts their names in place of paths, in metadata, too.
    pub fn find(job: &Job, variables: &ManagerVariables) -> Option<Self> {
        Self::find_below(None, job, variables)
    }

    /// As [`SharedJob::find`], but only where the folder lies below `root`, where there is one: a job says itself where its
    /// folder is, and whoever reads for others reads nothing else for them.
    pub fn find_below(
        root: Option<&Path>,
        job: &Job,
        variables: &ManagerVariables,
    ) -> Option<Self> {
        if !may_have_folder(job) {
            return None;
        }
        let submission_id = job.metadata.get(SUBMISSION_ID_KEY)?;
        if !is_submission_id(submission_id) {
            return None;
        }
        [OUTPUT_DIR_KEY, STORAGE_KEY].iter().find_map(|key| {
            let mut storage = PathBuf::from(expanded(job.metadata.get(*key)?, variables));
            if let Some(root) = root {
                // With every link followed: what is found lies below the root in truth.
                storage = storage.canonicalize().ok()?;
                if !storage.starts_with(root.canonicalize().ok()?) {
                    return None;
                }
            }
            let path = job_file(&staging_dir(&storage, submission_id));
            let description = JobDescription::load(&path).ok()?;
            let state_dir = state_dir(&storage, submission_id, &job.id);
            Some(Self {
                reader: ProgressReader::new(&description, &state_dir),
                description,
                storage,
                state_dir,
            })
        })
    }

    /// How far the job is. Blocks while it reads.
    pub fn progress(&mut self, is_active: bool) -> JobProgress {
        self.reader.read(|_| is_active)
    }

    /// How far the job is, after a look at every open frame. Blocks while it reads.
    pub fn progress_of_all(&mut self, is_active: bool) -> JobProgress {
        self.reader.read_all(|_| is_active)
    }

    /// The records of the frames that are done. Blocks while it reads.
    pub fn records(&self) -> Vec<FrameRecord> {
        frame_records(&self.description, &self.state_dir)
    }

    /// What was asked for.
    pub fn description(&self) -> &JobDescription {
        &self.description
    }

    /// What the finished frames took, in the order in which they were found. Reads memory only.
    pub fn finished(&self) -> Vec<FinishedFrame> {
        let finished = self.reader.times().iter().map(|times| FinishedFrame {
            frame: times.frame,
            seconds: times.seconds,
            load_secs: times.load_secs,
        });
        finished.collect()
    }

    /// The work that is left as it is expected by what is finished; none before the first frame is.
    pub fn work_left(&self, progress: &JobProgress) -> Option<Work> {
        self.remaining(progress, 1, plan::work_left)
    }

    /// How long the job will still take with that many lanes in work; none while none is.
    pub fn seconds_left(&self, progress: &JobProgress, lanes: usize) -> Option<SecondsLeft> {
        let range = (lanes > 0).then(|| self.remaining(progress, lanes, plan::estimate))??;
        Some(SecondsLeft {
            low: range.low,
            high: range.high,
        })
    }

    fn remaining<T>(
        &self,
        progress: &JobProgress,
        slots: usize,
        use_it: impl FnOnce(Remaining<'_>) -> T,
    ) -> T {
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
        use_it(Remaining {
            finished: &self.finished(),
            open: &self.reader.open_frames().collect::<Vec<_>>(),
            running: &running,
            slots,
        })
    }

    /// How often a frame was begun and lost. Blocks while it reads.
    pub fn times_lost(&self, frame: i32) -> u32 {
        std::fs::read(claim_path(&self.state_dir, frame))
            .ok()
            .and_then(|bytes| Claim::parse(&bytes))
            .map_or(0, |claim| claim.lost)
    }

    /// The record of a frame, where it is done. Reads its outputs to their ends.
    pub fn record(&self, frame: i32) -> Option<FrameRecord> {
        match frame_state(&self.state_dir, frame) {
            FrameState::Done(record) => Some(record),
            _ => None,
        }
    }

    /// What became of the film, where one was asked for. Blocks while it reads.
    pub fn film(&self) -> Option<FilmProgress> {
        self.description.film.as_ref()?;
        Some(FilmProgress::read(&self.state_dir))
    }

    /// The name of a lane's task begins so; the last lane goes by the number of lanes.
    fn task_prefix(&self, lane: u32) -> String {
        if lane == self.description.last_lane() {
            LAST_LANE_TASK.to_owned()
        } else {
            format!("lane-{lane} ")
        }
    }
}

/// The name of the last lane's task.
pub const LAST_LANE_TASK: &str = "last-lane";

/// Whether a job is one that has a folder of Farmhand's somewhere: only then is it worth asking the Manager for its variables.
pub(super) fn may_have_folder(job: &Job) -> bool {
    job.job_type == JOB_TYPE && job.metadata.contains_key(SUBMISSION_ID_KEY)
}

/// The Manager's variables that this computer's paths may stand behind.
pub async fn variables(client: &Client) -> Result<ManagerVariables, FarmError> {
    client
        .variables(&ManagerVariableAudience::Users, this_platform())
        .await
}

/// Finds the folder of a job, away from the threads that wait for the network.
pub async fn find(client: &Client, job: &Job) -> Result<Option<SharedJob>, FarmError> {
    find_below(None, client, job).await
}

/// As [`find`], but only where the folder lies below `root`, where there is one.
pub async fn find_below(
    root: Option<&Path>,
    client: &Client,
    job: &Job,
) -> Result<Option<SharedJob>, FarmError> {
    if !may_have_folder(job) {
        return Ok(None);
    }
    let variables = variables(client).await?;
    let (job, root) = (job.clone(), root.map(Path::to_owned));
    Ok(
        blocking(move || SharedJob::find_below(root.as_deref(), &job, &variables))
            .await
            .flatten(),
    )
}

/// How far a job is, and the records of its finished frames; none where this computer does not see its folder.
pub async fn look(
    client: &Client,
    job: &Job,
) -> Result<Option<(JobProgress, Vec<FrameRecord>)>, FarmError> {
    let Some(mut shared) = find(client, job).await? else {
        return Ok(None);
    };
    let is_active = job.status == JobStatus::Active;
    Ok(blocking(move || (shared.progress_of_all(is_active), shared.records())).await)
}

/// Asks for the failed frames of a job that has ended again, and says which they are; none where this computer does not
/// see its folder.
///
/// # Errors
/// Where a claim cannot be written, or the farm refuses. What was asked for until then stays asked for.
pub async fn retry(client: &Client, job: &Job) -> Result<Option<Vec<i32>>, ShareError> {
    let asked = retry_below(None, client, job).await?;
    Ok(asked.map(|asked| asked.frames))
}

/// What was asked for again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedAgain {
    /// The failed frames.
    pub frames: Vec<i32>,
    /// The film, of which there is none although every frame is there.
    pub film: bool,
}

/// As [`retry`], with a film that is lacking, but only where the folder lies below `root`, where there is one.
pub async fn retry_below(
    root: Option<&Path>,
    client: &Client,
    job: &Job,
) -> Result<Option<AskedAgain>, ShareError> {
    let Some(shared) = find_below(root, client, job).await? else {
        return Ok(None);
    };
    let asked = blocking(move || {
        let asked = retry_failed(&shared.description, &shared.state_dir)
            .and_then(|frames| Ok((frames, ask_for_film_again(&shared.state_dir)?)));
        (asked, shared)
    });
    let Some((asked, shared)) = asked.await else {
        return Ok(None);
    };
    let (asked, film) = asked?;
    if asked.is_empty() && !film {
        return Ok(Some(AskedAgain::default()));
    }
    let mut lanes: Vec<String> = asked
        .iter()
        .map(|(_, lane)| shared.task_prefix(*lane))
        .collect();
    lanes.push(shared.task_prefix(shared.description.last_lane()));
    for task in client.tasks(&job.id).await? {
        let is_meant = lanes.iter().any(|lane| task.name.starts_with(lane));
        if is_meant && task.status != TaskStatus::Queued {
            client
                .set_task_status(&task.id, TaskStatus::Queued, "frames were asked for again")
                .await?;
        }
    }
    client
        .set_job_status(
            &job.id,
            JobStatus::Requeueing,
            "failed frames were asked for again",
        )
        .await?;
    Ok(Some(AskedAgain {
        frames: asked.into_iter().map(|(frame, _)| frame).collect(),
        film,
    }))
}

/// A job's folder that stays though the job is deleted, and why.
pub type Left = (PathBuf, std::io::Error);

/// Deletes a job that has ended and, where this computer sees them, its own folders; answers those that could not be
/// removed. Its frames stay. `others` are the farm's jobs: what one of them needs stays.
pub async fn delete(client: &Client, job: &Job, others: &[Job]) -> Result<Vec<Left>, FarmError> {
    // The farm on this computer removes them itself, once the job's lanes have ended. Elsewhere they are known by the job alone.
    let is_local = client.greet().await?.name == LOCAL_FARM_NAME;
    let shared = if is_local {
        None
    } else {
        find(client, job).await?
    };
    client.delete_job(&job.id).await?;
    let Some(shared) = shared else {
        return Ok(Vec::new());
    };
    let is_shared = others.iter().any(|other| {
        other.id != job.id
            && other.metadata.get(SUBMISSION_ID_KEY) == job.metadata.get(SUBMISSION_ID_KEY)
    });
    let job_id = job.id.clone();
    let removing = blocking(move || {
        let leftovers = Leftovers {
            storage: &shared.storage,
            submission_id: &shared.description.submission_id,
            job_id: &job_id,
            is_shared,
            kept: &[Path::new(&shared.description.output)],
        };
        leftovers.remove()
    });
    Ok(removing.await.unwrap_or_default())
}

/// Work on files, which may take its time on a share; none where the program ends meanwhile.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    tokio::task::spawn_blocking(work).await.ok()
}

/// A text with the path that its leading `{variable}` stands for.
pub fn expanded(text: &str, variables: &ManagerVariables) -> String {
    let named = || {
        let (name, rest) = text.strip_prefix('{')?.split_once('}')?;
        Some(format!("{}{rest}", variables.get(name)?.value))
    };
    named().unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::farm::models::ManagerVariable;

    #[test]
    fn a_path_behind_a_variable_is_found_again() {
        let variables = ManagerVariables::from([(
            "my_storage".to_owned(),
            ManagerVariable {
                value: "/mnt/render".to_owned(),
                is_twoway: true,
            },
        )]);
        let expand = |text| expanded(text, &variables);
        assert_eq!(
            expand("{my_storage}/shot/frames"),
            "/mnt/render/shot/frames"
        );
        assert_eq!(expand("/mnt/other"), "/mnt/other");
        assert_eq!(expand("{unknown}/shot"), "{unknown}/shot");
        assert_eq!(expand("{my_storage"), "{my_storage");
    }
}
