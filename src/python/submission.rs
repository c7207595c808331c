// SPDX-License-Identifier: Apache-2.0
//! `farmhand.Submission`, `farmhand.Operation` and `farmhand.Event`.

use std::sync::Arc;

use pyo3::prelude::*;

use super::blend::PyFinding;
use super::error::Failure;
use super::farm::Place;
use super::job::PyJob;
use super::runtime;
use super::work::{Said, Speaker, Work};
use crate::config::Dirs;
use crate::farm::Client;
use crate::job::{self, Environment, Event, FarmKind, JobError, JobRequest, ManagerFacts, Stage};
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

async fn send(
    place: Place,
    request: JobRequest,
    speaker: Speaker<PyJob>,
    cancel: tokio_util::sync::CancellationToken,
) -> Result<PyJob, Failure> {
    let (client, environment) = connect(&place, &speaker).await?;
    if cancel.is_cancelled() {
        return Err(Failure::Cancelled);
    }
    let tell = move |event: Event| match event {
        Event::Stage(stage) => speaker.say(stage.to_string()),
        Event::Finding(finding) => speaker.find(finding),
    };
    tell(Event::Stage(Stage::Reading));
    let (request, inspected) = blocking(move || {
        let inspected = job::inspect(&request)?;
        Ok((request, inspected))
    })
    .await?;
    tell(Event::Stage(Stage::Checking));
    let prepared = blocking(move || job::prepare(&request, &inspected, &environment)).await?;
    for finding in prepared.findings() {
        tell(Event::Finding(finding.clone()));
    }
    let job = job::submit(&client, &prepared, &tell, &cancel).await?;
    Ok(PyJob::new(&place, client, &job))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, JobError> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|broken| Failure::Broken(broken.to_string()))??)
}

async fn connect(
    place: &Place,
    speaker: &Speaker<PyJob>,
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
