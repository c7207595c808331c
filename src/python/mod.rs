// SPDX-License-Identifier: Apache-2.0
//! Bindings for Python: one file for each class, no logic. What is public is typed and explained in
//! `python/farmhand/_native.pyi`.

#![expect(clippy::result_large_err, reason = "each becomes an exception at once")]

mod blend;
mod command;
mod error;
mod farm;
mod files;
mod frames;
mod job;
mod paths;
mod reply;
mod runtime;
mod settings;
mod submission;
mod trace;
mod watch;
mod work;

use pyo3::prelude::*;

/// The native half of the `farmhand` package.
#[pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use super::blend::{PyBlendFile, PyFinding, check, plan, read_blend};
    #[pymodule_export]
    use super::command::{format_seconds_left, run_command};
    #[pymodule_export]
    use super::farm::{PyFarm, connect, local_farm};
    #[pymodule_export]
    use super::files::{PyFileWork, bring_files, fill_sequences, find_files, part_files};
    #[pymodule_export]
    use super::frames::PyFrames;
    #[pymodule_export]
    use super::job::PyJob;
    #[pymodule_export]
    use super::paths::PyPathMap;
    #[pymodule_export]
    use super::reply::PyReply;
    #[pymodule_export]
    use super::settings::{
        add_farm, add_path_rule, explain_path, farms, path_rules, remove_farm, remove_path_rule,
        set_default_farm,
    };
    #[pymodule_export]
    use super::submission::{PyEvent, PyOperation, PyPreview, PySubmission};
    #[pymodule_export]
    use super::trace::{PyDependency, PyDependencyFile, PyProblem, PyTrace};
    #[pymodule_export]
    use super::watch::{PyFarmWatch, PyJobView, PySnapshot};

    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
