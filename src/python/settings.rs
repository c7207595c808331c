// SPDX-License-Identifier: Apache-2.0
//! The settings of this user: farms that have names, and rules of paths.

use std::path::PathBuf;

use pyo3::prelude::*;
use serde_json::json;

use super::error::Failure;
use super::job::to_python;
use crate::config::{Auth, Dirs, FarmEntry, Farms, LOCAL, PathRule, PathRules, write_secret};
use crate::connect::ConnectError;
use crate::job::rules_of_settings;
use crate::paths::{PathMap, Platform};

/// The farms that have names.
#[pyfunction]
pub(super) fn farms(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let farms = load()?;
    let usual = farms.default.as_deref().unwrap_or(LOCAL);
    let listed: Vec<_> = farms
        .farms
        .iter()
        .map(|(name, farm)| {
            json!({
                "name": name,
                "url": farm.url,
                "auth": farm.auth,
                "user": farm.user,
                "header": farm.header,
                "has_token": farm.token_file.is_some() || farm.token_env.is_some(),
                "is_usual": name == usual,
            })
        })
        .collect();
    to_python(py, &listed)
}

/// Gives a farm a name, and keeps its token in a file that is its user's alone.
#[pyfunction]
#[pyo3(signature = (name, url, *, token=None, user=None, header=None, ca_file=None, proxy=None, allow_plain_http=false,
    replace=false))]
#[expect(
    clippy::too_many_arguments,
    reason = "keyword-only in Python, where each has a default"
)]
pub(super) fn add_farm(
    name: &str,
    url: String,
    token: Option<&str>,
    user: Option<String>,
    header: Option<String>,
    ca_file: Option<PathBuf>,
    proxy: Option<String>,
    allow_plain_http: bool,
    replace: bool,
) -> PyResult<()> {
    let dirs = dirs()?;
    let mut farms = load()?;
    let auth = match (&user, &header) {
        (Some(_), _) => Auth::Basic,
        (None, Some(_)) => Auth::Header,
        (None, None) => Auth::Bearer,
    };
    let mut entry = FarmEntry {
        url,
        auth,
        user,
        header,
        ca_file,
        proxy,
        allow_plain_http,
        ..FarmEntry::default()
    };
    farms.add(name, entry.clone(), replace).map_err(failure)?;
    if let Some(token) = token {
        let kept = write_secret(&dirs, name, token).map_err(ConnectError::from);
        entry.token_file = Some(kept.map_err(Failure::from)?);
        farms.add(name, entry, true).map_err(failure)?;
    }
    Ok(farms.save(&dirs).map_err(failure)?)
}

/// Forgets a farm, and the token that was kept for it.
#[pyfunction]
pub(super) fn remove_farm(name: &str) -> PyResult<()> {
    Ok(Farms::forget(&dirs()?, name).map_err(failure)?)
}

/// Makes a farm the one that is meant where none is named.
#[pyfunction]
pub(super) fn set_default_farm(name: &str) -> PyResult<()> {
    let mut farms = load()?;
    farms.set_default(name).map_err(failure)?;
    Ok(farms.save(&dirs()?).map_err(failure)?)
}

/// What people have said of folders.
#[pyfunction]
pub(super) fn path_rules(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let rules = PathRules::load(&dirs()?).map_err(Failure::from)?;
    to_python(py, &rules.rules)
}

/// Says where workers see a folder; what can't be used is not kept.
#[pyfunction]
#[pyo3(signature = (source, target, *, farm=None))]
pub(super) fn add_path_rule(source: String, target: String, farm: Option<String>) -> PyResult<()> {
    let dirs = dirs()?;
    let before = PathRules::load(&dirs).map_err(Failure::from)?;
    let mut rules = before.clone();
    rules.put(PathRule {
        source,
        source_platform: None,
        target,
        target_platform: None,
        farm,
    });
    rules.save(&dirs).map_err(Failure::from)?;
    if let Err(error) = rules_of_settings(&dirs, "") {
        before.save(&dirs).map_err(Failure::from)?;
        return Err(Failure::from(error).into());
    }
    Ok(())
}

/// Forgets what was said of a folder.
#[pyfunction]
pub(super) fn remove_path_rule(source: &str) -> PyResult<()> {
    let dirs = dirs()?;
    let mut rules = PathRules::load(&dirs).map_err(Failure::from)?;
    if !rules.forget(source) {
        let message = format!("nothing was said of the folder {source}");
        return Err(Failure::Setting(message).into());
    }
    Ok(rules.save(&dirs).map_err(Failure::from)?)
}

/// Where workers of a platform see a path by the rules of the settings; None where no rule says anything of it.
#[pyfunction]
#[pyo3(signature = (path, *, target_platform="linux", farm="local"))]
pub(super) fn explain_path(
    path: &str,
    target_platform: &str,
    farm: &str,
) -> PyResult<Option<String>> {
    let to: Platform = target_platform.parse().map_err(Failure::from)?;
    let rules = rules_of_settings(&dirs()?, farm).map_err(Failure::from)?;
    let map = PathMap::new(rules).map_err(Failure::from)?;
    let mapped = map
        .map(path, Platform::current(), to)
        .map_err(Failure::from)?;
    Ok(mapped.map(|mapped| mapped.path))
}

fn dirs() -> PyResult<Dirs> {
    Ok(Dirs::from_environment().map_err(Failure::from)?)
}

fn load() -> PyResult<Farms> {
    Ok(Farms::load(&dirs()?).map_err(failure)?)
}

fn failure(error: crate::config::FarmsError) -> Failure {
    ConnectError::from(error).into()
}
