// SPDX-License-Identifier: Apache-2.0
//! The farm on this computer, with its real server process and a real Blender.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use farmhand::config::Dirs;
use farmhand::farm::models::{Job, JobStatus, SubmittedJob};
use farmhand::farm::{Client, ClientOptions, Repeat, Secret};
use farmhand::lanes::{Denoise, Device, JobDescription, JobProgress, JobSettings, Order};
use farmhand::local::blender::{Blender, BlenderKind, Search};
use farmhand::local::{self, LocalFarm, StartOptions};
use serde_json::{Value, json};

/// Rendering on a busy computer of two cores, Blender's start included.
const PATIENCE: Duration = Duration::from_mins(2);

/// A local farm of its own folder, which is stopped at the test's end.
struct Bed {
    folder: tempfile::TempDir,
}

impl Bed {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn dirs(&self) -> Dirs {
        Dirs::below(&self.path().join("home"))
    }

    fn options(&self) -> StartOptions {
        let home = self.path().join("home");
        let mut setting = OsString::from("FARMHAND_HOME=");
        setting.push(home);
        StartOptions {
            launcher: vec!["env".into(), setting, env!("CARGO_BIN_EXE_farmhand").into()],
            ..StartOptions::default()
        }
    }

    fn start(&self) -> LocalFarm {
        local::start(&self.options(), &self.dirs()).unwrap()
    }

    /// Processes that render a job of this bed.
    fn lanes(&self) -> Vec<u32> {
        let mut system = sysinfo::System::new().unwrap();
        system.refresh_processes_specifics(
            sysinfo::ProcessesToUpdate::All,
            true,
            sysinfo::ProcessRefreshKind::nothing().with_cmd(sysinfo::UpdateKind::Always),
        );
        let name = self
            .path()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let renders = |argument: &OsString| {
            let text = argument.to_string_lossy();
            text.contains(&name) && text.ends_with("job.json")
        };
        let lanes = system
            .processes()
            .values()
            .filter(|process| process.cmd().iter().any(renders));
        lanes.map(|process| process.pid().as_u32()).collect()
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = local::stop(&self.dirs());
    }
}

fn wait_until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::yield_now();
        std::thread::park_timeout(Duration::from_millis(50));
    }
}

/// Asks the farm from a test that is no async code.
struct Asker {
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Asker {
    fn of(farm: &LocalFarm) -> Self {
        let options = ClientOptions::new(&farm.url).token(Secret::new(&farm.token));
        Self {
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            client: Client::new(&options).unwrap(),
        }
    }

    fn submit(&self, job: &SubmittedJob) -> Job {
        self.runtime.block_on(self.client.submit(job)).unwrap()
    }

    fn job(&self, id: &str) -> Job {
        self.runtime.block_on(self.client.job(id)).unwrap()
    }

    fn progress(&self, id: &str) -> JobProgress {
        let path = ["farmhand", "v1", "jobs", id, "progress"];
        self.runtime.block_on(self.client.get_json(&path)).unwrap()
    }

    fn retry(&self, id: &str) -> Vec<i32> {
        let path = ["farmhand", "v1", "jobs", id, "retry"];
        let body = json!({});
        let asked = self.client.post_json(&path, &body, Repeat::IfNeverSent);
        let answer: Value = self.runtime.block_on(asked).unwrap();
        serde_json::from_value(answer["frames"].clone()).unwrap()
    }

    fn wait_for(&self, id: &str, status: &JobStatus) -> Job {
        wait_until(&format!("job {id} to become {status}"), || {
            let job = self.job(id);
            let is_there = job.status == *status;
            assert!(
                is_there || !job.status.is_settled(),
                "{}: {}",
                job.status,
                job.activity
            );
            is_there.then_some(job)
        })
    }

    fn cancel(&self, id: &str) {
        let asked = self
            .client
            .set_job_status(id, JobStatus::CancelRequested, "a test");
        self.runtime.block_on(asked).unwrap();
    }
}

/// Makes a small scene with this computer's own Blender.
fn make_scene(path: &Path, samples: u32) {
    let blender = Blender::find(&Search::from_environment(None)).unwrap();
    let script = path.with_extension("py");
    let source = format!(
        "import bpy\nscene = bpy.context.scene\nscene.render.engine = 'CYCLES'\nscene.cycles.samples = {samples}\n\
         scene.cycles.use_denoising = False\nscene.render.resolution_x = 64\nscene.render.resolution_y = 48\n\
         scene.cycles.use_adaptive_sampling = False\nbpy.ops.wm.save_as_mainfile(filepath={:?})\n",
        path.to_str().unwrap()
    );
    std::fs::write(&script, source).unwrap();
    let mut command = Command::new(&blender.path);
    if blender.kind == BlenderKind::Blender {
        command.args(["-b", "--factory-startup", "--python"]);
    }
    assert!(command.arg(&script).output().unwrap().status.success());
    assert!(path.is_file());
}

/// Stages a job as the composer does, and gives what is sent.
fn stage(bed: &Bed, lanes: &[&str], samples: u32) -> SubmittedJob {
    let storage = bed.path().join("storage");
    let submission_id = "0123456789abcdef0123456789abcdef".to_owned();
    let staging = farmhand::lanes::files::staging_dir(&storage, &submission_id);
    std::fs::create_dir_all(&staging).unwrap();
    let renderer = farmhand::lanes::files::renderer_file(&staging);
    std::fs::write(&renderer, local::renderer_source()).unwrap();
    let scene = bed.path().join("scene.blend");
    make_scene(&scene, samples);
    let output = bed.path().join("frames").join("shot_####");
    let description = JobDescription {
        format: 1,
        submission_id: submission_id.clone(),
        name: "shot".to_owned(),
        blend_file: scene.to_str().unwrap().to_owned(),
        blend_dir: bed.path().to_str().unwrap().to_owned(),
        blend_size_bytes: scene.metadata().unwrap().len(),
        blend_modified_unix_secs: 0.0,
        scene: "Scene".to_owned(),
        engine: None,
        frames: lanes.join(",").parse().unwrap(),
        order: Order::Auto,
        lanes: lanes.iter().map(|frames| frames.parse().unwrap()).collect(),
        output: output.to_str().unwrap().to_owned(),
        output_overridden: true,
        film: None,
        settings: JobSettings {
            device: Device::Cpu,
            denoise: Denoise::Off,
            ..JobSettings::default()
        },
        simulation_start: None,
        costs: None,
        stall_timeout_secs: 600,
        memory_growth_limit: 4.0,
    };
    let job_file = farmhand::lanes::files::job_file(&staging);
    description.save(&job_file).unwrap();
    let settings = json!({
        "job_file": job_file, "renderer": renderer, "storage": storage, "submission_id": submission_id,
        "frames": description.frames.to_string(), "lanes": lanes.len(), "home_chunks": lanes.join("; "), "blendfile": scene, "scene": "Scene", "output": output,
    });
    SubmittedJob {
        name: "shot".to_owned(),
        job_type: "farmhand-render".to_owned(),
        type_etag: None,
        priority: 50,
        settings: settings.as_object().unwrap().clone(),
        metadata: BTreeMap::from([(
            "farmhand.output".to_owned(),
            output.to_str().unwrap().to_owned(),
        )]),
        submitter_platform: "linux".to_owned(),
        storage: None,
        worker_tag: None,
        initial_status: None,
    }
}

fn pictures(bed: &Bed) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(bed.path().join("frames"))
        .into_iter()
        .flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "png"))
        .collect()
}

#[test]
fn a_scene_that_is_sent_over_http_is_rendered_to_its_last_frame() {
    let bed = Bed::new();
    let submitted = stage(&bed, &["1-3", "4-6"], 2);
    let asker = Asker::of(&bed.start());
    let job = asker.submit(&submitted);
    assert_eq!(job.steps_total, 6);
    let job = asker.wait_for(&job.id, &JobStatus::Completed);
    assert_eq!(job.steps_completed, 6);
    assert_eq!(pictures(&bed).len(), 6);
    wait_until("the lanes to end", || bed.lanes().is_empty().then_some(()));
    // The output is free again.
    let second = asker.submit(&submitted);
    asker.wait_for(&second.id, &JobStatus::Completed);
}

#[test]
fn canceling_in_mid_frame_leaves_no_blender_and_no_half_picture() {
    let bed = Bed::new();
    let submitted = stage(&bed, &["1-3"], 1_000_000);
    let asker = Asker::of(&bed.start());
    let job = asker.submit(&submitted);
    wait_until("supervisor and child to run", || {
        (bed.lanes().len() >= 2).then_some(())
    });
    asker.cancel(&job.id);
    asker.wait_for(&job.id, &JobStatus::Canceled);
    wait_until("every Blender to end", || {
        bed.lanes().is_empty().then_some(())
    });
    assert!(pictures(&bed).is_empty());
}

#[test]
fn a_frame_that_cannot_be_put_in_its_place_fails_the_job_and_can_be_asked_for_again() {
    let bed = Bed::new();
    let submitted = stage(&bed, &["1-3"], 2);
    let in_the_way = bed.path().join("frames").join("shot_0002.png");
    std::fs::create_dir_all(in_the_way.join("not empty")).unwrap();
    let asker = Asker::of(&bed.start());
    let id = asker.submit(&submitted).id;
    let job = asker.wait_for(&id, &JobStatus::Failed);
    assert!(
        job.activity
            .contains("1 of 3 frames failed: frame 2 (output:"),
        "{}",
        job.activity
    );
    assert_eq!(job.steps_completed, 2);
    let progress = asker.progress(&id);
    assert_eq!((progress.frames_failed, progress.failed[0].frame), (1, 2));
    std::fs::remove_dir_all(&in_the_way).unwrap();
    assert_eq!(asker.retry(&id), [2]);
    asker.wait_for(&id, &JobStatus::Completed);
    assert!(in_the_way.is_file());
}

#[test]
fn a_lane_that_cannot_render_at_all_fails_the_job_with_its_reason() {
    let bed = Bed::new();
    let submitted = stage(&bed, &["1-3"], 2);
    std::fs::write(bed.path().join("scene.blend"), "this was a scene once").unwrap();
    let asker = Asker::of(&bed.start());
    let id = asker.submit(&submitted).id;
    let job = asker.wait_for(&id, &JobStatus::Failed);
    assert!(job.activity.contains("cannot render"), "{}", job.activity);
    assert!(pictures(&bed).is_empty());
}

#[cfg(unix)]
#[test]
fn a_server_that_is_killed_and_started_again_completes_its_job() {
    let bed = Bed::new();
    let submitted = stage(&bed, &["1-10", "11-20"], 64);
    let first = bed.start();
    let asker = Asker::of(&first);
    let job = asker.submit(&submitted);
    wait_until("the first frames", || {
        (asker.job(&job.id).steps_completed >= 2).then_some(())
    });
    let progress = asker.progress(&job.id);
    assert!(progress.frames_done >= 2 && progress.frames_open() <= 18);
    assert!(
        progress
            .seconds_left
            .is_some_and(|left| left.low <= left.high)
    );
    assert!(!progress.in_work.is_empty());
    let killed = Command::new("kill")
        .args(["-KILL", &first.pid.to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let second = bed.start();
    assert_ne!(second.pid, first.pid);
    let job = Asker::of(&second).wait_for(&job.id, &JobStatus::Completed);
    assert_eq!(job.steps_completed, 20);
    assert_eq!(pictures(&bed).len(), 20);
    wait_until("every Blender to end", || {
        bed.lanes().is_empty().then_some(())
    });
}

#[test]
fn started_many_times_at_once_one_server_runs_and_stopping_it_is_final() {
    let bed = Bed::new();
    let (options, dirs) = (bed.options(), bed.dirs());
    let pids: Vec<u32> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| local::start(&options, &dirs).unwrap().pid))
            .collect();
        starts
            .into_iter()
            .map(|start| start.join().unwrap())
            .collect()
    });
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
    assert_eq!(local::find(&dirs).unwrap().unwrap().pid, pids[0]);
    assert!(local::stop(&dirs).unwrap());
    assert!(local::find(&dirs).unwrap().is_none());
    assert!(!local::stop(&dirs).unwrap());
}

#[test]
fn a_stopped_farm_goes_on_where_it_was() {
    let bed = Bed::new();
    let submitted = stage(&bed, &["1-8"], 64);
    let asker = Asker::of(&bed.start());
    let job = asker.submit(&submitted);
    wait_until("the first frame", || {
        (asker.job(&job.id).steps_completed >= 1).then_some(())
    });
    assert!(local::stop(&bed.dirs()).unwrap());
    assert!(bed.lanes().is_empty());
    let asker = Asker::of(&bed.start());
    asker.wait_for(&job.id, &JobStatus::Completed);
    assert_eq!(pictures(&bed).len(), 8);
}
