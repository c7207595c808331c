// SPDX-License-Identifier: Apache-2.0
//! `farmhand.Dependency` and `farmhand.DependencyFile`: what a .blend file needs, libraries followed.

use std::path::Path;
use std::sync::Arc;

use pyo3::prelude::*;

use super::error::Failure;
use crate::blend::{PathForm, Role};
use crate::trace::{self, Progress, Trace, TracedDependency, TracedFile};

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

/// Every path that the file and its libraries hold.
pub(super) fn dependencies(py: Python<'_>, path: &Path) -> PyResult<Vec<PyDependency>> {
    let mut trace = py
        .detach(|| trace::trace(path, &Progress::default()))
        .map_err(Failure::from)?;
    let found = std::mem::take(&mut trace.dependencies);
    let trace = Arc::new(trace);
    Ok(found
        .into_iter()
        .map(|found| PyDependency {
            trace: Arc::clone(&trace),
            found,
        })
        .collect())
}
