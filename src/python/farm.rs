// SPDX-License-Identifier: Apache-2.0
//! `farmhand.Farm`, `farmhand.connect` and `farmhand.local`.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::de::DeserializeOwned;

use super::error::Failure;
use super::job::{self, PyJob};
use super::reply::PyReply;
use super::submission::{PyOperation, PyPreview, PySubmission};
use super::watch::PyFarmWatch;
use super::work::Work;
use super::{frames, runtime, submission};
use crate::config::Dirs;
use crate::connect::{Given, of_process, proxy as proxy_of, target};
use crate::farm::models::JobStatus;
use crate::farm::{Client, ClientOptions, Credentials, Secret};
use crate::job::JobRequest;
use crate::lanes::MissingFiles;
use crate::local::{self, LocalFarm};
use crate::watch::{Found, Source, companion};

/// Which farm, before anything is connected.
#[derive(Clone)]
pub(super) enum Place {
    /// A Flamenco Manager.
    Manager(Client),
    /// This computer.
    Local(Box<Local>),
}

/// How the farm on this computer is started where it sleeps.
#[derive(Clone)]
pub(super) struct Local {
    pub(super) dirs: Dirs,
    pub(super) options: local::StartOptions,
}

impl Local {
    /// The farm on this computer, started where it sleeps.
    pub(super) async fn start(&self) -> Result<LocalFarm, Failure> {
        let (dirs, options) = (self.dirs.clone(), self.options.clone());
        let started = tokio::task::spawn_blocking(move || local::start(&options, &dirs)).await;
        Ok(started.map_err(|broken| Failure::Broken(broken.to_string()))??)
    }
}

impl Place {
    /// A client for a farm that was found to be one; the one on this computer is started where it sleeps.
    pub(super) async fn client(&self) -> Result<Client, Failure> {
        match self {
            Self::Manager(client) => {
                client.greet().await?;
                Ok(client.clone())
            }
            Self::Local(of) => client_of(&of.start().await?),
        }
    }

    /// Where whoever watches finds the farm; looking starts nothing.
    pub(super) fn source(&self) -> Source {
        match self {
            Self::Manager(client) => client.clone().into(),
            Self::Local(of) => {
                let dirs = of.dirs.clone();
                Source::looking(move || match local::address(&dirs) {
                    Some((url, token)) => {
                        Client::new(&ClientOptions::new(url).token(Secret::new(&token))).into()
                    }
                    None => Found::Stopped,
                })
            }
        }
    }
}

/// A client for the running farm on this computer.
pub(super) fn client_of(running: &LocalFarm) -> Result<Client, Failure> {
    let options = ClientOptions::new(&running.url).token(Secret::new(&running.token));
    Ok(Client::new(&options)?)
}

#[pyclass(name = "Farm", module = "farmhand", frozen)]
pub(super) struct PyFarm {
    place: Place,
}

impl PyFarm {
    fn ask_for(
        &self,
        job_id: String,
        status: JobStatus,
        reason: &'static str,
    ) -> PyResult<PyOperation> {
        let place = self.place.clone();
        Ok(PyOperation(Work::start(|_, _| async move {
            let client = place.client().await?;
            Ok(client.set_job_status(&job_id, status, reason).await?)
        })?))
    }
}

#[pymethods]
impl PyFarm {
    #[getter]
    fn name(&self) -> String {
        match &self.place {
            Place::Manager(client) => client.base_url(),
            Place::Local(_) => "This Computer".to_owned(),
        }
    }

    fn __repr__(&self) -> String {
        format!("<farmhand.Farm {}>", self.name())
    }

    #[pyo3(signature = (path, *, frames=None, scene=None, camera=None, view_layers=None, samples=None, percentage=None,
        device="auto", denoise="scene", output=None, existing="replace", order="auto", costs=None, priority=50, name=None,
        auto_run=false, allow_missing=false, persistent_data="scene", addons=None, job_type=None, chunk_size=None,
        blender=None, worker_tag=None))]
    #[expect(
        clippy::too_many_arguments,
        reason = "keyword-only in Python, where each has a default"
    )]
    fn submit(
        &self,
        path: PathBuf,
        frames: Option<&Bound<'_, PyAny>>,
        scene: Option<String>,
        camera: Option<String>,
        view_layers: Option<Vec<String>>,
        samples: Option<u32>,
        percentage: Option<u32>,
        device: &str,
        denoise: &str,
        output: Option<PathBuf>,
        existing: &str,
        order: &str,
        costs: Option<BTreeMap<i32, f64>>,
        priority: i32,
        name: Option<String>,
        auto_run: bool,
        allow_missing: bool,
        persistent_data: &str,
        addons: Option<Vec<String>>,
        job_type: Option<String>,
        chunk_size: Option<u64>,
        blender: Option<String>,
        worker_tag: Option<String>,
    ) -> PyResult<PySubmission> {
        let mut request = JobRequest::new(path);
        request.frames = frames.map(frames::from_python).transpose()?;
        request.scene = scene;
        request.camera = camera;
        request.view_layers = view_layers.unwrap_or_default();
        request.samples = samples;
        request.percentage = percentage;
        request.device = word("device", device)?;
        request.denoise = word("denoise", denoise)?;
        request.output = output;
        request.existing = word("existing", existing)?;
        request.order = word("order", order)?;
        request.costs = costs;
        request.priority = priority;
        request.name = name;
        request.auto_run = auto_run;
        request.missing_files = if allow_missing {
            MissingFiles::Allow
        } else {
            MissingFiles::Fail
        };
        request.persistent_data = word("persistent_data", persistent_data)?;
        request.addons = addons.unwrap_or_default();
        request.job_type = job_type;
        request.chunk_size = chunk_size;
        request.blender = blender;
        request.worker_tag = worker_tag;
        submission::start(self.place.clone(), request)
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn jobs(&self, py: Python<'_>, timeout_secs: f64) -> PyResult<Vec<PyJob>> {
        let place = self.place.clone();
        let (client, mut jobs) = wait(py, timeout_secs, async move {
            let client = place.client().await?;
            let jobs = client.jobs().await?;
            Ok((client, jobs))
        })?;
        jobs.sort_by_key(|job| std::cmp::Reverse(job.created));
        Ok(jobs
            .into_iter()
            .map(|job| PyJob::new(&self.place, client.clone(), &job))
            .collect())
    }

    #[pyo3(signature = (job_id, *, timeout_secs=30.0))]
    fn job(&self, py: Python<'_>, job_id: String, timeout_secs: f64) -> PyResult<PyJob> {
        let place = self.place.clone();
        wait(py, timeout_secs, async move {
            let client = place.client().await?;
            let job = client.job(&job_id).await?;
            Ok(PyJob::new(&place, client, &job))
        })
    }

    #[pyo3(signature = (*, timeout_secs=30.0))]
    fn workers<'py>(&self, py: Python<'py>, timeout_secs: f64) -> PyResult<Bound<'py, PyAny>> {
        let place = self.place.clone();
        let workers = wait(py, timeout_secs, async move {
            Ok(place.client().await?.workers().await?)
        })?;
        job::to_python(py, &workers)
    }

    fn cancel_job(&self, job_id: String) -> PyResult<PyOperation> {
        self.ask_for(
            job_id,
            JobStatus::CancelRequested,
            "cancelled from the library",
        )
    }

    fn pause_job(&self, job_id: String) -> PyResult<PyOperation> {
        self.ask_for(job_id, JobStatus::PauseRequested, "held from the library")
    }

    fn resume_job(&self, job_id: String) -> PyResult<PyOperation> {
        let place = self.place.clone();
        Ok(PyOperation(Work::start(|_, _| async move {
            job::resume(&place.client().await?, &job_id).await
        })?))
    }

    fn retry_job(&self, job_id: String) -> PyResult<PyOperation> {
        let place = self.place.clone();
        Ok(PyOperation(Work::start(|_, _| async move {
            let client = place.client().await?;
            companion::retry_or_requeue(&client, &job_id).await?;
            Ok(())
        })?))
    }

    fn set_job_priority(&self, job_id: String, priority: i32) -> PyResult<PyOperation> {
        let place = self.place.clone();
        Ok(PyOperation(Work::start(|_, _| async move {
            let client = place.client().await?;
            Ok(client.set_job_priority(&job_id, priority).await?)
        })?))
    }

    fn read_job_log(&self, job_id: String) -> PyResult<PyReply> {
        let place = self.place.clone();
        Ok(PyReply(Work::start(|_, _| async move {
            job::log(&place.client().await?, &job_id).await
        })?))
    }

    fn fetch_picture(&self, job_id: String, folder: PathBuf) -> PyResult<PyReply> {
        let place = self.place.clone();
        Ok(PyReply(Work::start(|_, _| async move {
            job::fetch_picture(&place.client().await?, &job_id, &folder).await
        })?))
    }

    fn greet(&self) -> PyResult<PyReply> {
        let place = self.place.clone();
        Ok(PyReply(Work::start(|_, _| async move {
            let client = match &place {
                // Somebody waits for the answer, and the watcher asks again and again.
                Place::Manager(client) => client.without_retries(),
                Place::Local(_) => place.client().await?,
            };
            let version = client.greet().await?;
            Ok(format!("{}, Flamenco {}", version.name, version.version))
        })?))
    }

    #[pyo3(signature = (path, *, frames=None, scene=None, output=None, existing="replace", order="auto", priority=50,
        auto_run=false))]
    #[expect(
        clippy::too_many_arguments,
        reason = "keyword-only in Python, where each has a default"
    )]
    fn preview(
        &self,
        path: PathBuf,
        frames: Option<&Bound<'_, PyAny>>,
        scene: Option<String>,
        output: Option<PathBuf>,
        existing: &str,
        order: &str,
        priority: i32,
        auto_run: bool,
    ) -> PyResult<PyPreview> {
        let mut request = JobRequest::new(path);
        request.frames = frames.map(frames::from_python).transpose()?;
        request.scene = scene;
        request.output = output;
        request.existing = word("existing", existing)?;
        request.order = word("order", order)?;
        request.priority = priority;
        request.auto_run = auto_run;
        submission::preview(self.place.clone(), request)
    }

    fn watch(&self) -> PyResult<PyFarmWatch> {
        PyFarmWatch::start(&self.place)
    }
}

/// A farm by its name or address.
#[pyfunction]
#[pyo3(signature = (farm=None, *, token=None, user=None, header=None, ca_file=None, proxy=None, allow_plain_http=false))]
#[expect(
    clippy::too_many_arguments,
    reason = "keyword-only in Python, where each has a default"
)]
pub(super) fn connect(
    py: Python<'_>,
    farm: Option<String>,
    token: Option<&str>,
    user: Option<String>,
    header: Option<String>,
    ca_file: Option<PathBuf>,
    proxy: Option<&str>,
    allow_plain_http: bool,
) -> PyResult<PyFarm> {
    let secret = token.map(Secret::new);
    let credentials = match (secret, user, header) {
        (None, None, None) => None,
        (Some(token), None, None) => Some(Credentials::Bearer(token)),
        (Some(password), Some(user), None) => Some(Credentials::Basic { user, password }),
        (Some(value), None, Some(name)) => Some(Credentials::Header { name, value }),
        (None, ..) => return Err(PyValueError::new_err("user and header need a token")),
        (Some(_), ..) => return Err(PyValueError::new_err("give a user or a header, not both")),
    };
    let given = Given {
        farm,
        credentials,
        ca_file,
        proxy: proxy.map(proxy_of),
        allow_plain_http,
    };
    let dirs = Dirs::from_environment().map_err(Failure::from)?;
    let target = target(given, &dirs, &of_process).map_err(Failure::from)?;
    let Some(options) = target.options else {
        return local_farm(py, None, None, None);
    };
    Ok(PyFarm {
        place: Place::Manager(Client::new(&options).map_err(Failure::from)?),
    })
}

/// The farm on this computer.
#[pyfunction(name = "local")]
#[pyo3(signature = (*, launcher=None, slots=None, blender=None))]
pub(super) fn local_farm(
    py: Python<'_>,
    launcher: Option<Vec<OsString>>,
    slots: Option<u32>,
    blender: Option<PathBuf>,
) -> PyResult<PyFarm> {
    let dirs = Dirs::from_environment().map_err(Failure::from)?;
    let launcher = match launcher {
        Some(launcher) => launcher,
        None => default_launcher(py)?,
    };
    let options = local::StartOptions {
        launcher,
        slots,
        blender,
        ..Default::default()
    };
    Ok(PyFarm {
        place: Place::Local(Box::new(Local { dirs, options })),
    })
}

/// The console script beside the running Python, else `python -m farmhand`; inside Blender, where `sys.executable`
/// may be some unrelated Python, only the script counts.
fn default_launcher(py: Python<'_>) -> PyResult<Vec<OsString>> {
    if let Some(script) = py
        .import("shutil")?
        .call_method1("which", ("farmhand",))?
        .extract::<Option<OsString>>()?
    {
        return Ok(vec![script]);
    }
    let executable: OsString = py.import("sys")?.getattr("executable")?.extract()?;
    Ok(vec![executable, "-m".into(), "farmhand".into()])
}

/// A choice by the word that job descriptions and the command use for it.
pub(super) fn word<T: DeserializeOwned>(option: &str, value: &str) -> PyResult<T> {
    serde_json::from_value(value.into())
        .map_err(|error| PyValueError::new_err(format!("{option} cannot be {value:?}: {error}")))
}

fn wait<T, F>(py: Python<'_>, timeout_secs: f64, future: F) -> PyResult<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let timeout: Duration = runtime::duration(timeout_secs)?;
    runtime::wait(py, future, Some(timeout))
}
