// SPDX-License-Identifier: Apache-2.0
//! The one tokio runtime of the process, and the one way to wait for it from Python.

use std::future::Future;
use std::time::{Duration, Instant};

use once_cell::sync::OnceCell;
use pyo3::prelude::*;
use tokio::runtime::{Builder, Handle, Runtime};

use super::error::{Failure, FarmTimeoutError, FarmhandError};

/// How long a wait goes on before it looks for Ctrl-C.
const SLICE: Duration = Duration::from_millis(50);

struct Owned {
    process: u32,
    runtime: Runtime,
}

static RUNTIME: OnceCell<Owned> = OnceCell::new();

/// The runtime's handle. A forked child has its parent's runtime without its threads and would wait for ever, so it is refused.
pub(super) fn handle() -> PyResult<Handle> {
    let owned = RUNTIME.get_or_try_init(|| {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("farmhand")
            .enable_all()
            .build()
            .map_err(|source| {
                FarmhandError::new_err(format!(
                    "Farmhand's background threads could not be started ({source}); the system may be out of threads or memory"
                ))
            })?;
        Ok::<_, PyErr>(Owned { process: std::process::id(), runtime })
    })?;
    if owned.process != std::process::id() {
        return Err(FarmhandError::new_err(
            "this process was forked from one that had used farmhand already; start it with the `spawn` method, or import and use farmhand only after the fork",
        ));
    }
    Ok(owned.runtime.handle().clone())
}

/// Waits for `future` with Python's lock released, in slices, so that Ctrl-C ends the wait.
pub(super) fn wait<T, F>(py: Python<'_>, future: F, timeout: Option<Duration>) -> PyResult<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Failure>> + Send + 'static,
{
    let handle = handle()?;
    let started = Instant::now();
    let mut task = handle.spawn(future);
    loop {
        let slice =
            py.detach(|| handle.block_on(async { tokio::time::timeout(SLICE, &mut task).await }));
        match slice {
            Ok(Ok(outcome)) => return outcome.map_err(PyErr::from),
            Ok(Err(broken)) => {
                return Err(FarmhandError::new_err(format!(
                    "Farmhand made a mistake in the background ({broken}); please report it"
                )));
            }
            Err(_) => {}
        }
        if let Err(interrupted) = py.check_signals() {
            task.abort();
            return Err(interrupted);
        }
        if timeout.is_some_and(|limit| started.elapsed() >= limit) {
            task.abort();
            return Err(FarmTimeoutError::new_err(format!(
                "no answer within {} s; ask again, or allow more with timeout_secs",
                started.elapsed().as_secs()
            )));
        }
    }
}

/// Seconds from Python as a duration; negative and absurd values are a `ValueError`.
pub(super) fn duration(timeout_secs: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(timeout_secs).map_err(|_| {
        pyo3::exceptions::PyValueError::new_err(format!(
            "timeout_secs must be a number of seconds from 0 up, not {timeout_secs}"
        ))
    })
}
