// SPDX-License-Identifier: Apache-2.0
//! How the GPUs are used, as Prometheus tells it: from the DCGM exporter or from Run:ai, whatever the query names.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use url::Url;

use super::error::CompanionError;
use super::options::GpuOptions;
use crate::farm::prepare_cryptography;

const TIMEOUT: Duration = Duration::from_secs(5);
/// Labels that name a sample's pod. Where Prometheus scrapes an exporter, `pod` may be the exporter's own.
const POD_LABELS: [&str; 3] = ["exported_pod", "pod_name", "pod"];
/// DCGM counts in percent; the other known names in parts of one.
const IN_PERCENT: &str = "DCGM_FI_DEV_GPU_UTIL";

/// One value of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The pods that its labels may mean.
    pub pods: Vec<String>,
    /// The value as it came.
    pub value: f64,
}

/// A client for one query.
#[derive(Clone, Debug)]
pub struct Prometheus {
    http: reqwest::Client,
    url: Url,
}

impl Prometheus {
    /// Nothing is asked yet.
    pub fn new(options: &GpuOptions) -> Result<Self, CompanionError> {
        let bad = |reason: String| away(reason, &options.prometheus_url);
        let mut url =
            Url::parse(&options.prometheus_url).map_err(|error| bad(error.to_string()))?;
        url.path_segments_mut()
            .map_err(|()| bad("it is no address".to_owned()))?
            .pop_if_empty()
            .extend(["api", "v1", "query"]);
        url.query_pairs_mut()
            .append_pair("query", &options.query)
            .append_pair("timeout", "5s");
        prepare_cryptography();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("farmhand/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none());
        if url.scheme() == "http" {
            // Reading the system's certificates fails where there are none.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().map_err(|error| bad(error.to_string()))?;
        Ok(Self { http, url })
    }

    /// What it says now.
    pub async fn samples(&self) -> Result<Vec<Sample>, CompanionError> {
        let bad = |error: reqwest::Error| away(error.without_url().to_string(), self.url.as_str());
        let response = self.http.get(self.url.clone()).send().await.map_err(bad)?;
        let status = response.status();
        let body = response.bytes().await.map_err(bad)?;
        let answer: Answer = serde_json::from_slice(&body)
            .map_err(|error| away(format!("{}: {error}", status.as_u16()), self.url.as_str()))?;
        if answer.status != "success" {
            return Err(away(answer.error, self.url.as_str()));
        }
        answer
            .samples()
            .map_err(|reason| away(reason, self.url.as_str()))
    }
}

fn away(reason: String, url: &str) -> CompanionError {
    CompanionError::Neighbour {
        who: "Prometheus",
        reason,
        url: url.to_owned(),
    }
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    #[serde(default)]
    error: String,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    #[serde(default)]
    result_type: String,
    #[serde(default)]
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    value: (f64, String),
}

impl Answer {
    fn samples(self) -> Result<Vec<Sample>, String> {
        let words = |error: serde_json::Error| error.to_string();
        let series: Vec<Series> = match self.data.result_type.as_str() {
            "vector" => serde_json::from_value(self.data.result).map_err(words)?,
            "scalar" => vec![Series {
                metric: BTreeMap::new(),
                value: serde_json::from_value(self.data.result).map_err(words)?,
            }],
            other => return Err(format!("the query gives a {other:?}, not a vector")),
        };
        let samples = series.into_iter().filter_map(|series| {
            let value: f64 = series.value.1.parse().ok()?;
            let pods = POD_LABELS
                .iter()
                .filter_map(|label| series.metric.get(*label));
            value.is_finite().then(|| Sample {
                pods: pods.cloned().collect(),
                value,
            })
        });
        Ok(samples.collect())
    }
}

/// Makes one part of one of samples in whatever scale the query gives.
#[derive(Clone, Debug)]
pub struct Scale {
    is_percent: bool,
}

impl Scale {
    /// The scale of a query, until a value shows otherwise.
    pub fn of_query(query: &str) -> Self {
        Self {
            is_percent: query.contains(IN_PERCENT) && !query.contains('/'),
        }
    }

    /// How the GPUs of the busy pods are used on average, 0 to 1; where no sample names a pod of ours, all of them count.
    /// None where there are no samples.
    pub fn ratio(&mut self, samples: &[Sample], busy: &BTreeSet<String>) -> Option<f64> {
        // A part of one is a hair above it at most.
        self.is_percent |= samples.iter().any(|sample| sample.value > 1.5);
        let is_named = samples.iter().any(|sample| !sample.pods.is_empty());
        let counted: Vec<f64> = samples
            .iter()
            .filter(|sample| !is_named || sample.pods.iter().any(|pod| busy.contains(pod)))
            .map(|sample| sample.value)
            .collect();
        let count = f64::from(
            u32::try_from(counted.len())
                .ok()
                .filter(|count| *count > 0)?,
        );
        let whole = if self.is_percent { 100.0 } else { 1.0 };
        Some((counted.iter().sum::<f64>() / count / whole).clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn samples(text: serde_json::Value) -> Vec<Sample> {
        let answer: Answer = serde_json::from_value(text).unwrap();
        answer.samples().unwrap()
    }

    #[test]
    fn the_gpus_of_busy_pods_are_averaged_in_percent_and_in_parts_of_one() {
        let told = samples(
            json!({"status": "success", "data": {"resultType": "vector", "result": [
            {"metric": {"exported_pod": "worker-a", "pod": "exporter-1"}, "value": [1.0, "80"]},
            {"metric": {"exported_pod": "worker-b", "pod": "exporter-1"}, "value": [1.0, "NaN"]},
            {"metric": {"exported_pod": "idle", "pod": "exporter-2"}, "value": [1.0, "0"]}]}}),
        );
        let busy = BTreeSet::from(["worker-a".to_owned(), "worker-b".to_owned()]);
        assert_eq!(Scale::of_query("x").ratio(&told, &busy), Some(0.8));
        assert_eq!(Scale::of_query("x").ratio(&told, &BTreeSet::new()), None);
        let whole = samples(
            json!({"status": "success", "data": {"resultType": "scalar", "result": [1.0, "0.5"]}}),
        );
        assert_eq!(Scale::of_query("y").ratio(&whole, &busy), Some(0.5));
    }

    #[test]
    fn one_percent_of_dcgm_is_not_taken_for_all() {
        let told = [Sample {
            pods: Vec::new(),
            value: 1.0,
        }];
        let busy = BTreeSet::new();
        assert_eq!(
            Scale::of_query("avg(DCGM_FI_DEV_GPU_UTIL)").ratio(&told, &busy),
            Some(0.01)
        );
        assert_eq!(
            Scale::of_query("avg(DCGM_FI_DEV_GPU_UTIL)/100").ratio(&told, &busy),
            Some(1.0)
        );
    }
}
