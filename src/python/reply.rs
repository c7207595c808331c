// SPDX-License-Identifier: Apache-2.0
//! `farmhand.Reply`.

use pyo3::prelude::*;

use super::runtime;
use super::work::Work;

#[pyclass(name = "Reply", module = "farmhand", frozen)]
pub(super) struct PyReply(pub(super) Work<String>);

#[pymethods]
impl PyReply {
    #[getter]
    fn state(&self) -> &'static str {
        self.0.state()
    }

    #[getter]
    fn error(&self) -> Option<String> {
        self.0.error()
    }

    #[getter]
    fn text(&self) -> Option<String> {
        self.0.value()
    }

    #[pyo3(signature = (*, timeout_secs=None))]
    fn result(&self, py: Python<'_>, timeout_secs: Option<f64>) -> PyResult<String> {
        self.0
            .result(py, timeout_secs.map(runtime::duration).transpose()?)
    }
}
