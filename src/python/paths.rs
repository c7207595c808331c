// SPDX-License-Identifier: Apache-2.0
//! `farmhand.PathMap`.

use pyo3::prelude::*;

use super::error::Failure;
use crate::paths::{Origin, PathMap, Platform, Rule, read_path_mapping};

#[pyclass(name = "PathMap", module = "farmhand", frozen, eq)]
#[derive(PartialEq)]
pub(super) struct PyPathMap(PathMap);

#[pymethods]
impl PyPathMap {
    #[new]
    #[pyo3(signature = (rules = Vec::new(), *, mapping_json = None))]
    fn new(
        rules: Vec<(String, String, String, String)>,
        mapping_json: Option<&str>,
    ) -> PyResult<Self> {
        let mut made = Vec::new();
        for (source_platform, source, target_platform, target) in rules {
            let source = (platform(&source_platform)?, source.as_str());
            let target = (platform(&target_platform)?, target.as_str());
            made.push(Rule::new(source, target, Origin::Given).map_err(Failure::from)?);
        }
        if let Some(text) = mapping_json {
            made.extend(read_path_mapping(text, "mapping_json").map_err(Failure::from)?);
        }
        Ok(Self(PathMap::new(made).map_err(Failure::from)?))
    }

    #[pyo3(signature = (path, *, source_platform, target_platform))]
    fn map(
        &self,
        path: &str,
        source_platform: &str,
        target_platform: &str,
    ) -> PyResult<Option<String>> {
        let (from, to) = (platform(source_platform)?, platform(target_platform)?);
        let mapped = self.0.map(path, from, to).map_err(Failure::from)?;
        Ok(mapped.map(|mapped| mapped.path))
    }

    #[getter]
    fn rules(&self) -> Vec<(&'static str, &str, &'static str, &str)> {
        let parts = |rule: &'_ Rule| {
            (
                rule.source_platform().as_str(),
                rule.target_platform().as_str(),
            )
        };
        self.0
            .rules()
            .map(|rule| {
                let (source_platform, target_platform) = parts(rule);
                (
                    source_platform,
                    rule.source(),
                    target_platform,
                    rule.target(),
                )
            })
            .collect()
    }

    fn __len__(&self) -> usize {
        self.0.rules().count()
    }

    fn __repr__(&self) -> String {
        format!("<farmhand.PathMap of {} rules>", self.__len__())
    }
}

fn platform(name: &str) -> PyResult<Platform> {
    Ok(name.parse::<Platform>().map_err(Failure::from)?)
}
