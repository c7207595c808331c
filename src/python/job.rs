// SPDX-License-Identifier: Apache-2.0
//! `farmhand.Job`.

use std::borrow::Cow;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

use pyo3::prelude::*;
use pythonize::pythonize;

use super::error::{Failure, FarmhandError};
use super::farm::Place;
use super::runtime;
use crate::farm::models::{Job, JobStatus};
use crate::farm::{Client, PictureSize};
use crate::watch::{Follow, FollowOptions, OUTPUT_DIR_KEY, Source, companion, gate, share};

#[pyclass(name = "Job", module = "farmhand", frozen, skip_from_py_object)]
#[derive(Clone)]
pub(super) struct PyJob {
    source: Source,
    client: Client,
    job_id: String,
    name: String,
    output_dir: String,
}

impl PyJob {
    pub(super) fn id(&self) -> &str {
        &self.job_id
    }

    pub(super) fn new(place: &Place, client: Client, job: &Job) -> Self {
        let output_dir = job
            .metadata
            .get(OUTPUT_DIR_KEY)
            .cloned()
            .unwrap_or_default();
        Self {
            source: place.source(),
            client,
            job_id: job.id.clone(),
            name: job.name.clone(),
            output_dir,
        }
    }

    fn ask<T, F, A>(&self, py: Python<'_>, timeout_secs: f64, ask: A) -> PyResult<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, Failure>> + Send + 'static,
        A: FnOnce(Client, String) -> F,
    {
        let timeout: Duration = runtime::duration(timeout_secs)?;
        runtime::wait(
            py,
            ask(self.client.clone(), self.job_id.clone()),
            Some(timeout),
        )
    }
}

#[pymethods]
impl PyJob {
    #[getter]
    fn job_id(&self) -> &str {
        &self.job_id
    }

    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    #[getter]
    fn output_dir(&self) -> &str {
        &self.output_dir
    }

    fn __repr__(&self) -> String {
        format!("<farmhand.Job {} {:?}>", self.job_id, self.name)
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn status(&self, py: Python<'_>, timeout_secs: f64) -> PyResult<String> {
        self.ask(py, timeout_secs, |client, id| async move {
            Ok(client.job(&id).await?.status.to_string())
        })
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn progress<'py>(&self, py: Python<'py>, timeout_secs: f64) -> PyResult<Bound<'py, PyAny>> {
        let progress = self.ask(py, timeout_secs, |client, id| async move {
            Ok(companion::job_progress(&client, &id).await?)
        })?;
        to_python(py, &progress)
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn frames<'py>(&self, py: Python<'py>, timeout_secs: f64) -> PyResult<Bound<'py, PyAny>> {
        let frames = self.ask(py, timeout_secs, |client, id| async move {
            Ok(companion::job_frames(&client, &id).await?)
        })?;
        to_python(py, &frames)
    }

    #[pyo3(signature = (*, timeout_secs=None))]
    fn wait(&self, py: Python<'_>, timeout_secs: Option<f64>) -> PyResult<String> {
        let timeout = timeout_secs.map(runtime::duration).transpose()?;
        let (source, id) = (self.source.clone(), self.job_id.clone());
        let status = runtime::wait(py, async move { settled(source, &id).await }, timeout)?;
        Ok(status.to_string())
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn cancel(&self, py: Python<'_>, timeout_secs: f64) -> PyResult<()> {
        self.ask(py, timeout_secs, |client, id| async move {
            Ok(client
                .set_job_status(
                    &id,
                    JobStatus::CancelRequested,
                    "cancelled from the library",
                )
                .await?)
        })
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn pause(&self, py: Python<'_>, timeout_secs: f64) -> PyResult<()> {
        self.ask(py, timeout_secs, |client, id| async move {
            let (status, reason) = (JobStatus::PauseRequested, "held from the library");
            Ok(client.set_job_status(&id, status, reason).await?)
        })
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn resume(&self, py: Python<'_>, timeout_secs: f64) -> PyResult<()> {
        self.ask(py, timeout_secs, |client, id| async move {
            resume(&client, &id).await
        })
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn retry(&self, py: Python<'_>, timeout_secs: f64) -> PyResult<Vec<i32>> {
        self.ask(py, timeout_secs, |client, id| async move {
            Ok(companion::retry_or_requeue(&client, &id).await?)
        })
    }

    #[pyo3(signature = (priority, *, timeout_secs=30.0))]
    fn set_priority(&self, py: Python<'_>, priority: i32, timeout_secs: f64) -> PyResult<()> {
        self.ask(py, timeout_secs, move |client, id| async move {
            Ok(client.set_job_priority(&id, priority).await?)
        })
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn last_picture(
        &self,
        py: Python<'_>,
        timeout_secs: f64,
    ) -> PyResult<Option<Cow<'static, [u8]>>> {
        let picture = self.ask(py, timeout_secs, |client, id| async move {
            Ok(client.job_picture(&id, PictureSize::Large).await?)
        })?;
        Ok(picture.map(|(_, bytes)| Cow::Owned(bytes)))
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn blocklist<'py>(&self, py: Python<'py>, timeout_secs: f64) -> PyResult<Bound<'py, PyAny>> {
        let blocklist = self.ask(py, timeout_secs, |client, id| async move {
            Ok(client.job_blocklist(&id).await?)
        })?;
        to_python(py, &blocklist)
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn clear_blocklist(&self, py: Python<'_>, timeout_secs: f64) -> PyResult<()> {
        self.ask(py, timeout_secs, |client, id| async move {
            let entries = client.job_blocklist(&id).await?;
            Ok(client.clear_blocklist(&id, &entries).await?)
        })
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn delete(&self, py: Python<'_>, timeout_secs: f64) -> PyResult<()> {
        self.ask(py, timeout_secs, |client, id| async move {
            let job = client.job(&id).await?;
            if !job.status.is_settled() {
                return Err(Failure::StillLives {
                    job_id: job.id,
                    status: job.status.to_string(),
                });
            }
            let others = client.jobs().await?;
            for (folder, error) in share::delete(&client, &job, &others).await? {
                tracing::warn!(%error, path = %folder.display(), "a folder of a deleted job is left");
            }
            Ok(())
        })
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn log(&self, py: Python<'_>, timeout_secs: f64) -> PyResult<String> {
        self.ask(py, timeout_secs, |client, id| async move {
            log(&client, &id).await
        })
    }
}

/// What a job's lanes have printed so far.
pub(super) async fn log(client: &Client, job_id: &str) -> Result<String, Failure> {
    let mut log = String::new();
    for task in client.tasks(job_id).await? {
        if let Some(text) = client.task_log_text(&task.id).await? {
            log.push_str(&text);
        }
    }
    Ok(log)
}

/// Writes a job's latest picture into a folder, and returns its path; empty where there is none yet.
pub(super) async fn fetch_picture(
    client: &Client,
    job_id: &str,
    folder: &Path,
) -> Result<String, Failure> {
    let Some((name, bytes)) = client.job_picture(job_id, PictureSize::Small).await? else {
        return Ok(String::new());
    };
    let extension = Path::new(&name).extension().unwrap_or("jpg".as_ref());
    let path = folder.join(job_id).with_extension(extension);
    let written = async {
        tokio::fs::create_dir_all(folder).await?;
        tokio::fs::write(&path, bytes).await
    };
    let written = written.await;
    written.map_err(|source| Failure::Picture {
        path: path.clone(),
        source,
    })?;
    Ok(path.to_string_lossy().into_owned())
}

/// Lets a job go on that is held; asked of any other, the farm would render what was cancelled or failed again.
pub(super) async fn resume(client: &Client, job_id: &str) -> Result<(), Failure> {
    let job = client.job(job_id).await?;
    if let Some(gate) = gate::closed(client, &job).await? {
        return Ok(gate::open(client, &gate, "approved from the library").await?);
    }
    if job.status != JobStatus::Paused {
        return Err(Failure::NotHeld {
            job_id: job.id,
            status: job.status.to_string(),
        });
    }
    let (status, reason) = (JobStatus::Requeueing, "let go on from the library");
    Ok(client.set_job_status(job_id, status, reason).await?)
}

/// Waits for the job's end, or until people have to look at its scouts; an end without all frames is a failure that
/// names them.
async fn settled(source: Source, id: &str) -> Result<JobStatus, Failure> {
    let end = Follow::new(source, id, FollowOptions::default())
        .settled()
        .await?;
    if end.status == JobStatus::Completed || end.waits_for_approval {
        return Ok(end.status);
    }
    let failed = end.progress.iter().flat_map(|progress| &progress.failed);
    let reasons: Vec<String> = failed
        .map(|failed| format!("\nframe {}: {}", failed.frame, failed.message))
        .collect();
    let reasons = reasons.concat();
    Err(Failure::JobFailed(format!(
        "job {id} is {}{reasons}",
        end.status
    )))
}

/// A serialisable value as Python's own dicts, lists and numbers.
pub(super) fn to_python<'py, T: serde::Serialize>(
    py: Python<'py>,
    value: &T,
) -> PyResult<Bound<'py, PyAny>> {
    pythonize(py, value).map_err(|error| {
        FarmhandError::new_err(format!(
            "the farm's answer cannot be shown in Python: {error}"
        ))
    })
}
