// SPDX-License-Identifier: Apache-2.0
//! `farmhand.Submission`, `farmhand.Preview`, `farmhand.Operation` and `farmhand.Event`.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::blend::PyFinding;
use super::error::Failure;
use super::farm::Place;
use super::job::{PyJob, to_python};
use super::runtime;
use super::work::{Said, Speaker, Work};
use crate::config::Dirs;
use crate::farm::Client;
use crate::job::{
    self, Environment, Event, FarmKind, Inspected, JobError, JobRequest, ManagerFacts, Prepared,
    Stage,
};
use crate::lanes::Order;
use crate::local;
use crate::watch::companion;

#[pyclass(name = "Event", module = "farmhand", frozen)]
pub(super) struct PyEvent(Said);

#[pymethods]
impl PyEvent {
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind
    }

    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    #[getter]
    fn finding(&self) -> Option<PyFinding> {
        self.0.finding.clone().map(PyFinding)
    }

    fn __repr__(&self) -> String {
        format!("<farmhand.Event {}: {}>", self.0.kind, self.0.message)
    }
}

#[pyclass(name = "Operation", module = "farmhand", frozen)]
pub(super) struct PyOperation(pub(super) Work<()>);

#[pymethods]
impl PyOperation {
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state()
    }

    #[getter]
    fn error(&self) -> Option<String> {
        self.0.error()
    }

    #[pyo3(signature = (*, timeout_secs=None))]
    fn result(&self, py: Python<'_>, timeout_secs: Option<f64>) -> PyResult<()> {
        self.0
            .result(py, timeout_secs.map(runtime::duration).transpose()?)
    }
}

#[pyclass(name = "Submission", module = "farmhand", frozen)]
pub(super) struct PySubmission(Work<PyJob>);

#[pymethods]
impl PySubmission {
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state()
    }

    #[getter]
    fn stage(&self) -> String {
        self.0.stage()
    }

    #[getter]
    fn error(&self) -> Option<String> {
        self.0.error()
    }

    #[getter]
    fn job_id(&self) -> Option<String> {
        self.0.value().map(|job| job.id().to_owned())
    }

    fn poll(&self) -> Vec<PyEvent> {
        self.0.poll().into_iter().map(PyEvent).collect()
    }

    fn cancel(&self) {
        self.0.cancel();
    }

    #[pyo3(signature = (*, timeout_secs=None))]
    fn result(&self, py: Python<'_>, timeout_secs: Option<f64>) -> PyResult<PyJob> {
        self.0
            .result(py, timeout_secs.map(runtime::duration).transpose()?)
    }
}

/// What would be sent, as Python's own values show it.
#[derive(Clone, Debug, Serialize)]
struct Seen {
    name: String,
    scene: String,
    frames: String,
    frame_count: u64,
    engine: String,
    size: String,
    output: String,
    output_dir: PathBuf,
    order: Order,
    lanes: usize,
    job_type: String,
    blender: Option<String>,
    files: usize,
    files_missing: usize,
    size_bytes: u64,
    is_held_back: bool,
}

impl Seen {
    fn new(prepared: &Prepared, inspected: &Inspected, renders_with: Option<String>) -> Self {
        let (overview, description) = (prepared.overview(), prepared.description());
        let files = &inspected.inputs.trace.files;
        let of_farm = prepared.submitted().settings.get("blender");
        Self {
            name: overview.name.clone(),
            scene: overview.scene.clone(),
            frames: overview.frames.clone(),
            frame_count: overview.frame_count,
            engine: overview.engine.clone(),
            size: overview.size.clone(),
            output: description.output.clone(),
            output_dir: prepared.output_dir().to_owned(),
            order: description.order,
            lanes: description.lanes.len(),
            job_type: prepared.submitted().job_type.clone(),
            blender: renders_with
                .or_else(|| of_farm.and_then(|name| name.as_str()).map(str::to_owned)),
            files: files.len(),
            files_missing: files.iter().filter(|file| file.missing).count(),
            size_bytes: files.iter().filter_map(|file| file.size_bytes).sum(),
            is_held_back: prepared.is_held_back(),
        }
    }
}

#[pyclass(name = "Preview", module = "farmhand", frozen)]
pub(super) struct PyPreview(Work<Seen>);

#[pymethods]
impl PyPreview {
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state()
    }

    #[getter]
    fn stage(&self) -> String {
        self.0.stage()
    }

    #[getter]
    fn error(&self) -> Option<String> {
        self.0.error()
    }

    fn poll(&self) -> Vec<PyEvent> {
        self.0.poll().into_iter().map(PyEvent).collect()
    }

    fn cancel(&self) {
        self.0.cancel();
    }

    #[pyo3(signature = (*, timeout_secs=None))]
    fn result<'py>(
        &self,
        py: Python<'py>,
        timeout_secs: Option<f64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let seen = self
            .0
            .result(py, timeout_secs.map(runtime::duration).transpose()?)?;
        to_python(py, &seen)
    }
}

/// Sends in the background, starting the farm on this computer first where that is meant.
pub(super) fn start(place: Place, request: JobRequest) -> PyResult<PySubmission> {
    Ok(PySubmission(Work::start(|speaker, cancel| async move {
        let sending = send(place, request, speaker, cancel.clone());
        tokio::pin!(sending);
        tokio::select! {
            outcome = &mut sending => outcome,
            // The composer notices the token at its next step, and then removes what it has staged.
            () = cancel.cancelled() => sending.await,
        }
    })?))
}

/// Looks at what would be sent, in the background; sends nothing.
pub(super) fn preview(place: Place, request: JobRequest) -> PyResult<PyPreview> {
    Ok(PyPreview(Work::start(|speaker, cancel| async move {
        let (_, environment) = connect(&place, &speaker).await?;
        let renders_with = environment
            .abilities
            .as_ref()
            .map(|abilities| abilities.blender_version.clone());
        let (prepared, inspected) = look(request, environment, &speaker, &cancel).await?;
        Ok(Seen::new(&prepared, &inspected, renders_with))
    })?))
}

async fn send(
    place: Place,
    request: JobRequest,
    speaker: Speaker<PyJob>,
    cancel: CancellationToken,
) -> Result<PyJob, Failure> {
    let (client, environment) = connect(&place, &speaker).await?;
    let (prepared, _) = look(request, environment, &speaker, &cancel).await?;
    let tell = telling(speaker);
    let job = job::submit(&client, &prepared, &tell, &cancel).await?;
    Ok(PyJob::new(&place, client, &job))
}

fn telling<T: Clone + Send + 'static>(speaker: Speaker<T>) -> impl Fn(Event) + Send + Sync {
    move |event: Event| match event {
        Event::Stage(stage) => speaker.say(stage.to_string()),
        Event::Finding(finding) => speaker.find(finding),
    }
}

/// Reads and checks the scene and puts its job together, telling what is found.
async fn look<T: Clone + Send + 'static>(
    request: JobRequest,
    environment: Environment,
    speaker: &Speaker<T>,
    cancel: &CancellationToken,
) -> Result<(Prepared, Inspected), Failure> {
    if cancel.is_cancelled() {
        return Err(Failure::Cancelled);
    }
    let tell = telling(speaker.clone());
    tell(Event::Stage(Stage::Reading));
    let (request, inspected) = blocking(move || {
        let inspected = job::inspect(&request)?;
        Ok((request, inspected))
    })
    .await?;
    tell(Event::Stage(Stage::Checking));
    let (prepared, inspected) = blocking(move || {
        let prepared = job::prepare(&request, &inspected, &environment)?;
        Ok((prepared, inspected))
    })
    .await?;
    for finding in prepared.findings() {
        tell(Event::Finding(finding.clone()));
    }
    if cancel.is_cancelled() {
        return Err(Failure::Cancelled);
    }
    Ok((prepared, inspected))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|broken| Failure::Broken(broken.to_string()))??)
}

async fn connect<T: Clone + Send + 'static>(
    place: &Place,
    speaker: &Speaker<T>,
) -> Result<(Client, Environment), Failure> {
    match place {
        Place::Manager(client) => {
            let facts = ManagerFacts::ask(client).await?;
            let rules = job::rules_of_settings(&Dirs::from_environment()?, &client.base_url())?;
            let mut environment =
                Environment::of_process(FarmKind::Manager, local::renderer_source());
            environment.slots = facts.workers;
            environment.is_watched = companion::progress(client).await.is_ok();
            environment.manager = Some(facts);
            environment.site = Some(Arc::new(job::ask_site(client, rules).await?));
            Ok((client.clone(), environment))
        }
        Place::Local(of) => {
            speaker.say("Starting the farm on this computer".to_owned());
            let running = of.start().await?;
            let client = super::farm::client_of(&running)?;
            let mut environment =
                Environment::of_process(FarmKind::Local, local::renderer_source());
            environment.slots = running.health.slots;
            environment.abilities = Some(companion::blender(&client).await?);
            Ok((client, environment))
        }
    }
}
