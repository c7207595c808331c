// SPDX-License-Identifier: Apache-2.0
//! The client against a real Manager's recorded answers, replayed as real HTTP on loopback.
//!
//! The exchanges lie in `../shared/flamenco/exchanges`; without them these tests say so and pass, unless
//! `FARMHAND_REQUIRE_SHARED=1` asks for them.

use std::path::Path;

use farmhand::farm::models::{
    ErrorAnswer, JobPriorityChange, JobStatus, JobStatusChange, ManagerVariableAudience,
    ShamanCheckout, ShamanCheckoutResult, ShamanRequirementsRequest, ShamanRequirementsResponse,
    ShamanSingleFileStatus, SubmittedJob, TaskStatus, WorkerStatus,
};
use farmhand::farm::{Client, FarmError, Repeat};
use farmhand::watch::{Answers, Snapshot};
use serde::Serialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::farm_server::{Farm, Received, Reply, client};

/// One recorded request and its answer.
#[derive(Clone, Debug)]
struct Exchange {
    name: String,
    method: String,
    path: String,
    request_json: Option<Value>,
    status: u16,
    content_type: String,
    json: Option<Value>,
    text: String,
}

impl Exchange {
    fn read(path: &Path) -> Self {
        let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let (request, response) = (&recorded["request"], &recorded["response"]);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            name: text(&recorded["name"]),
            method: text(&request["method"]),
            path: text(&request["path"]),
            request_json: request.get("json").cloned(),
            status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
            content_type: text(&response["content_type"]),
            json: response.get("json").cloned(),
            text: text(&response["text"]),
        }
    }

    fn reply(&self) -> Reply {
        let body = match &self.json {
            Some(json) => serde_json::to_vec(json).unwrap(),
            None => self.text.clone().into_bytes(),
        };
        let mut headers = Vec::new();
        if !self.content_type.is_empty() {
            headers.push(("content-type", self.content_type.clone()));
        }
        Reply {
            status: self.status,
            headers,
            body,
        }
    }

    fn is_asked_by(&self, request: &Received) -> bool {
        request.method == self.method && request.path == self.path
    }

    /// The client's call for this exchange, its answer as JSON once more.
    async fn call(&self, client: &Client) -> Result<Value, FarmError> {
        let path = self.path.strip_prefix("/api/v3/").unwrap();
        let segments: Vec<&str> = path.split('/').collect();
        let audience = |name: &str| ManagerVariableAudience::from(name);
        match (self.method.as_str(), segments.as_slice()) {
            ("GET", ["version"]) => client.version().await.map(json_of),
            ("GET", ["status"]) => client.status().await.map(json_of),
            ("GET", ["configuration", "shared-storage", whose, platform]) => client
                .shared_storage(&audience(whose), platform)
                .await
                .map(json_of),
            ("GET", ["configuration", "variables", whose, platform]) => client
                .variables(&audience(whose), platform)
                .await
                .map(json_of),
            ("GET", ["jobs", "types"]) => client
                .job_types()
                .await
                .map(|types| json!({"job_types": types})),
            ("GET", ["jobs", "type", name]) => client.job_type(name).await.map(json_of),
            ("POST", ["jobs", "check"]) => client.check_job(&self.job()).await.map(json_of),
            ("POST", ["jobs"]) => client.submit(&self.job()).await.map(json_of),
            ("GET", ["jobs"]) => client.jobs().await.map(|jobs| json!({"jobs": jobs})),
            ("GET", ["jobs", "last-rendered"]) => client.last_rendered().await.map(json_of),
            ("GET", ["jobs", id]) => client.job(id).await.map(json_of),
            ("GET", ["jobs", id, "tasks"]) => {
                client.tasks(id).await.map(|tasks| json!({"tasks": tasks}))
            }
            ("GET", ["jobs", id, "last-rendered"]) => {
                client.job_last_rendered(id).await.map(json_of)
            }
            ("GET", ["jobs", id, "blocklist"]) => client.job_blocklist(id).await.map(json_of),
            ("GET", ["jobs", id, "what-would-delete-do"]) => {
                client.what_would_delete(id).await.map(json_of)
            }
            ("POST", ["jobs", id, "setstatus"]) => {
                let change: JobStatusChange = self.request();
                client
                    .set_job_status(id, change.status, &change.reason)
                    .await
                    .map(json_of)
            }
            ("POST", ["jobs", id, "setpriority"]) => {
                let change: JobPriorityChange = self.request();
                client
                    .set_job_priority(id, change.priority)
                    .await
                    .map(json_of)
            }
            ("GET", ["tasks", id]) => client.task(id).await.map(json_of),
            ("GET", ["tasks", id, "log"]) => client.task_log_info(id).await.map(json_of),
            ("GET", ["tasks", id, "logtail"]) => client.task_log_tail(id).await.map(json_of),
            ("GET", ["worker-mgt", "workers"]) => client
                .workers()
                .await
                .map(|workers| json!({"workers": workers})),
            ("GET", ["worker-mgt", "tags"]) => {
                client.worker_tags().await.map(|tags| json!({"tags": tags}))
            }
            ("POST", ["shaman", "checkout", "requirements"]) => {
                let wanted: ShamanRequirementsRequest = self.request();
                self.post::<_, ShamanRequirementsResponse>(client, &wanted)
                    .await
            }
            ("POST", ["shaman", "checkout", "create"]) => {
                let wanted: ShamanCheckout = self.request();
                self.post::<_, ShamanCheckoutResult>(client, &wanted).await
            }
            ("GET", ["shaman", "files", ..]) => client
                .get_json::<ShamanSingleFileStatus>(&self.segments())
                .await
                .map(json_of),
            (method, _) => panic!(
                "{}: the client has no call for {method} {}",
                self.name, self.path
            ),
        }
    }

    async fn post<B: Serialize, T: Serialize + serde::de::DeserializeOwned>(
        &self,
        client: &Client,
        body: &B,
    ) -> Result<Value, FarmError> {
        client
            .post_json::<B, T>(&self.segments(), body, Repeat::IfNeverSent)
            .await
            .map(json_of)
    }

    fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    fn request<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.request_json.clone().unwrap()).unwrap()
    }

    fn job(&self) -> SubmittedJob {
        match &self.request_json {
            Some(_) => self.request(),
            None => serde_json::from_value(
                json!({"name": "shot", "type": "simple-blender-render", "submitter_platform": "linux"}),
            )
            .unwrap(),
        }
    }

    /// Files are sent as they are, which belongs to bringing files, not to this client.
    fn is_upload(&self) -> bool {
        self.method == "POST" && self.path.contains("/shaman/files/")
    }
}

fn json_of(answer: impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap()
}

/// What the Manager answered to a request that was recorded; none where there are no recordings.
pub(crate) fn recorded()
-> Option<impl Fn(&Received) -> Option<Reply> + Clone + Send + Sync + 'static> {
    let exchanges = std::sync::Arc::new(exchanges()?);
    Some(move |request: &Received| {
        let exchange = exchanges
            .iter()
            .find(|exchange| exchange.is_asked_by(request));
        exchange.map(Exchange::reply)
    })
}

/// The recorded exchanges in their order; none where they do not lie beside this project.
fn exchanges() -> Option<Vec<Exchange>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/flamenco/exchanges");
    if !folder.is_dir() {
        let is_required =
            std::env::var_os("FARMHAND_REQUIRE_SHARED").is_some_and(|value| value == "1");
        assert!(
            !is_required,
            "FARMHAND_REQUIRE_SHARED=1, but there is no {}",
            folder.display()
        );
        eprintln!("skipped: no recorded exchanges at {}", folder.display());
        return None;
    }
    let entries = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_json = |path: &std::path::PathBuf| path.extension().is_some_and(|known| known == "json");
    let mut paths: Vec<_> = entries.filter(is_json).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    Some(paths.iter().map(|path| Exchange::read(path)).collect())
}

fn exchange(name: &str) -> Option<Exchange> {
    let found = exchanges()?
        .into_iter()
        .find(|exchange| exchange.name == name);
    Some(found.unwrap_or_else(|| panic!("no exchange {name} was recorded")))
}

/// A farm that gives the recorded answer to the recorded request, and 418 to every other.
async fn replay(exchange: &Exchange) -> Farm {
    let exchange = exchange.clone();
    Farm::start(move |request| {
        if exchange.is_asked_by(request) {
            exchange.reply()
        } else {
            Reply::empty(418)
        }
    })
    .await
}

#[tokio::test]
async fn every_recorded_answer_is_understood_without_losing_a_field() {
    for exchange in exchanges().unwrap_or_default() {
        if exchange.status >= 300 || exchange.is_upload() {
            continue;
        }
        let farm = replay(&exchange).await;
        let answer = exchange.call(&client(&farm.url)).await;
        let answer = answer.unwrap_or_else(|error| panic!("{}: {error}", exchange.name));
        let recorded = exchange
            .json
            .clone()
            .unwrap_or_else(|| match exchange.text.as_str() {
                "" => Value::Null,
                text => json!(text),
            });
        assert_eq!(answer, recorded, "{}", exchange.name);
    }
}

#[tokio::test]
async fn every_recorded_refusal_becomes_the_error_that_it_is() {
    for exchange in exchanges().unwrap_or_default() {
        if exchange.status < 300 {
            continue;
        }
        let recorded: ErrorAnswer = serde_json::from_value(exchange.json.clone().unwrap()).unwrap();
        assert_eq!(
            json_of(&recorded),
            exchange.json.clone().unwrap(),
            "{}",
            exchange.name
        );
        if exchange.is_upload() {
            continue;
        }
        let farm = replay(&exchange).await;
        let error = exchange.call(&client(&farm.url)).await.unwrap_err();
        let url = format!("{}{}", farm.url, exchange.path);
        let message = recorded.message;
        let expected = match exchange.status {
            404 => FarmError::NotFound { message, url },
            412 => FarmError::StaleJobType { message, url },
            status @ 400..500 => FarmError::Refused {
                status,
                message,
                url,
            },
            status => FarmError::ServerFailed {
                status,
                message,
                url,
            },
        };
        assert_eq!(error, expected, "{}", exchange.name);
    }
}

#[tokio::test]
async fn what_the_client_sends_is_what_was_recorded() {
    for exchange in exchanges().unwrap_or_default() {
        if exchange.is_upload() {
            continue;
        }
        let farm = replay(&exchange).await;
        let _ = exchange.call(&client(&farm.url)).await;
        let received = farm.received();
        let asked: Vec<_> = received
            .iter()
            .filter(|request| exchange.is_asked_by(request))
            .collect();
        assert_eq!((asked.len(), received.len()), (1, 1), "{}", exchange.name);
        match (&exchange.request_json, exchange.method.as_str()) {
            (Some(recorded), _) => {
                assert_eq!(&asked[0].json(), recorded, "{}", exchange.name);
                assert_eq!(asked[0].headers["content-type"], "application/json");
            }
            (None, "GET") => assert!(asked[0].body.is_empty(), "{}", exchange.name),
            (None, _) => {}
        }
    }
}

#[tokio::test]
async fn a_job_is_read_with_its_meaning() {
    let Some(exchange) = exchange("job-active") else {
        return;
    };
    let farm = replay(&exchange).await;
    let job = client(&farm.url).job(exchange.segments()[3]).await.unwrap();
    assert_eq!(job.status, JobStatus::Active);
    assert!(!job.status.is_settled());
    assert_eq!(
        (job.steps_completed, job.steps_total, job.priority),
        (10, 40, 70)
    );
    assert_eq!(job.metadata["user.name"], "artist");
    assert_eq!(job.settings["blendfile"], "{my_storage}/scene.blend");
    assert!((job.updated - job.created).as_seconds_f64() > 3.0);
}

#[tokio::test]
async fn tasks_and_workers_are_read_with_their_meaning() {
    let Some(tasks) = exchange("job-active-tasks") else {
        return;
    };
    let farm = replay(&tasks).await;
    let tasks = client(&farm.url).tasks(tasks.segments()[3]).await.unwrap();
    let statuses: Vec<_> = tasks.iter().map(|task| task.status.clone()).collect();
    assert_eq!(
        statuses,
        [
            TaskStatus::Completed,
            TaskStatus::Active,
            TaskStatus::Queued,
            TaskStatus::Queued
        ]
    );
    assert_eq!(tasks[1].worker.as_ref().unwrap().name, "w2");

    let farm = replay(&exchange("workers").unwrap()).await;
    let workers = client(&farm.url).workers().await.unwrap();
    assert!(
        workers
            .iter()
            .all(|worker| worker.status == WorkerStatus::Awake)
    );
    assert!(workers.iter().all(|worker| worker.last_seen.is_some()));
}

#[tokio::test]
async fn the_whole_log_is_fetched_from_where_the_manager_says_it_lies_behind_a_path_prefix_too() {
    let Some(exchange) = exchange("task-log") else {
        return;
    };
    let url = exchange.json.as_ref().unwrap()["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let recorded = exchange.clone();
    let farm = Farm::start(move |request| {
        let path = request.path.strip_prefix("/farm").unwrap_or(&request.path);
        if path == recorded.path {
            recorded.reply()
        } else if path == url {
            Reply {
                status: 200,
                headers: Vec::new(),
                body: b"line 1\nline \xff\n".to_vec(),
            }
        } else {
            Reply::empty(404)
        }
    })
    .await;
    let id = exchange.segments()[3];
    for base in [farm.url.clone(), format!("{}/farm/", farm.url)] {
        let log = client(&base).task_log_text(id).await.unwrap();
        assert_eq!(log.as_deref(), Some("line 1\nline \u{fffd}\n"), "{base}");
    }
}

#[tokio::test]
async fn the_recorded_jobs_fold_into_a_snapshot() {
    let Some(exchange) = exchange("jobs") else {
        return;
    };
    let farm = replay(&exchange).await;
    let jobs = client(&farm.url).jobs().await.unwrap();
    let answers = Answers {
        jobs,
        ..Answers::default()
    };
    let snapshot = Snapshot::default().answered(answers, Some("artist"), OffsetDateTime::now_utc());
    assert!(
        snapshot
            .jobs
            .is_sorted_by(|one, other| one.created >= other.created)
    );
    let newest = &snapshot.jobs[0];
    assert_eq!(
        (newest.name.as_str(), &newest.status),
        ("Shot 020", &JobStatus::Canceled)
    );
    assert!(newest.is_mine);
    assert_eq!((newest.frames_done(), newest.frames_total()), (200, 1000));
    assert_eq!(snapshot.message(), "ready");
}
