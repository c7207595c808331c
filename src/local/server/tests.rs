// SPDX-License-Identifier: Apache-2.0
use axum::body::Body;
use axum::http::{Request, header};
use axum::response::Response;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::config::Dirs;
use crate::local::blender::Search;
use crate::local::state::{FarmFiles, job_state_dir};
use crate::local::store::Store;

const PORT: u16 = 4711;
const TOKEN: &str = "the-token";
const SUBMISSION: &str = "0123456789abcdef0123456789abcdef";

/// A server without a Blender worth the name, and a job's files.
struct Bed {
    folder: tempfile::TempDir,
    state: Shared,
}

impl Bed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = FarmFiles::new(&Dirs::below(folder.path()));
        let store = Store::open(&files.database_path()).unwrap();
        let search = Search {
            named: Some(std::env::current_exe().unwrap()),
            ..Search::default()
        };
        let state = FarmState::new(store, files, 2, PORT, TOKEN.to_owned(), search).unwrap();
        Self {
            folder,
            state: Arc::new(state),
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn without_blender() -> Self {
        let mut bed = Self::new();
        let files = FarmFiles::new(&Dirs::below(bed.folder.path()));
        let store = Store::open(&files.database_path()).unwrap();
        let state =
            FarmState::new(store, files, 1, PORT, TOKEN.to_owned(), Search::default()).unwrap();
        bed.state = Arc::new(state);
        bed
    }

    async fn send(&self, request: Request<Body>) -> Response {
        app(Arc::clone(&self.state)).oneshot(request).await.unwrap()
    }

    /// Asks as a client does; status and JSON body (null where there is none).
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.send(request(method, path).body(body).unwrap()).await;
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        if status >= 400 {
            assert_eq!(value["code"], status, "{method} {path}: {value}");
            assert!(
                value["message"]
                    .as_str()
                    .is_some_and(|message| !message.is_empty())
            );
        }
        (status, value)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, None).await
    }

    /// A job as the composer sends it, its files staged.
    fn submission(&self) -> Value {
        let description = json!({
            "format": 1, "submission_id": SUBMISSION, "name": "shot", "blend_file": self.path("shot.blend"), "blend_dir": "/",
            "blend_size_bytes": 1, "blend_modified_unix_secs": 1.0, "scene": "Scene", "frames": "1-4", "order": "auto",
            "lanes": ["1-2", "3-4"], "output": "/frames/shot_####", "output_overridden": false,
            "settings": {"camera": null, "view_layers": null, "samples": null, "percentage": null, "file_format": null,
                         "device": "auto", "gpu_required": false, "denoise": "scene", "threads": 0, "auto_run": false,
                                      "missing_files": "fail"},
            "simulation_start": null, "costs": null, "stall_timeout_secs": 600, "memory_growth_limit": 4.0,
        });
        for (name, text) in [
            ("job.json", description.to_string().as_str()),
            ("render.py", ""),
            ("shot.blend", ""),
        ] {
            std::fs::write(self.path(name), text).unwrap();
        }
        json!({
            "name": "shot", "type": "farmhand-render", "priority": 50, "submitter_platform": "linux",
            "metadata": {"farmhand.output": "/frames/shot_####"},
            "settings": {
                "job_file": self.path("job.json"), "renderer": self.path("render.py"), "storage": self.path(""),
                "submission_id": SUBMISSION, "frames": "1-4", "lanes": 2, "home_chunks": "1-2; 3-4", "blendfile": self.path("shot.blend"),
                "scene": "Scene", "output": "/frames/shot_####",
            },
        })
    }

    async fn submit(&self) -> String {
        let (status, job) = self
            .ask("POST", "/api/v3/jobs", Some(self.submission()))
            .await;
        assert_eq!(status, 200, "{job}");
        job["id"].as_str().unwrap().to_owned()
    }
}

fn request(method: &str, path: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, format!("127.0.0.1:{PORT}"))
        .header(header::AUTHORIZATION, format!("Bearer {TOKEN}"))
}

#[tokio::test]
async fn only_who_brings_the_token_from_this_computer_and_no_web_page_is_answered() {
    let bed = Bed::new();
    let status = async |host: Option<&str>, origin: Option<&str>, authorization: Option<&str>| {
        let mut request = Request::builder().uri("/api/v3/version");
        for (name, value) in [
            (header::HOST, host),
            (header::ORIGIN, origin),
            (header::AUTHORIZATION, authorization),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        bed.send(request.body(Body::empty()).unwrap())
            .await
            .status()
            .as_u16()
    };
    let right = Some("Bearer the-token");
    for host in ["127.0.0.1:4711", "localhost:4711", "[::1]:4711"] {
        assert_eq!(status(Some(host), None, right).await, 200, "{host}");
    }
    for host in [
        "evil.example:4711",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1.evil.example:4711",
        "",
    ] {
        assert_eq!(status(Some(host), None, right).await, 403, "{host}");
    }
    assert_eq!(status(None, None, right).await, 403);
    assert_eq!(
        status(Some("localhost:4711"), Some("http://localhost:4711"), right).await,
        403
    );
    for wrong in [
        None,
        Some("Bearer "),
        Some("Bearer the-toke"),
        Some("the-token"),
        Some("Basic the-token"),
    ] {
        assert_eq!(
            status(Some("localhost:4711"), None, wrong).await,
            401,
            "{wrong:?}"
        );
    }
}

#[tokio::test]
async fn what_the_farm_says_of_itself_has_flamencos_shape() {
    let bed = Bed::new();
    assert_eq!(
        bed.get("/api/v3/version").await.1["name"],
        "Farmhand on this computer"
    );
    assert_eq!(bed.get("/api/v3/status").await.1, json!({"status": "idle"}));
    let (_, storage) = bed
        .get("/api/v3/configuration/shared-storage/users/linux")
        .await;
    assert_eq!(storage["shamanEnabled"], false);
    assert_eq!(storage["audience"], "users");
    assert_eq!(
        bed.get("/api/v3/configuration/variables/workers/linux")
            .await,
        (200, json!({}))
    );
    assert_eq!(
        bed.get("/api/v3/configuration/variables/nobody/linux")
            .await
            .0,
        400
    );
    assert_eq!(
        bed.get("/api/v3/worker-mgt/tags").await.1,
        json!({"tags": []})
    );
    let (_, workers) = bed.get("/api/v3/worker-mgt/workers").await;
    assert_eq!(workers["workers"].as_array().unwrap().len(), 2);
    let id = workers["workers"][0]["id"].as_str().unwrap();
    assert_eq!(
        bed.get(&format!("/api/v3/worker-mgt/workers/{id}")).await.1["platform"],
        "linux"
    );
    let (_, types) = bed.get("/api/v3/jobs/types").await;
    assert_eq!(
        types["job_types"][0],
        bed.get("/api/v3/jobs/type/farmhand-render").await.1
    );
    assert_eq!(
        bed.get("/api/v3/jobs/type/simple-blender-render").await.0,
        404
    );
    assert_eq!(bed.get("/farmhand/v1/health").await.1["busy"], false);
}

#[tokio::test]
async fn what_a_manager_alone_can_do_is_refused_with_a_sentence() {
    let bed = Bed::new();
    for (method, path) in [
        ("GET", "/api/v3/configuration/file"),
        ("POST", "/api/v3/worker-mgt/tags"),
        ("POST", "/api/v3/shaman/checkout/create"),
        ("DELETE", "/api/v3/jobs/mass-delete"),
    ] {
        let (status, answer) = bed.ask(method, path, None).await;
        assert_eq!(status, 501, "{method} {path}: {answer}");
    }
    assert_eq!(bed.get("/elsewhere").await.0, 404);
}

#[tokio::test]
async fn a_job_becomes_one_task_per_lane_and_the_last_lane() {
    let bed = Bed::new();
    assert_eq!(
        bed.ask("POST", "/api/v3/jobs/check", Some(bed.submission()))
            .await
            .0,
        204
    );
    let id = bed.submit().await;
    let (_, job) = bed.get(&format!("/api/v3/jobs/{id}")).await;
    assert_eq!(
        (&job["status"], &job["steps_total"]),
        (&json!("queued"), &json!(4))
    );
    assert_eq!(bed.get("/api/v3/jobs").await.1["jobs"][0], job);
    let (_, tasks) = bed.get(&format!("/api/v3/jobs/{id}/tasks")).await;
    let named = |key: &str| -> Vec<Value> {
        tasks["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task[key].clone())
            .collect()
    };
    assert_eq!(named("name"), ["lane-0 1-2", "lane-1 3-4", "last-lane"]);
    assert_eq!(named("index_in_job"), [1, 2, 3]);
    let task = tasks["tasks"][2]["id"].as_str().unwrap();
    let (_, task_shown) = bed.get(&format!("/api/v3/tasks/{task}")).await;
    assert_eq!(task_shown["commands"][0]["name"], "blender-render");
    assert_eq!(
        bed.get(&format!("/api/v3/tasks/{task}/logtail")).await.0,
        204
    );
    assert_eq!(bed.get(&format!("/api/v3/tasks/{task}/log")).await.0, 204);
    assert_eq!(
        bed.get(&format!("/api/v3/jobs/{id}/last-rendered")).await.0,
        204
    );
    assert_eq!(bed.get("/api/v3/jobs/last-rendered").await.0, 204);
    assert_eq!(
        bed.get(&format!("/api/v3/jobs/{id}/blocklist")).await,
        (200, json!([]))
    );
    let (_, progress) = bed.get(&format!("/farmhand/v1/jobs/{id}/progress")).await;
    assert_eq!(
        (&progress["frames_total"], &progress["frames_done"]),
        (&json!(4), &json!(0))
    );
    assert_eq!(
        bed.get(&format!("/farmhand/v1/jobs/{id}/frames")).await,
        (200, json!({"frames": []}))
    );
}

#[tokio::test]
async fn a_bad_job_is_refused_with_the_value_and_the_reason() {
    let bed = Bed::new();
    let refused = async |pointer: &str, value: Value, code: u16, part: &str| {
        let mut job = bed.submission();
        match job.pointer_mut(pointer) {
            Some(found) => *found = value,
            None => job[pointer.trim_start_matches('/')] = value,
        }
        for path in ["/api/v3/jobs/check", "/api/v3/jobs"] {
            let (status, answer) = bed.ask("POST", path, Some(job.clone())).await;
            assert_eq!(status, code, "{pointer}: {answer}");
            assert!(
                answer["message"].as_str().unwrap().contains(part),
                "{pointer}: {answer}"
            );
        }
    };
    refused(
        "/type",
        json!("simple-blender-render"),
        400,
        "job type unknown",
    )
    .await;
    refused("/type_etag", json!("stale"), 412, "outdated").await;
    refused("/priority", json!(101), 400, "101").await;
    refused("/initial_status", json!("active"), 400, "active").await;
    refused(
        "/settings/job_file",
        json!("/nowhere/job.json"),
        400,
        "/nowhere/job.json",
    )
    .await;
    refused(
        "/settings/blendfile",
        json!("shot.blend"),
        400,
        "shot.blend",
    )
    .await;
    refused("/settings/frames", json!("10-1"), 400, "10-1").await;
    refused(
        "/settings/submission_id",
        json!("../../elsewhere"),
        400,
        "32 hexadecimal digits",
    )
    .await;
    refused("/settings/frames", json!("1-5"), 400, "frames").await;
    refused("/settings/lanes", json!("two"), 400, "lanes").await;
    refused("/settings/renderer", Value::Null, 400, "renderer").await;
    std::fs::write(bed.path("other.json"), "{\"format\": 2}").unwrap();
    refused(
        "/settings/job_file",
        json!(bed.path("other.json")),
        400,
        "format 2",
    )
    .await;
    assert_eq!(bed.get("/api/v3/jobs").await.1, json!({"jobs": []}));
}

#[tokio::test]
async fn a_second_live_job_with_one_output_is_refused_naming_the_first() {
    let bed = Bed::new();
    let id = bed.submit().await;
    for path in ["/api/v3/jobs/check", "/api/v3/jobs"] {
        let (status, answer) = bed.ask("POST", path, Some(bed.submission())).await;
        assert_eq!(status, 409);
        assert!(answer["message"].as_str().unwrap().contains(&id));
    }
}

#[tokio::test]
async fn a_settled_job_comes_to_life_again_only_where_no_other_writes_its_frames() {
    let bed = Bed::new();
    let first = bed.submit().await;
    let change = async |id: &str, status: &str| {
        let (path, body) = (
            format!("/api/v3/jobs/{id}/setstatus"),
            json!({"status": status, "reason": ""}),
        );
        bed.ask("POST", &path, Some(body)).await
    };
    assert_eq!(change(&first, "cancel-requested").await.0, 204);
    let second = bed.submit().await;
    let (status, answer) = change(&first, "requeueing").await;
    assert_eq!(status, 409, "{answer}");
    assert!(answer["message"].as_str().unwrap().contains(&second));

    // Failed frames keep their claims where they may not be asked for again.
    let retry = format!("/farmhand/v1/jobs/{first}/retry");
    assert_eq!(bed.ask("POST", &retry, None).await.0, 409);
    assert_eq!(change(&second, "cancel-requested").await.0, 204);
    assert_eq!(change(&first, "requeueing").await.0, 204);
}

#[tokio::test]
async fn a_request_that_never_comes_to_its_end_does_not_keep_the_server_alive() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let bed = Bed::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let server = tokio::spawn(run(listener, stop.clone(), Arc::clone(&bed.state)));
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /api/v3/jobs HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    );
    client.write_all(head.as_bytes()).await.unwrap();
    // The server waits for the body from here on.
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100");
    stop.cancel();
    tokio::time::timeout(2 * LAST_ANSWERS, server)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn without_a_blender_a_job_is_refused_with_the_way_out() {
    let bed = Bed::without_blender();
    let (status, answer) = bed
        .ask("POST", "/api/v3/jobs", Some(bed.submission()))
        .await;
    assert_eq!(status, 503);
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("FARMHAND_BLENDER")
    );
    assert_eq!(
        bed.get("/api/v3/status").await.1,
        json!({"status": "inoperative"})
    );
}

#[tokio::test]
async fn a_job_can_be_changed_canceled_and_deleted() {
    let bed = Bed::new();
    let id = bed.submit().await;
    let job = format!("/api/v3/jobs/{id}");
    let post = async |what: &str, body: Value| {
        bed.ask("POST", &format!("{job}/{what}"), Some(body))
            .await
            .0
    };
    assert_eq!(post("setpriority", json!({"priority": 70})).await, 204);
    assert_eq!(post("setpriority", json!({"priority": 170})).await, 422);
    assert_eq!(
        post("setstatus", json!({"status": "nonsense", "reason": ""})).await,
        400
    );
    assert_eq!(
        post("setstatus", json!({"status": "active", "reason": ""})).await,
        422
    );
    assert_eq!(
        post(
            "setstatus",
            json!({"status": "cancel-requested", "reason": "by hand"})
        )
        .await,
        204
    );
    let (_, canceled) = bed.get(&job).await;
    assert_eq!(
        canceled["activity"],
        "Changed to status \"canceled\": by hand"
    );
    assert_eq!(
        (&canceled["status"], &canceled["priority"]),
        (&json!("canceled"), &json!(70))
    );
    assert_eq!(
        post(
            "setstatus",
            json!({"status": "requeueing", "reason": "again"})
        )
        .await,
        204
    );
    assert_eq!(
        bed.ask("POST", &format!("/farmhand/v1/jobs/{id}/retry"), None)
            .await
            .0,
        422
    );
    let (_, would) = bed.get(&format!("{job}/what-would-delete-do")).await;
    assert_eq!(would, json!({"shaman_checkout": false}));
    assert_eq!(bed.ask("DELETE", &job, None).await.0, 204);
    assert_eq!(
        bed.get(&job).await,
        (404, json!({"code": 404, "message": "no such job"}))
    );
    assert_eq!(
        bed.get("/api/v3/jobs/not-a-uuid").await,
        (400, json!({"code": 400, "message": "job ID not valid"}))
    );
}

#[tokio::test]
async fn the_folders_of_a_deleted_job_go_once_its_lanes_have_ended() {
    let bed = Bed::new();
    let id = bed.submit().await;
    let state_dir = job_state_dir(&bed.state.store.job(&id).unwrap());
    std::fs::create_dir_all(&state_dir).unwrap();
    let (status, _) = bed.ask("DELETE", &format!("/api/v3/jobs/{id}"), None).await;
    assert_eq!(status, 204);
    assert!(state_dir.exists(), "only the worker knows when lanes end");
    let stop = CancellationToken::new();
    stop.cancel();
    crate::local::worker::work(Arc::clone(&bed.state), stop).await;
    assert!(!bed.folder.path().join(".farmhand").exists());
    assert!(bed.folder.path().join("shot.blend").exists());
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_json_is_refused_in_flamencos_shape() {
    let bed = Bed::new();
    let large = "x".repeat(BODY_LIMIT_BYTES + 1);
    for (body, code) in [(large.as_str(), 413), ("not json", 400)] {
        let request = request("POST", "/api/v3/jobs")
            .body(Body::from(body.to_owned()))
            .unwrap();
        let response = bed.send(request).await;
        assert_eq!(response.status().as_u16(), code);
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        let answer: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(answer["code"], code);
    }
}

#[tokio::test]
async fn a_log_is_read_through_the_address_that_names_it() {
    let bed = Bed::new();
    let id = bed.submit().await;
    let (_, tasks) = bed.get(&format!("/api/v3/jobs/{id}/tasks")).await;
    let task = tasks["tasks"][0]["id"].as_str().unwrap();
    let log = bed.state.log_path(&id, task);
    std::fs::create_dir_all(log.parent().unwrap()).unwrap();
    std::fs::write(log, "one line\n").unwrap();
    let (_, info) = bed.get(&format!("/api/v3/tasks/{task}/log")).await;
    assert_eq!(info["size"], 9);
    let response = bed
        .send(
            request("GET", info["url"].as_str().unwrap())
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    assert_eq!(bytes, "one line\n");
    assert_eq!(
        bed.get(&format!("/job-files/{id}/..%2F..%2Ftoken")).await.0,
        404
    );
}
