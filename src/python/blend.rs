// SPDX-License-Identifier: Apache-2.0
//! `farmhand.BlendFile`, `farmhand.Finding`, and what is known of a scene before it is sent.

use std::path::PathBuf;

use pyo3::prelude::*;

use super::error::Failure;
use super::frames::{self, PyFrames};
use super::job::to_python;
use super::trace::{self, PyDependency, PyTrace};
use crate::blend::{self, BlendFacts};
use crate::check::Finding;
use crate::job::{self, Environment, FarmKind, JobRequest};
use crate::local;
use crate::plan::{LaneNeeds, lane_count, plan_lanes};

#[pyclass(name = "BlendFile", module = "farmhand", frozen)]
pub(super) struct PyBlendFile(BlendFacts);

#[pymethods]
impl PyBlendFile {
    #[getter]
    fn path(&self) -> String {
        self.0.path.to_string_lossy().into_owned()
    }

    #[getter]
    fn blender_version(&self) -> (u32, u32) {
        (self.0.blender_version / 100, self.0.blender_version % 100)
    }

    #[getter]
    fn active_scene(&self) -> Option<&str> {
        self.0.active_scene.as_deref()
    }

    #[getter]
    fn libraries<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.libraries)
    }

    #[getter]
    fn scenes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.scenes)
    }

    fn dependencies(&self, py: Python<'_>) -> PyResult<Vec<PyDependency>> {
        Ok(trace::trace(py, &self.0.path, None)?.dependencies())
    }

    #[pyo3(signature = (*, frames=None))]
    fn trace(&self, py: Python<'_>, frames: Option<&Bound<'_, PyAny>>) -> PyResult<PyTrace> {
        let frames = frames.map(frames::from_python).transpose()?;
        trace::trace(py, &self.0.path, frames.as_ref())
    }

    fn __repr__(&self) -> String {
        format!("<farmhand.BlendFile {}>", self.0.path.display())
    }
}

#[pyclass(name = "Finding", module = "farmhand", frozen)]
pub(super) struct PyFinding(pub(super) Finding);

#[pymethods]
impl PyFinding {
    #[getter]
    fn code(&self) -> &str {
        &self.0.code
    }

    #[getter]
    fn severity(&self) -> &'static str {
        self.0.severity.as_str()
    }

    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    #[getter]
    fn fix(&self) -> Option<&str> {
        self.0.fix.as_deref()
    }

    #[getter]
    fn owners(&self) -> Vec<String> {
        self.0.owners.clone()
    }

    #[getter]
    fn things(&self) -> Vec<(String, String)> {
        let things = self.0.things.iter();
        things
            .map(|thing| (thing.kind.clone(), thing.name.clone()))
            .collect()
    }

    #[getter]
    fn details(&self) -> Vec<String> {
        self.0.details.clone()
    }

    #[getter]
    fn fixable(&self) -> bool {
        self.0.fixable
    }

    fn __repr__(&self) -> String {
        format!(
            "<farmhand.Finding {} {}: {}>",
            self.0.severity.as_str(),
            self.0.code,
            self.0.message
        )
    }
}

/// Reads a .blend file without Blender.
#[pyfunction]
#[expect(
    clippy::needless_pass_by_value,
    reason = "extracted from Python, owned"
)]
pub(super) fn read_blend(py: Python<'_>, path: PathBuf) -> PyResult<PyBlendFile> {
    Ok(PyBlendFile(
        py.detach(|| blend::read_facts(&path))
            .map_err(Failure::from)?,
    ))
}

/// What to know before sending a file.
#[pyfunction]
#[pyo3(signature = (path, *, frames=None, scene=None))]
pub(super) fn check(
    py: Python<'_>,
    path: PathBuf,
    frames: Option<&Bound<'_, PyAny>>,
    scene: Option<String>,
) -> PyResult<Vec<PyFinding>> {
    let mut request = JobRequest::new(path);
    request.frames = frames.map(frames::from_python).transpose()?;
    request.scene = scene;
    let environment = Environment::of_process(FarmKind::Local, local::renderer_source());
    let prepared = py
        .detach(|| job::prepare(&request, &job::inspect(&request)?, &environment))
        .map_err(Failure::from)?;
    Ok(prepared.findings().iter().cloned().map(PyFinding).collect())
}

/// The home chunk of each lane.
#[pyfunction]
#[pyo3(signature = (frames, *, workers, simulation=false))]
pub(super) fn plan(
    frames: &Bound<'_, PyAny>,
    workers: usize,
    simulation: bool,
) -> PyResult<Vec<PyFrames>> {
    let frames = frames::from_python(frames)?;
    let needs = LaneNeeds {
        workers,
        has_unbaked_simulation: simulation,
        is_watched: true,
    };
    Ok(plan_lanes(&frames, lane_count(needs))
        .into_iter()
        .map(PyFrames)
        .collect())
}
