// SPDX-License-Identifier: Apache-2.0
//! `farmhand.FarmWatch`, `farmhand.Snapshot` and `farmhand.JobView`.

use std::sync::Arc;

use pyo3::prelude::*;

use super::farm::{Place, word};
use super::job::to_python;
use super::runtime;
use crate::job::user_name;
use crate::watch::{JobView, Snapshot, WatchOptions, Watcher};

#[pyclass(name = "FarmWatch", module = "farmhand", frozen)]
pub(super) struct PyFarmWatch(Watcher);

impl PyFarmWatch {
    pub(super) fn start(place: &Place) -> PyResult<Self> {
        Ok(Self(Watcher::start(
            place.source(),
            WatchOptions { user: user_name() },
            &runtime::handle()?,
        )))
    }
}

#[pymethods]
impl PyFarmWatch {
    fn snapshot(&self) -> PySnapshot {
        PySnapshot(self.0.snapshot())
    }

    fn refresh(&self) {
        self.0.refresh();
    }
}

#[pyclass(name = "Snapshot", module = "farmhand", frozen)]
pub(super) struct PySnapshot(Arc<Snapshot>);

#[pymethods]
impl PySnapshot {
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state_word()
    }

    #[getter]
    fn message(&self) -> String {
        self.0.message()
    }

    #[getter]
    fn jobs(&self) -> Vec<PyJobView> {
        self.0
            .jobs
            .iter()
            .map(|job| PyJobView(job.clone()))
            .collect()
    }

    #[pyo3(signature = (which="all", *, mine_only=false, most=20))]
    fn choose(
        &self,
        which: &str,
        mine_only: bool,
        most: usize,
    ) -> PyResult<(Vec<PyJobView>, usize)> {
        let chosen: Vec<usize> = self.0.choose(word("which", which)?, mine_only).collect();
        let shown = chosen
            .iter()
            .take(most)
            .filter_map(|place| self.0.jobs.get(*place));
        let jobs = shown.map(|job| PyJobView(job.clone())).collect();
        Ok((jobs, chosen.len()))
    }

    fn job(&self, job_id: &str) -> Option<PyJobView> {
        Some(PyJobView(self.0.job(job_id)?.clone()))
    }

    #[getter]
    fn workers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &self.0.workers)
    }

    #[getter]
    fn worker_statuses(&self) -> Vec<String> {
        let workers = self.0.workers.iter();
        workers.map(|worker| worker.status.to_string()).collect()
    }

    fn looks_like(&self, other: &Self) -> bool {
        self.0.looks_like(&other.0)
    }
}

#[pyclass(name = "JobView", module = "farmhand", frozen)]
pub(super) struct PyJobView(JobView);

#[pymethods]
impl PyJobView {
    #[getter]
    fn job_id(&self) -> &str {
        &self.0.job_id
    }

    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    #[getter]
    fn status(&self) -> String {
        self.0.status.to_string()
    }

    #[getter]
    fn priority(&self) -> i32 {
        self.0.priority
    }

    #[getter]
    fn is_mine(&self) -> bool {
        self.0.is_mine
    }

    #[getter]
    fn user(&self) -> Option<&str> {
        self.0.user.as_deref()
    }

    #[getter]
    fn is_live(&self) -> bool {
        self.0.is_live()
    }

    #[getter]
    fn waits_for_approval(&self) -> bool {
        self.0.waits_for_approval
    }

    #[getter]
    fn frames_total(&self) -> u64 {
        self.0.frames_total()
    }

    #[getter]
    fn frames_done(&self) -> u64 {
        self.0.frames_done()
    }

    #[getter]
    fn frames_failed(&self) -> u64 {
        self.0.frames_failed()
    }

    #[getter]
    fn frames_in_work(&self) -> Vec<i32> {
        self.0
            .progress
            .iter()
            .flat_map(|progress| &progress.in_work)
            .map(|work| work.frame)
            .collect()
    }

    #[getter]
    fn fraction(&self) -> f64 {
        self.0.fraction()
    }

    #[getter]
    fn seconds_left(&self) -> Option<(f64, f64)> {
        let left = self.0.seconds_left()?;
        Some((left.low, left.high))
    }

    #[getter]
    fn output_dir(&self) -> &str {
        self.0.output_dir.as_deref().unwrap_or_default()
    }

    #[getter]
    fn blend_file(&self) -> &str {
        self.0.blend_file.as_deref().unwrap_or_default()
    }

    #[getter]
    fn last_output(&self) -> Option<String> {
        self.0.progress.as_ref()?.last_output.clone()
    }

    #[getter]
    fn failed(&self) -> Vec<(i32, String)> {
        self.0
            .progress
            .iter()
            .flat_map(|progress| &progress.failed)
            .map(|failed| (failed.frame, failed.message.clone()))
            .collect()
    }
}
