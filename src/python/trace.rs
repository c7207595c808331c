// SPDX-License-Identifier: Apache-2.0
//! `farmhand.Trace` and what it holds: what a .blend file needs, libraries followed.

use std::path::Path;
use std::sync::Arc;

use pyo3::prelude::*;

use super::error::Failure;
use super::frames::PyFrames;
use crate::blend::{PathForm, Role};
use crate::frames::FrameSet;
use crate::trace::{self, Problem, Progress, Trace, TracedDependency, TracedFile};

#[pyclass(name = "Trace", module = "farmhand", frozen)]
pub(super) struct PyTrace(Arc<Trace>);

#[pymethods]
impl PyTrace {
    #[getter]
    pub(super) fn dependencies(&self) -> Vec<PyDependency> {
        let found = self.0.dependencies.iter();
        found
            .map(|found| PyDependency {
                trace: Arc::clone(&self.0),
                found: found.clone(),
            })
            .collect()
    }

    #[getter]
    fn files(&self) -> Vec<PyDependencyFile> {
        self.0.files.iter().cloned().map(PyDependencyFile).collect()
    }

    #[getter]
    fn problems(&self) -> Vec<PyProblem> {
        self.0.problems.iter().cloned().map(PyProblem).collect()
    }

    fn __repr__(&self) -> String {
        format!(
            "<farmhand.Trace of {} files, {} problems>",
            self.0.files.len(),
            self.0.problems.len()
        )
    }
}

#[pyclass(name = "Problem", module = "farmhand", frozen)]
pub(super) struct PyProblem(Problem);

#[pymethods]
impl PyProblem {
    #[getter]
    fn code(&self) -> &'static str {
        self.0.code
    }

    #[getter]
    fn path(&self) -> String {
        self.0.path.to_string_lossy().into_owned()
    }

    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    fn __repr__(&self) -> String {
        format!("<farmhand.Problem {}: {}>", self.0.code, self.0.message)
    }
}

#[pyclass(name = "Dependency", module = "farmhand", frozen)]
pub(super) struct PyDependency {
    trace: Arc<Trace>,
    found: TracedDependency,
}

#[pymethods]
impl PyDependency {
    #[getter]
    fn path(&self) -> String {
        self.found.path.to_string_lossy().into_owned()
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.found.dependency.kind.as_str()
    }

    #[getter]
    fn role(&self) -> &'static str {
        match self.found.dependency.role {
            Role::Input => "input",
            Role::Cache => "cache",
            Role::Output => "output",
        }
    }

    #[getter]
    fn owner(&self) -> &str {
        &self.found.dependency.owner
    }

    #[getter]
    fn owner_type(&self) -> &str {
        &self.found.dependency.owner_type
    }

    #[getter]
    fn blend_file(&self) -> String {
        self.found.blend_file.to_string_lossy().into_owned()
    }

    #[getter]
    fn stored(&self) -> String {
        self.found.dependency.stored.to_text()
    }

    #[getter]
    fn form(&self) -> &'static str {
        match self.found.dependency.stored.form() {
            PathForm::Relative => "relative",
            PathForm::Absolute => "absolute",
            PathForm::Windows => "windows",
            PathForm::Unc => "unc",
            PathForm::Bare => "bare",
        }
    }

    #[getter]
    fn is_packed(&self) -> bool {
        self.found.dependency.is_packed
    }

    #[getter]
    fn is_required(&self) -> bool {
        self.found.dependency.is_required
    }

    #[getter]
    fn is_used(&self) -> bool {
        self.found.dependency.is_used
    }

    #[getter]
    fn files(&self) -> Vec<PyDependencyFile> {
        let files = self.found.files.iter();
        files
            .filter_map(|number| self.trace.files.get(*number).cloned())
            .map(PyDependencyFile)
            .collect()
    }

    #[getter]
    fn frames_asked(&self) -> Option<PyFrames> {
        let frames = self.found.frames.as_ref()?;
        frames.asked.clone().map(PyFrames)
    }

    #[getter]
    fn frames_missing(&self) -> Option<PyFrames> {
        let frames = self.found.frames.as_ref()?;
        Some(PyFrames(frames.missing.clone()))
    }

    fn __repr__(&self) -> String {
        let dependency = &self.found.dependency;
        format!(
            "<farmhand.Dependency {} {} of {}>",
            dependency.kind.as_str(),
            dependency.stored.to_text(),
            dependency.owner
        )
    }
}

#[pyclass(name = "DependencyFile", module = "farmhand", frozen)]
pub(super) struct PyDependencyFile(TracedFile);

#[pymethods]
impl PyDependencyFile {
    #[getter]
    fn path(&self) -> String {
        self.0.path.to_string_lossy().into_owned()
    }

    #[getter]
    fn size_bytes(&self) -> Option<u64> {
        self.0.size_bytes
    }

    #[getter]
    fn missing(&self) -> bool {
        self.0.missing
    }

    #[getter]
    fn is_required(&self) -> bool {
        self.0.is_required
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.as_str()
    }

    #[getter]
    fn owner(&self) -> &str {
        &self.0.owner
    }

    #[getter]
    fn named_in(&self) -> String {
        self.0.named_in.to_string_lossy().into_owned()
    }

    #[getter]
    fn found_as(&self) -> Option<String> {
        let found_as = self.0.found_as.as_ref()?;
        Some(found_as.to_string_lossy().into_owned())
    }

    fn __repr__(&self) -> String {
        let missing = if self.0.missing { " (missing)" } else { "" };
        format!(
            "<farmhand.DependencyFile {}{missing}>",
            self.0.path.display()
        )
    }
}

/// Everything that the file needs, for some frames or for all of its scenes.
pub(super) fn trace(py: Python<'_>, path: &Path, frames: Option<&FrameSet>) -> PyResult<PyTrace> {
    let progress = Progress::default();
    let traced = py.detach(|| match frames {
        Some(frames) => trace::trace_frames(path, frames, &progress),
        None => trace::trace(path, &progress),
    });
    Ok(PyTrace(Arc::new(traced.map_err(Failure::from)?)))
}
