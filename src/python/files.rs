// SPDX-License-Identifier: Apache-2.0
//! `farmhand.FileWork`: what the Fix buttons do on disk, in the background.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;

use super::error::Failure;
use super::runtime;
use super::work::Work;
use crate::mend::{self, Bring, Change, Fill, MendError, Stop};

/// A path as Python gave it, and what it becomes.
type PyChange = (PathBuf, Option<PathBuf>);

#[pyclass(name = "FileWork", module = "farmhand", frozen)]
pub(super) struct PyFileWork(Work<Vec<Change>>);

#[pymethods]
impl PyFileWork {
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state()
    }

    #[getter]
    fn error(&self) -> Option<String> {
        self.0.error()
    }

    fn cancel(&self) {
        self.0.cancel();
    }

    #[pyo3(signature = (*, timeout_secs=None))]
    fn result(
        &self,
        py: Python<'_>,
        timeout_secs: Option<f64>,
    ) -> PyResult<Vec<(String, Option<String>)>> {
        let timeout = timeout_secs.map(runtime::duration).transpose()?;
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        let changes = self.0.result(py, timeout)?;
        Ok(changes
            .into_iter()
            .map(|(from, to): PyChange| (text(from), to.map(text)))
            .collect())
    }
}

/// Starts such work on a thread that may wait for disks.
fn start(
    work: impl FnOnce(&Stop) -> Result<Vec<Change>, MendError> + Send + 'static,
) -> PyResult<PyFileWork> {
    Ok(PyFileWork(Work::start(|_, cancel| async move {
        let stop = Arc::new(Stop::default());
        let theirs = Arc::clone(&stop);
        let mut work = tokio::task::spawn_blocking(move || work(&theirs));
        let done = tokio::select! {
            done = &mut work => done,
            () = cancel.cancelled() => {
                stop.ask();
                work.await
            }
        };
        Ok(done.map_err(|broken| Failure::Broken(broken.to_string()))??)
    })?))
}

/// Which files are missing, and where they are.
#[pyfunction]
#[pyo3(signature = (paths, *, below=None))]
pub(super) fn find_files(paths: Vec<PathBuf>, below: Option<PathBuf>) -> PyResult<PyFileWork> {
    start(move |stop| mend::find(&paths, below.as_deref(), stop))
}

/// Copies files, sets and folders.
#[pyfunction]
pub(super) fn bring_files(files: Vec<(PathBuf, PathBuf, bool)>) -> PyResult<PyFileWork> {
    let files: Vec<Bring> = files
        .into_iter()
        .map(|(from, to, is_set)| Bring { from, to, is_set })
        .collect();
    start(move |stop| mend::bring(&files, stop))
}

/// Copies files whose names differ in case alone.
#[pyfunction]
pub(super) fn part_files(paths: Vec<PathBuf>) -> PyResult<PyFileWork> {
    start(move |stop| mend::part(&paths, stop))
}

/// Copies pictures into the gaps of sequences.
#[pyfunction]
pub(super) fn fill_sequences(sequences: Vec<(PathBuf, i64, i64)>) -> PyResult<PyFileWork> {
    let sequences: Vec<Fill> = sequences
        .into_iter()
        .map(|(picture, first, last)| Fill {
            picture,
            numbers: first..=last,
        })
        .collect();
    start(move |stop| mend::fill(&sequences, stop))
}
