// SPDX-License-Identifier: Apache-2.0
//! Sends a job that was prepared, and leaves nothing behind where that fails.

use tokio_util::sync::CancellationToken;

use super::environment::FarmKind;
use super::error::JobError;
use super::event::{Event, Listener, Stage};
use super::fit::Cut;
use super::prepare::Prepared;
use super::share::Share;
use super::staging::{self, Staged};
use super::submission::OUTPUT_KEY;
use crate::farm::models::{Job, JobStatus, ManagerVariables};
use crate::farm::{Client, FarmError};
use crate::frames::FrameSet;
use crate::watch::{BLEND_FILE_KEY, share};

/// Stages and sends a job. Cancelled before the farm has it, nothing is left behind; cancelled after, the farm is asked
/// to stop it.
pub async fn submit(
    client: &Client,
    prepared: &Prepared,
    listener: Listener<'_>,
    cancel: &CancellationToken,
) -> Result<Job, JobError> {
    if prepared.is_held_back() {
        return Err(JobError::HeldBack {
            findings: prepared.holding_back().cloned().collect(),
        });
    }
    if let Err(error) = unless_cancelled(cancel, refuse_a_second(client, prepared)).await {
        if let Some(finding) = error.finding() {
            listener(Event::Finding(finding));
        }
        return Err(error);
    }
    unless_cancelled(cancel, know_the_job_type(client, prepared)).await?;

    listener(Event::Stage(Stage::Staging));
    // Chunks need no files of ours but copies of scenes.
    let has_copies = prepared.share.as_ref().is_some_and(Share::has_copies);
    let staged = if prepared.cut == Cut::Lanes || has_copies {
        let ready = prepared.clone();
        // Writing .blend files takes its time.
        let staged = tokio::task::spawn_blocking(move || stage(&ready))
            .await
            .map_err(std::io::Error::other)
            .map_err(JobError::staging(&prepared.staging_dir()))??;
        Some(staged)
    } else {
        None
    };
    let keep = || staged.into_iter().for_each(Staged::keep);
    if cancel.is_cancelled() {
        return Err(JobError::Cancelled);
    }

    listener(Event::Stage(Stage::Sending));
    let sent = match client.submit(&prepared.submitted).await {
        // The job may be there: its files must be, too.
        Err(error @ FarmError::SubmissionUnsettled { .. }) => {
            keep();
            return Err(error.into());
        }
        sent => sent?,
    };
    keep();
    if cancel.is_cancelled() {
        client
            .set_job_status(
                &sent.id,
                JobStatus::CancelRequested,
                "cancelled while it was sent",
            )
            .await?;
        return Err(JobError::Cancelled);
    }
    listener(Event::Stage(Stage::Sent));
    Ok(sent)
}

/// Writes the job's own files, and .blend files with the workers' paths in them.
fn stage(prepared: &Prepared) -> Result<Staged, JobError> {
    let (storage, description) = (prepared.output_dir(), &prepared.description);
    let renderer = prepared.renderer_source.as_bytes();
    staging::stage(storage, &description.submission_id, renderer, || {
        let mut description = description.clone();
        if let Some(share) = &prepared.share {
            share.write_copies(&mut description)?;
        }
        let written = serde_json::to_vec_pretty(&description).map_err(std::io::Error::other);
        written.map_err(JobError::staging(&prepared.staging_dir()))
    })
}

async fn unless_cancelled<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = Result<T, JobError>>,
) -> Result<T, JobError> {
    tokio::select! {
        result = work => result,
        () = cancel.cancelled() => Err(JobError::Cancelled),
    }
}

/// Two jobs that write the same files would each take the other's work for broken.
async fn refuse_a_second(client: &Client, prepared: &Prepared) -> Result<(), JobError> {
    // A Manager puts its variables in place of what they stand for; one that has none replaces nothing.
    let variables = match prepared.farm {
        FarmKind::Manager => share::variables(client).await.unwrap_or_default(),
        FarmKind::Local => ManagerVariables::default(),
    };
    let noted = |job: &Job, key: &str| {
        let value = job.metadata.get(key)?;
        Some(share::expanded(value, &variables))
    };
    let mine = |key: &str| {
        let value = prepared.submitted.metadata.get(key)?;
        Some(share::expanded(value, &variables))
    };
    let output = mine(OUTPUT_KEY);
    for job in client.jobs().await? {
        let same_output = noted(&job, OUTPUT_KEY) == output;
        if job.status.is_settled() || !same_output {
            continue;
        }
        let its_frames = job
            .settings
            .get("frames")
            .and_then(|frames| frames.as_str())
            .and_then(|frames| frames.parse::<FrameSet>().ok());
        let both = its_frames.map_or_else(
            || prepared.description.frames.clone(),
            |frames| shared(&frames, &prepared.description.frames),
        );
        if both.is_empty() {
            continue;
        }
        let same_scene = noted(&job, BLEND_FILE_KEY) == mine(BLEND_FILE_KEY);
        let (job_id, name, status) = (job.id, job.name, job.status.to_string());
        let (frames, output) = (both.to_string(), prepared.description.output.clone());
        return Err(if same_scene {
            JobError::AlreadyThere {
                job_id,
                name,
                status,
                frames,
                output,
            }
        } else {
            JobError::OutputTaken {
                job_id,
                name,
                status,
                frames,
                output,
            }
        });
    }
    Ok(())
}

fn shared(one: &FrameSet, other: &FrameSet) -> FrameSet {
    one.difference(&one.difference(other))
}

/// A Manager without the job type would take the job and never render it in lanes.
async fn know_the_job_type(client: &Client, prepared: &Prepared) -> Result<(), JobError> {
    if prepared.farm == FarmKind::Local {
        return Ok(());
    }
    let job_type = &prepared.submitted.job_type;
    match client.job_type(job_type).await {
        Ok(_) => Ok(()),
        Err(FarmError::NotFound { .. }) => Err(JobError::NoJobType {
            job_type: job_type.clone(),
            farm: client.base_url(),
        }),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
