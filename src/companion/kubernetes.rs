// SPDX-License-Identifier: Apache-2.0
//! The two calls of Kubernetes that are needed: list pods, and say what deleting one costs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::{Certificate, RequestBuilder};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::error::CompanionError;
use super::options::KubernetesOptions;
use crate::farm::prepare_cryptography;

/// The annotation by which a `ReplicaSet` chooses whom to delete: the lowest first.
pub const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";
const TIMEOUT: Duration = Duration::from_secs(5);
/// Pods of one answer; further ones are asked for in further calls.
const PAGE: &str = "500";

/// A pod as far as the companion looks at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// It has ended, or was never started and won't be.
    pub has_ended: bool,
    /// It was asked to end.
    pub is_terminating: bool,
    /// What deleting it costs, where that was said.
    pub deletion_cost: Option<String>,
    /// Each container of it that ended for want of memory, told apart by its time.
    pub out_of_memory: Vec<String>,
}

/// A client that speaks as this pod's service account.
#[derive(Clone, Debug)]
pub struct Kubernetes {
    http: reqwest::Client,
    base: Url,
    token_path: PathBuf,
    options: KubernetesOptions,
}

impl Kubernetes {
    /// A client for the cluster that this pod is in. Nothing is asked yet.
    pub fn new(options: KubernetesOptions) -> Result<Self, CompanionError> {
        let folder = options.account_dir.clone();
        let missing = |reason: &str| CompanionError::NoServiceAccount {
            reason: reason.to_owned(),
            path: folder.clone(),
        };
        let base = Url::parse(&options.api_url).map_err(|error| missing(&error.to_string()))?;
        let authority = std::fs::read(folder.join("ca.crt"))
            .ok()
            .and_then(|text| Certificate::from_pem_bundle(&text).ok())
            .ok_or_else(|| missing("ca.crt is not there, or holds no certificate"))?;
        prepare_cryptography();
        let http = reqwest::Client::builder()
            .user_agent(concat!("farmhand/", env!("CARGO_PKG_VERSION")))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_certs_only(authority)
            .build()
            .map_err(|error| missing(&error.to_string()))?;
        Ok(Self {
            http,
            base,
            token_path: folder.join("token"),
            options,
        })
    }

    /// The workers' pods.
    pub async fn pods(&self) -> Result<Vec<Pod>, CompanionError> {
        let mut pods = Vec::new();
        let mut rest = String::new();
        loop {
            let mut url = self.pods_url(None);
            url.query_pairs_mut()
                .append_pair("labelSelector", &self.options.selector)
                .append_pair("limit", PAGE);
            if !rest.is_empty() {
                url.query_pairs_mut().append_pair("continue", &rest);
            }
            let bytes = self.send(self.http.get(url.clone()), &url).await?;
            let list: PodList = serde_json::from_slice(&bytes).map_err(away(&url))?;
            pods.extend(list.items.into_iter().map(Pod::from));
            match list.metadata.rest.filter(|rest| !rest.is_empty()) {
                Some(more) => rest = more,
                None => return Ok(pods),
            }
        }
    }

    /// Says what deleting a pod costs; one that is gone costs nothing any more.
    pub async fn set_deletion_cost(&self, pod: &str, cost: &str) -> Result<(), CompanionError> {
        let url = self.pods_url(Some(pod));
        let patch = json!({"metadata": {"annotations": {DELETION_COST: cost}}});
        let request = self
            .http
            .patch(url.clone())
            .header("content-type", "application/merge-patch+json")
            .body(patch.to_string());
        self.send(request, &url).await.map(|_| ())
    }

    fn pods_url(&self, pod: Option<&str>) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            let namespace = self.options.namespace.as_str();
            segments.pop_if_empty();
            segments.extend(["api", "v1", "namespaces", namespace, "pods"]);
            segments.extend(pod);
        }
        url
    }

    async fn send(&self, request: RequestBuilder, url: &Url) -> Result<Vec<u8>, CompanionError> {
        // Kubernetes puts a new token into the file long before the old one ends.
        let token = token(&self.token_path).await?;
        let response = request.bearer_auth(token).send().await.map_err(away(url))?;
        let status = response.status();
        if status.as_u16() == 404 && url.path().rsplit('/').next() != Some("pods") {
            return Ok(Vec::new());
        }
        let body = response.bytes().await.map_err(away(url))?;
        if !status.is_success() {
            let text: String = String::from_utf8_lossy(&body).chars().take(200).collect();
            return Err(refused(format!("{}: {text}", status.as_u16()), url));
        }
        Ok(body.to_vec())
    }
}

async fn token(path: &Path) -> Result<String, CompanionError> {
    let text = tokio::fs::read_to_string(path).await;
    Ok(text.map_err(CompanionError::file(path))?.trim().to_owned())
}

fn refused(reason: String, url: &Url) -> CompanionError {
    CompanionError::Neighbour {
        who: "Kubernetes",
        reason,
        url: url.to_string(),
    }
}

fn away<E: std::error::Error>(url: &Url) -> impl FnOnce(E) -> CompanionError {
    let url = url.clone();
    move |error| {
        let cause = std::iter::successors(error.source(), |cause| cause.source()).last();
        refused(
            cause.map_or_else(|| error.to_string(), ToString::to_string),
            &url,
        )
    }
}

#[derive(Deserialize)]
struct PodList {
    #[serde(default)]
    metadata: ListMeta,
    items: Vec<RawPod>,
}

#[derive(Default, Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    rest: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPod {
    metadata: RawMeta,
    #[serde(default)]
    status: RawStatus,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMeta {
    name: String,
    deletion_timestamp: Option<String>,
    #[serde(default)]
    annotations: std::collections::BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawStatus {
    #[serde(default)]
    phase: String,
    #[serde(default)]
    container_statuses: Vec<RawContainer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawContainer {
    #[serde(default)]
    name: String,
    #[serde(default)]
    state: RawState,
    #[serde(default)]
    last_state: RawState,
}

#[derive(Default, Deserialize)]
struct RawState {
    terminated: Option<RawEnd>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEnd {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    finished_at: String,
}

impl From<RawPod> for Pod {
    fn from(raw: RawPod) -> Self {
        let RawPod { metadata, status } = raw;
        let ends = status.container_statuses.iter().flat_map(|container| {
            [&container.state, &container.last_state]
                .into_iter()
                .filter_map(|state| Some((&container.name, state.terminated.as_ref()?)))
        });
        let out_of_memory = ends
            .filter(|(_, end)| end.reason == "OOMKilled")
            .map(|(name, end)| format!("{}/{name}@{}", metadata.name, end.finished_at))
            .collect();
        Self {
            has_ended: matches!(status.phase.as_str(), "Succeeded" | "Failed"),
            is_terminating: metadata.deletion_timestamp.is_some(),
            deletion_cost: metadata.annotations.get(DELETION_COST).cloned(),
            name: metadata.name,
            out_of_memory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_is_read_as_kubernetes_tells_of_it() {
        let list: PodList = serde_json::from_value(json!({
            "metadata": {"continue": ""},
            "items": [
                {"metadata": {"name": "worker-a", "annotations": {DELETION_COST: "1000"}},
                 "status": {"phase": "Running", "containerStatuses": [{"name": "worker", "state": {"running": {}},
                    "lastState": {"terminated": {"reason": "OOMKilled", "finishedAt": "2026-01-01T00:00:00Z"}}}]}},
                {"metadata": {"name": "worker-b", "deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": "Failed"}},
            ],
        }))
        .unwrap();
        let pods: Vec<Pod> = list.items.into_iter().map(Pod::from).collect();
        assert_eq!(pods[0].deletion_cost.as_deref(), Some("1000"));
        assert_eq!(
            pods[0].out_of_memory,
            ["worker-a/worker@2026-01-01T00:00:00Z"]
        );
        assert!(!pods[0].has_ended && !pods[0].is_terminating);
        assert!(pods[1].has_ended && pods[1].is_terminating);
    }
}
