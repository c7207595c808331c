// SPDX-License-Identifier: Apache-2.0
//! The companion between a Manager, a share, a cluster and those who ask it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use farmhand::companion::wanted::Policy;
use farmhand::companion::{CompanionOptions, KubernetesOptions, run};
use farmhand::farm::{Client, ClientOptions, FarmError, Repeat, Secret};
use farmhand::fetch;
use farmhand::watch::companion as calls;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::farm_server::{Farm, Received, Reply};
use crate::gateways::{Authority, Gateway};

const JOB: &str = "5f6f2ea6-3a2b-44a4-b9d8-9d9a4c4c9a11";
const SUBMISSION: &str = "0123456789abcdef0123456789abcdef";
const TOKEN: &str = "a token of the farm";

/// What the Manager and the cluster answer; tests change it.
#[derive(Default)]
struct World {
    jobs: Vec<Value>,
    tasks: Vec<Value>,
    workers: BTreeMap<String, Value>,
    pods: Vec<Value>,
}

/// A companion with all that is around it.
struct Bed {
    folder: TempDir,
    world: Arc<Mutex<World>>,
    manager: Farm,
    cluster: Farm,
    _gateway: Gateway,
    url: String,
    stop: CancellationToken,
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Bed {
    async fn start(with_cluster: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let share = folder.path().canonicalize().unwrap().join("share");
        std::fs::create_dir(&share).unwrap();
        let world = Arc::new(Mutex::new(World::default()));
        let seen = Arc::clone(&world);
        let manager = Farm::start(move |request| manage(&seen, request)).await;
        let seen = Arc::clone(&world);
        let cluster = Farm::start(move |request| orchestrate(&seen, request)).await;
        let authority = Authority::new();
        let gateway = Gateway::tls(&authority, &["localhost"], &cluster.url).await;
        let account_dir = folder.path().join("account");
        std::fs::create_dir(&account_dir).unwrap();
        std::fs::copy(authority.file(), account_dir.join("ca.crt")).unwrap();
        std::fs::write(account_dir.join("token"), "of the pod\n").unwrap();
        let token_file = folder.path().join("token");
        std::fs::write(&token_file, format!("{TOKEN}\n")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let options = CompanionOptions {
            manager_url: manager.url.clone(),
            share_dir: share,
            listen: address,
            token_file: Some(token_file),
            policy: Policy::default(),
            gpus_per_worker: 1,
            gpus: None,
            kubernetes: with_cluster.then(|| KubernetesOptions {
                namespace: "farm".to_owned(),
                selector: "part=worker".to_owned(),
                api_url: format!("https://localhost:{}", gateway.address.port()),
                account_dir,
            }),
        };
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        tokio::spawn(async move { run(listener, options, stopped).await.unwrap() });
        Self {
            folder,
            world,
            manager,
            cluster,
            _gateway: gateway,
            url: format!("http://{address}"),
            stop,
        }
    }

    fn share(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("share")
    }

    fn client(&self) -> Client {
        let options = ClientOptions::new(&self.url).token(Secret::new(TOKEN));
        Client::new(&options).unwrap()
    }

    async fn call(&self, verb: &str, pod: &str) -> Result<Value, FarmError> {
        let path = ["farmhand", "v1", "workers", verb];
        let asking = json!({"pod": pod});
        let client = self.client().without_retries();
        client.post_json(&path, &asking, Repeat::IfNeverSent).await
    }

    fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().unwrap());
    }

    fn pods(&self, names: &[&str]) {
        let pod = |name: &&str| json!({"metadata": {"name": name}, "status": {"phase": "Running"}});
        self.change(|world| world.pods = names.iter().map(pod).collect());
    }

    /// A job of two frames, of which the first is done, with an output that is there and one that lies elsewhere.
    fn add_job(&self, status: &str) {
        let share = self.share();
        let root = share.join("frames");
        let output = root.join("left").join("shot_0001.png");
        let elsewhere = share.join("other").join("matte_0001.png");
        let state = share.join(format!(".farmhand/{SUBMISSION}-{JOB}/frames"));
        let staged = share.join(format!(".farmhand/{SUBMISSION}"));
        for folder in [
            output.parent().unwrap(),
            elsewhere.parent().unwrap(),
            &state,
            &staged,
        ] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let picture =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures/plain.png");
        for path in [&output, &elsewhere] {
            std::fs::copy(&picture, path).unwrap();
        }
        let size_bytes = |path: &Path| std::fs::metadata(path).unwrap().len();
        let named = |path: &Path| json!({"path": path, "size_bytes": size_bytes(path)});
        put(
            &staged.join("job.json"),
            &json!({
                "format": 1, "submission_id": SUBMISSION, "name": "shot", "blend_file": share.join("shot.blend"),
                "blend_dir": share, "blend_size_bytes": 1, "blend_modified_unix_secs": 1.0, "scene": "Scene", "engine": "CYCLES",
                "frames": "1-2", "order": "auto", "lanes": ["1-2"], "output": root.join("shot_####"),
                "output_overridden": false, "film": null, "settings": {}, "simulation_start": null, "costs": null,
                "stall_timeout_secs": 600, "memory_growth_limit": 4.0,
            }),
        );
        put(
            &state.join("000001.json"),
            &json!({
                "format": 1, "frame": 1, "lane": 0, "run": "a", "worker": "pod-a:1", "retry": 0, "seconds": 30.0, "load_secs": 5.0,
                "started_unix_secs": 1.0, "outputs": [named(&output), named(&elsewhere), named(Path::new("/etc/passwd"))],
            }),
        );
        self.change(|world| {
            world.jobs = vec![json!({
                "id": JOB, "name": "shot", "type": "farmhand-render", "priority": 50, "status": status, "activity": "",
                "created": "2026-01-01T00:00:00Z", "updated": "2026-01-01T00:00:00Z", "submitter_platform": "linux",
                "settings": {}, "metadata": {"farmhand.submission_id": SUBMISSION, "farmhand.storage": share},
            })];
            world.tasks = vec![task("lane-0 1-2", "queued"), task("last-lane", "queued")];
        });
    }
}

fn put(path: &Path, value: &Value) {
    std::fs::write(path, value.to_string()).unwrap();
}

fn task(name: &str, status: &str) -> Value {
    json!({
        "id": name.split(' ').next().unwrap(), "name": name, "status": status, "index_in_job": 1, "priority": 50,
        "task_type": "blender", "updated": "2026-01-01T00:00:00Z",
    })
}

fn manage(world: &Mutex<World>, request: &Received) -> Reply {
    let mut world = world.lock().unwrap();
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').skip(2).collect();
    let answer = match parts.as_slice() {
        ["jobs"] => json!({"jobs": world.jobs}),
        ["jobs", id] => match world.jobs.iter().find(|job| job["id"] == **id) {
            Some(job) => job.clone(),
            None => return Reply::json(404, &json!({"code": 404, "message": "no such job"})),
        },
        ["jobs", _, "tasks"] => json!({"tasks": world.tasks}),
        ["worker-mgt", "workers"] => {
            json!({"workers": world.workers.values().collect::<Vec<_>>()})
        }
        ["worker-mgt", "workers", id] => match world.workers.get(*id) {
            Some(worker) => worker.clone(),
            None => return Reply::json(404, &json!({"code": 404, "message": "no such worker"})),
        },
        ["worker-mgt", "workers", id, "setstatus"] => {
            let id = (*id).to_owned();
            world.workers.get_mut(&id).unwrap()["status_change"] = Value::Null;
            return Reply::empty(204);
        }
        ["tasks", id, "setstatus"] => {
            let status = request.json()["status"].clone();
            for worker in world.workers.values_mut() {
                if worker["task"]["id"] == **id {
                    worker["task"]["status"] = status.clone();
                }
            }
            return Reply::empty(204);
        }
        ["configuration", "variables", ..] => json!({}),
        _ => return Reply::json(404, &json!({"code": 404, "message": request.path})),
    };
    Reply::json(200, &answer)
}

fn orchestrate(world: &Mutex<World>, request: &Received) -> Reply {
    assert_eq!(request.headers["authorization"], "Bearer of the pod");
    let mut world = world.lock().unwrap();
    if request.method == "PATCH" {
        let name = request.path.rsplit('/').next().unwrap();
        let found = world
            .pods
            .iter_mut()
            .find(|pod| pod["metadata"]["name"] == name);
        let patch = request.json();
        if let Some(pod) = found {
            pod["metadata"]["annotations"] = patch["metadata"]["annotations"].clone();
        }
        return Reply::json(200, &json!({}));
    }
    Reply::json(200, &json!({"metadata": {}, "items": world.pods}))
}

/// Waits until the companion answers a call as it should.
async fn told<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "it never came about: {what}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn wanted(bed: &Bed) -> Value {
    let client = bed.client();
    let ask = async || client.get_json(&["farmhand", "v1", "wanted"]).await.ok();
    told("a number of workers", ask).await
}

#[tokio::test]
async fn nobody_is_told_anything_without_the_token_but_that_it_lives() {
    let bed = Bed::start(false).await;
    let stranger = Client::new(&ClientOptions::new(&bed.url)).unwrap();
    let alive: Value = stranger.get_json(&["healthz"]).await.unwrap();
    assert_eq!(alive["status"], "ok");
    for path in [
        &["metrics"][..],
        &["farmhand", "v1", "wanted"],
        &["farmhand", "v1", "jobs", JOB, "outputs"],
        &["nothing"],
    ] {
        let refused = stranger.get_json::<Value>(path).await;
        assert!(
            matches!(refused, Err(FarmError::Unauthorized { status: 401, .. })),
            "{path:?} {refused:?}"
        );
    }
    assert!(
        bed.client()
            .get_json::<Value>(&["farmhand", "v1", "health"])
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn frames_and_outputs_are_told_of_and_fetched_and_nothing_outside_of_the_output_root() {
    let bed = Bed::start(false).await;
    bed.add_job("active");
    let client = bed.client();
    let records = calls::job_frames(&client, JOB).await.unwrap();
    assert_eq!(records.len(), 1);
    let progress = told("the job's progress", async || {
        calls::progress(&client).await.unwrap().remove(JOB)
    })
    .await;
    assert_eq!((progress.frames_done, progress.frames_total), (1, 2));
    let wanted = wanted(&bed).await;
    assert_eq!(
        (&wanted["workers"], &wanted["frames_left"]),
        (&json!(1), &json!(1)),
        "{wanted}"
    );

    let listing = told("a checksum", async || {
        let listing = fetch::list(&client, JOB).await.unwrap();
        listing
            .files
            .iter()
            .all(|file| file.sha256.is_some())
            .then_some(listing)
    })
    .await;
    let paths: Vec<&str> = listing
        .files
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    assert_eq!(paths, ["left/shot_0001.png"]);
    assert_eq!((listing.elsewhere, listing.is_complete), (2, false));
    for path in [
        &["..", "other", "matte_0001.png"][..],
        &["left", "..", "..", "other", "matte_0001.png"],
        &["shot_0002.png"],
        &["", "etc", "passwd"],
        &["left%2Fshot_0001.png"],
    ] {
        let mut whole = vec!["farmhand", "v1", "jobs", JOB, "outputs"];
        whole.extend(path);
        let part = client.get_part(&whole, 0, 10, None).await;
        assert!(part.is_err(), "{path:?} {part:?}");
    }
    let whole = [
        "farmhand",
        "v1",
        "jobs",
        JOB,
        "outputs",
        "left",
        "shot_0001.png",
    ];
    let (first, rest) = (
        client.get_part(&whole, 0, 10, None).await.unwrap(),
        client.get_part(&whole, 10, 1 << 20, None).await.unwrap(),
    );
    let output = bed.share().join("frames/left/shot_0001.png");
    let bytes = std::fs::read(&output).unwrap();
    assert_eq!([first.bytes, rest.bytes].concat(), bytes);

    // What was begun goes on: only what is lacking comes.
    let home = bed.folder.path().join("home");
    let file = &listing.files[0];
    std::fs::create_dir_all(home.join("left")).unwrap();
    let mark: String = file.sha256.as_ref().unwrap().chars().take(16).collect();
    std::fs::write(
        home.join(format!("left/.shot_0001.png.{mark}.part")),
        &bytes[..bytes.len() / 2],
    )
    .unwrap();
    let fetched = fetch::fetch_file(&client, JOB, &home, file).await.unwrap();
    assert_eq!(
        fetched.came_bytes,
        u64::try_from(bytes.len() - bytes.len() / 2).unwrap()
    );
    assert_eq!(std::fs::read(&fetched.local_path).unwrap(), bytes);
    assert!(fetch::is_there(&home, file).unwrap());
    // What comes damaged is not taken.
    let wrong = fetch::RemoteFile {
        sha256: Some("0".repeat(64)),
        ..file.clone()
    };
    let refused = fetch::fetch_file(&client, JOB, &home.join("other"), &wrong).await;
    assert!(
        matches!(refused, Err(fetch::FetchError::Damaged { .. })),
        "{refused:?}"
    );
    let left = std::fs::read_dir(home.join("other/left")).unwrap().count();
    assert_eq!(left, 0, "nothing of it is left");

    // An output that became a link since is an output no more.
    std::fs::remove_file(&output).unwrap();
    std::os::unix::fs::symlink(bed.share().join("other/matte_0001.png"), &output).unwrap();
    assert!(client.get_part(&whole, 0, 10, None).await.is_err());
}

#[tokio::test]
async fn identities_of_dead_pods_are_lent_again_and_their_tasks_queued() {
    let bed = Bed::start(true).await;
    bed.pods(&["pod-a", "pod-b"]);
    let first = bed.call("lease", "pod-a").await.unwrap();
    assert_eq!(first["identity"], "worker-001");
    assert_eq!(bed.call("lease", "pod-a").await.unwrap(), first);
    assert_eq!(
        bed.call("lease", "pod-b").await.unwrap()["identity"],
        "worker-002"
    );
    let stranger = bed.call("lease", "pod-x").await;
    assert!(
        matches!(stranger, Err(FarmError::Refused { status: 409, .. })),
        "{stranger:?}"
    );
    let bad = bed.call("lease", "../pod").await;
    assert!(
        matches!(bad, Err(FarmError::Refused { status: 400, .. })),
        "{bad:?}"
    );

    // The first worker has signed on, taken a task and was to go off after it when its pod went.
    let id = "11111111-2222-4333-8444-555555555555";
    let home = PathBuf::from(first["home"].as_str().unwrap());
    std::fs::write(
        home.join("flamenco-worker-credentials.yaml"),
        format!("worker_id: {id}\nworker_secret: x\n"),
    )
    .unwrap();
    let mut lane = task("lane-0 1-2", "active");
    lane["job_id"] = json!(JOB);
    bed.change(|world| {
        world.workers.insert(
            id.to_owned(),
            json!({
                "id": id, "name": "pod-a", "status": "awake", "version": "3.9", "task": lane,
                "status_change": {"status": "offline", "is_lazy": true},
            }),
        );
    });
    bed.pods(&["pod-b", "pod-c"]);
    let again = bed.call("lease", "pod-c").await.unwrap();
    assert_eq!(again, first, "no third identity");
    let queued = bed
        .manager
        .received()
        .into_iter()
        .find(|request| request.path.ends_with("/tasks/lane-0/setstatus"));
    assert_eq!(queued.unwrap().json()["status"], "queued");
    let cleared = format!("/api/v3/worker-mgt/workers/{id}/setstatus");
    assert_eq!(bed.manager.count("POST", &cleared), 1);
    let client = bed.client();
    client
        .post_only(&["farmhand", "v1", "nothing"], Repeat::IfNeverSent)
        .await
        .unwrap_err();
    assert!(
        bed.share()
            .join(".farmhand/identities/leases.json")
            .is_file()
    );
    assert!(bed.cluster.count("GET", "/api/v1/namespaces/farm/pods") > 0);
}

#[tokio::test]
async fn the_number_stays_while_the_manager_is_away_and_there_is_none_before_it_came() {
    let bed = Bed::start(false).await;
    bed.add_job("active");
    let before = wanted(&bed).await;
    // From now on the Manager says only that it fails.
    let world = Arc::clone(&bed.world);
    world.lock().unwrap().jobs = vec![json!("no job at all")];
    let client = bed.client();
    told("the Manager is away", async || {
        let health: Value = client
            .get_json(&["farmhand", "v1", "health"])
            .await
            .unwrap();
        (health["manager_answers"] == false).then_some(())
    })
    .await;
    assert_eq!(wanted(&bed).await, before);
}
