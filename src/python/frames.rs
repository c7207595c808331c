// SPDX-License-Identifier: Apache-2.0
//! `farmhand.Frames`.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use pyo3::prelude::*;

use super::error::Failure;
use crate::frames::FrameSet;

#[pyclass(name = "Frames", module = "farmhand", frozen, eq, from_py_object)]
#[derive(Clone, PartialEq)]
pub(super) struct PyFrames(pub(super) FrameSet);

#[pymethods]
impl PyFrames {
    #[new]
    fn new(text: &str) -> PyResult<Self> {
        Ok(Self(text.parse().map_err(Failure::from)?))
    }

    #[getter]
    fn count(&self) -> u64 {
        self.0.len()
    }

    #[getter]
    fn first(&self) -> Option<i32> {
        self.0.first()
    }

    #[getter]
    fn last(&self) -> Option<i32> {
        self.0.last()
    }

    fn __len__(&self) -> usize {
        usize::try_from(self.0.len()).unwrap_or(usize::MAX)
    }

    fn __contains__(&self, frame: i32) -> bool {
        self.0.contains(frame)
    }

    fn __iter__(slf: Bound<'_, Self>) -> FramesIterator {
        FramesIterator {
            frames: slf.unbind(),
            position: std::sync::atomic::AtomicU64::new(0),
        }
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("Frames(\"{}\")", self.0)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        hasher.finish()
    }
}

/// Lists the frames one by one, so that a large set costs nothing until somebody walks through it.
#[pyclass(module = "farmhand", frozen)]
pub(super) struct FramesIterator {
    frames: Py<PyFrames>,
    position: std::sync::atomic::AtomicU64,
}

#[pymethods]
impl FramesIterator {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&self) -> Option<i32> {
        let position = self
            .position
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.frames.get().0.nth(position)
    }
}

/// Frames as people may give them: text, or a `Frames`.
pub(super) fn from_python(value: &Bound<'_, PyAny>) -> PyResult<FrameSet> {
    if let Ok(text) = value.extract::<String>() {
        return Ok(text.parse::<FrameSet>().map_err(Failure::from)?);
    }
    Ok(value.extract::<PyFrames>()?.0)
}
