// SPDX-License-Identifier: Apache-2.0
//! Client and watcher at the real server of the local farm, and at a real Manager where one is named, on loopback.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use farmhand::farm::models::{FarmStatus, JobStatus, ManagerVariableAudience, SubmittedJob};
use farmhand::farm::{Client, ClientOptions, FarmError, Secret, Topic, job_type, this_platform};
use farmhand::local::blender::Search;
use farmhand::local::state::{FarmFiles, FarmState};
use farmhand::local::store::Store;
use farmhand::local::{Health, server};
use farmhand::watch::{FarmState as Heard, WatchOptions, Watcher, companion};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Handle;

use crate::farm_server::until;

const TOKEN: &str = "the-token-of-a-test";
const NOBODYS_ID: &str = "00000000-0000-4000-8000-000000000000";

/// The server alone, without the worker that renders.
struct LocalServer {
    url: String,
    state: Arc<FarmState>,
    _folder: TempDir,
}

impl LocalServer {
    async fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let below = |name: &str| folder.path().join(name);
        let files = FarmFiles {
            state_dir: below("state"),
            storage_dir: below("storage"),
            cache_dir: below("cache"),
        };
        std::fs::create_dir_all(&files.state_dir).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let store = Store::open(&files.database_path()).unwrap();
        let search = Search::from_environment(None);
        let state = FarmState::new(store, files, 2, port, TOKEN.to_owned(), search).unwrap();
        let state = Arc::new(state);
        let ended = state.shutdown.clone();
        tokio::spawn(server::run(listener, ended, Arc::clone(&state)));
        let url = format!("http://127.0.0.1:{port}");
        Self {
            url,
            state,
            _folder: folder,
        }
    }

    fn client(&self) -> Client {
        Client::new(&ClientOptions::new(&self.url).token(Secret::new(TOKEN))).unwrap()
    }
}

impl Drop for LocalServer {
    fn drop(&mut self) {
        self.state.shutdown.cancel();
    }
}

/// A real Manager that nobody but its test asks, with the job type.
struct Manager {
    url: String,
    program: Child,
    folder: TempDir,
}

impl Manager {
    /// None where `FARMHAND_FLAMENCO` names no folder with the program.
    async fn start() -> Option<Self> {
        let Some(programs) = std::env::var_os("FARMHAND_FLAMENCO") else {
            eprintln!("not tried at a real Manager: FARMHAND_FLAMENCO names no folder with one");
            return None;
        };
        let folder = TempDir::new().unwrap();
        let below = |name: &str| folder.path().join(name);
        // The Manager looks for its scripts beside its own file.
        std::fs::copy(
            Path::new(&programs).join("flamenco-manager"),
            below("manager"),
        )
        .unwrap();
        std::fs::create_dir_all(below("scripts")).unwrap();
        std::fs::create_dir_all(below("share")).unwrap();
        std::fs::write(below("scripts/farmhand_render.js"), job_type::script()).unwrap();
        let port = {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let config = json!({
            "_meta": {"version": 3}, "manager_name": "test", "listen": format!("127.0.0.1:{port}"), "autodiscoverable": false,
            "database": below("manager.sqlite"), "local_manager_storage_path": below("storage"),
            "shared_storage_path": below("share"), "shaman": {"enabled": false},
        });
        // JSON is YAML.
        std::fs::write(below("flamenco-manager.yaml"), config.to_string()).unwrap();
        let log = std::fs::File::create(below("manager.log")).unwrap();
        let program = Command::new(below("manager"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let manager = Self {
            url: format!("http://127.0.0.1:{port}"),
            program,
            folder,
        };
        let deadline = Instant::now() + Duration::from_mins(1);
        let client = manager.client();
        while client.version().await.is_err() {
            let log = || std::fs::read_to_string(manager.folder.path().join("manager.log"));
            assert!(Instant::now() < deadline, "{:?}", log());
        }
        Some(manager)
    }

    fn client(&self) -> Client {
        Client::new(&ClientOptions::new(&self.url)).unwrap()
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

/// What every farm answers, whoever it is.
async fn reads_every_call(client: &Client, share: &Path, workers: usize) {
    let status = client.status().await.unwrap().status;
    assert!(
        matches!(
            status,
            FarmStatus::Starting | FarmStatus::Idle | FarmStatus::Inoperative
        ),
        "{status}"
    );
    let users = ManagerVariableAudience::Users;
    let storage = client
        .shared_storage(&users, this_platform())
        .await
        .unwrap();
    assert_eq!(storage.location, share.to_string_lossy());
    assert!(!storage.shaman_enabled);
    client.variables(&users, this_platform()).await.unwrap();
    let types = client.job_types().await.unwrap();
    let job_type = client.job_type("farmhand-render").await.unwrap();
    assert!(types.contains(&job_type));
    assert!(job_type.setting("job_file").is_some());
    assert!(client.jobs().await.unwrap().is_empty());
    let known = client.workers().await.unwrap();
    assert_eq!(known.len(), workers);
    for worker in known {
        let summary = client.worker(&worker.id).await.unwrap().summary;
        assert_eq!(summary.name, worker.name);
    }
    assert!(client.worker_tags().await.unwrap().is_empty());
    assert_eq!(client.last_rendered().await.unwrap(), None);
}

/// What every farm says no to, and how.
async fn refuses_with_a_reason(client: &Client) {
    let missing = [
        client.job(NOBODYS_ID).await.map(drop).unwrap_err(),
        client.task(NOBODYS_ID).await.map(drop).unwrap_err(),
        client
            .task_log_text(NOBODYS_ID)
            .await
            .map(drop)
            .unwrap_err(),
        client.delete_job(NOBODYS_ID).await.unwrap_err(),
        client
            .set_job_status(NOBODYS_ID, JobStatus::CancelRequested, "test")
            .await
            .unwrap_err(),
        client.job_type("nobodys-type").await.map(drop).unwrap_err(),
    ];
    for error in missing {
        assert!(matches!(error, FarmError::NotFound { .. }), "{error:?}");
    }
    for error in [
        companion::job_progress(client, NOBODYS_ID)
            .await
            .map(drop)
            .unwrap_err(),
        companion::job_frames(client, NOBODYS_ID)
            .await
            .map(drop)
            .unwrap_err(),
        companion::retry(client, NOBODYS_ID)
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        assert!(companion::is_missing(&error), "{error:?}");
    }
    let error = client.job("not-a-uuid").await.unwrap_err();
    assert!(
        matches!(&error, FarmError::Refused { status: 400, message, .. } if message == "job ID not valid"),
        "{error:?}"
    );

    let mut job: SubmittedJob = serde_json::from_value(
        json!({"name": "shot", "type": "farmhand-render", "submitter_platform": this_platform()}),
    )
    .unwrap();
    let error = client.submit(&job).await.unwrap_err();
    assert!(!error.is_offline(), "{error:?}");
    assert!(client.jobs().await.unwrap().is_empty());
    job.type_etag = Some("stale".to_owned());
    let error = client.check_job(&job).await.unwrap_err();
    assert!(matches!(error, FarmError::StaleJobType { .. }), "{error:?}");
}

#[tokio::test]
async fn every_reading_call_of_the_client_is_answered_in_its_shape() {
    let server = LocalServer::start().await;
    let client = server.client();
    reads_every_call(&client, &server.state.files.storage_dir, 2).await;
    assert_eq!(
        client.version().await.unwrap().shortversion,
        env!("CARGO_PKG_VERSION")
    );
    let health: Health = client
        .get_json(&["farmhand", "v1", "health"])
        .await
        .unwrap();
    assert_eq!(
        (health.pid, health.url, health.slots),
        (std::process::id(), server.url.clone(), 2)
    );
    assert!(companion::progress(&client).await.unwrap().is_empty());
    let events = client.events().await.unwrap_err();
    assert!(!events.is_offline(), "it has no stream: {events:?}");
}

#[tokio::test]
async fn what_is_not_there_is_not_found_and_what_is_wrong_is_refused_with_a_reason() {
    let server = LocalServer::start().await;
    let client = server.client();
    refuses_with_a_reason(&client).await;
    let job: SubmittedJob = serde_json::from_value(
        json!({"name": "shot", "type": "farmhand-render", "submitter_platform": this_platform()}),
    )
    .unwrap();
    let error = client.submit(&job).await.unwrap_err();
    let FarmError::Refused {
        status: 400,
        message,
        ..
    } = &error
    else {
        panic!("{error:?}")
    };
    assert!(message.contains("job_file"), "{message}");
}

#[tokio::test]
async fn a_real_manager_answers_as_the_local_farm_does() {
    let Some(manager) = Manager::start().await else {
        return;
    };
    let client = manager.client();
    client.greet().await.unwrap();
    reads_every_call(&client, &manager.folder.path().join("share"), 0).await;
    refuses_with_a_reason(&client).await;
    let mut stream = client.events().await.unwrap();
    stream.subscribe(Topic::AllJobs).await.unwrap();
    let watcher = Watcher::start(client, WatchOptions::default(), &Handle::current());
    until("it is online", || watcher.snapshot().state == Heard::Online).await;
    assert!(!watcher.snapshot().tells_frames);
    drop(manager);
    stream.next().await.unwrap_err();
    until("it is offline", || {
        watcher.refresh();
        matches!(watcher.snapshot().state, Heard::Offline { .. })
    })
    .await;
}

#[tokio::test]
async fn without_its_token_nobody_is_answered() {
    let server = LocalServer::start().await;
    for options in [
        ClientOptions::new(&server.url),
        ClientOptions::new(&server.url).token(Secret::new("another")),
    ] {
        let error = Client::new(&options).unwrap().version().await.unwrap_err();
        assert!(
            matches!(error, FarmError::Unauthorized { status: 401, .. }),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn a_watcher_is_online_with_it_until_it_is_shut_down() {
    let server = LocalServer::start().await;
    let watcher = Watcher::start(server.client(), WatchOptions::default(), &Handle::current());
    until("it is online", || watcher.snapshot().state == Heard::Online).await;
    let snapshot = watcher.snapshot();
    assert!(snapshot.tells_frames);
    assert_eq!(snapshot.workers.len(), 2);
    companion::shutdown(&server.client()).await.unwrap();
    until("it is offline", || {
        watcher.refresh();
        matches!(watcher.snapshot().state, Heard::Offline { .. })
    })
    .await;
}
