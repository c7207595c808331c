// SPDX-License-Identifier: Apache-2.0
//! The script that Managers run, beside what the local farm makes of the same settings.
//!
//! Node stands in for the Manager's JavaScript; where there is none these tests say so and pass, unless
//! `FARMHAND_REQUIRE_SHARED=1` asks for them.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::*;
use crate::lanes::order::scouts;
use crate::local::blender::Blender;
use crate::local::store::{JobRow, Store, TaskRow};
use crate::local::worker::lane_command;

const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/python/farmhand/flamenco/farmhand_render.js"
);
const MANAGER: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/flamenco_manager.js"
);
const SUBMISSION: &str = "0123456789abcdef0123456789abcdef";

/// What the script makes of jobs; none where there is no Node.
fn compiled(jobs: &[Value]) -> Option<Vec<Value>> {
    let started = Command::new("node")
        .args([MANAGER, SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut node = match started {
        Ok(node) => node,
        Err(error) => {
            let must = std::env::var("FARMHAND_REQUIRE_SHARED").is_ok_and(|value| value == "1");
            assert!(!must, "Node is needed here: {error}");
            eprintln!("skipped: there is no Node to run the Manager's script with ({error})");
            return None;
        }
    };
    let text = serde_json::to_vec(jobs).unwrap();
    node.stdin.take().unwrap().write_all(&text).unwrap();
    let done = node.wait_with_output().unwrap();
    assert!(done.status.success(), "{done:?}");
    Some(serde_json::from_slice(&done.stdout).unwrap())
}

/// A job as the composer sends it, its files staged in `folder`.
fn submitted(folder: &Path, chunks: &[&str], scouts_first: bool, blender: &str) -> SubmittedJob {
    let lanes: Vec<FrameSet> = chunks.iter().map(|chunk| chunk.parse().unwrap()).collect();
    let frames = FrameSet::from_frames(lanes.iter().flat_map(FrameSet::iter));
    let home_chunks: Vec<String> = lanes.iter().map(ToString::to_string).collect();
    let home_chunks = home_chunks.join("; ");
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let description = json!({
        "format": 1, "submission_id": SUBMISSION, "name": "shot", "blend_file": path("shot.blend"), "blend_dir": "/",
        "blend_size_bytes": 1, "blend_modified_unix_secs": 1.0, "scene": "Scene", "frames": frames, "lanes": lanes,
        "order": if scouts_first { "scouts-then-wait" } else { "auto" },
        "output": "/frames/shot_####", "stall_timeout_secs": 600, "memory_growth_limit": 4.0,
    });
    let description: JobDescription = serde_json::from_value(description).unwrap();
    description.save(&folder.join("job.json")).unwrap();
    for name in ["render.py", "shot.blend"] {
        std::fs::write(folder.join(name), "").unwrap();
    }
    serde_json::from_value(json!({
        "name": "shot", "type": JOB_TYPE, "submitter_platform": "linux",
        "settings": {
            "job_file": path("job.json"), "renderer": path("render.py"), "storage": path(""),
            "submission_id": SUBMISSION, "frames": frames, "lanes": lanes.len(), "home_chunks": home_chunks,
            "scout_lanes": description.scout_lanes(), "blendfile": path("shot.blend"), "scene": "Scene",
            "output": "/frames/shot_####", "blender": blender,
        },
    }))
    .unwrap()
}

fn as_the_script_gets_it(job: &Job) -> Value {
    json!({"jobID": job.id, "settings": job.settings})
}

#[test]
fn a_manager_and_the_local_farm_make_the_same_tasks_of_the_same_settings() {
    let table: &[(&[&str], bool, &str)] = &[
        (&["1-40"], false, "blender"),
        (&["1-20", "21-40"], false, "blender-4.5"),
        (&["1-9:2, 20", "2-8:2", "-5--1", "0"], false, "blender"),
        (&["1, 6", "10", "2-5", "7-9"], true, "blender"),
        (&["1, 2, 3"], true, "blender"),
        (&["-10-10:4"], false, "blender"),
        (
            &["1", "2", "3", "4", "5", "6", "7", "8", "9"],
            false,
            "blender",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let made: Vec<_> = table
        .iter()
        .map(|(chunks, scouts_first, blender)| {
            let submitted = submitted(folder.path(), chunks, *scouts_first, blender);
            compile(&submitted).unwrap()
        })
        .collect();
    let jobs: Vec<Value> = made
        .iter()
        .map(|(job, _)| as_the_script_gets_it(job))
        .collect();
    let Some(theirs) = compiled(&jobs) else {
        return;
    };
    for ((job, ours), (theirs, (chunks, _, blender))) in
        made.into_iter().zip(theirs.iter().zip(table))
    {
        let theirs = theirs["tasks"]
            .as_array()
            .unwrap_or_else(|| panic!("{chunks:?}: {theirs}"));
        let (gates, theirs): (Vec<&Value>, Vec<&Value>) = theirs
            .iter()
            .partition(|task| task["task_type"] == crate::farm::job_type::GATE_TYPE);
        assert_eq!(theirs.len(), ours.len(), "{chunks:?}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let command = &theirs["commands"][0];
            assert_eq!(theirs["name"], ours.name.as_str());
            assert_eq!(theirs["task_type"], "blender");
            assert_eq!(command["name"], "blender-render");
            assert_eq!(command["total_step_count"], ours.steps_total);
            assert_eq!(command["parameters"]["exe"], format!("{{{blender}}}"));
            assert_eq!(
                arguments(&command["parameters"]),
                local_arguments(&job, ours)
            );
        }
        depend_as_the_stages_do(&ours, &theirs, &gates);
    }
}

/// What a Worker passes to Blender: the arguments before the scene's file, the file where there is one, the others.
fn arguments(parameters: &Value) -> Vec<String> {
    assert_eq!(parameters["exeArgs"], "");
    assert_eq!(parameters["blendfile"], "");
    let listed = |key: &str| {
        let list = parameters[key].as_array().unwrap().clone();
        list.into_iter()
            .map(|argument| argument.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    [listed("argsBefore"), listed("args")].concat()
}

/// What the local farm passes to Blender.
fn local_arguments(job: &Job, task: &NewTask) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("farm.sqlite")).unwrap();
    store.add_job(job, std::slice::from_ref(task)).unwrap();
    let (row, task): (JobRow, TaskRow) = store.take_task(0).unwrap().unwrap();
    let blender = Blender::at("/usr/bin/blender".into());
    let arguments = lane_command(&blender, &row, &task).arguments;
    let text = |argument: OsString| argument.into_string().unwrap();
    arguments.into_iter().map(text).collect()
}

#[test]
fn a_command_has_the_parameters_that_a_real_managers_own_type_gives_it() {
    let recorded =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/flamenco/exchanges/25-task.json");
    let Ok(bytes) = std::fs::read(&recorded) else {
        let must = std::env::var("FARMHAND_REQUIRE_SHARED").is_ok_and(|value| value == "1");
        assert!(!must, "there is no {}", recorded.display());
        eprintln!("skipped: there is no {}", recorded.display());
        return;
    };
    let recorded: Value = serde_json::from_slice(&bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let job = submitted(folder.path(), &["1-4"], false, "blender");
    let Some(made) = compiled(&[json!({"jobID": "a", "settings": job.settings})]) else {
        return;
    };
    let keys =
        |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    let theirs = &recorded["response"]["json"]["commands"][0];
    let ours = &made[0]["tasks"][0]["commands"][0];
    assert_eq!(keys(ours), keys(theirs));
    assert_eq!(keys(&ours["parameters"]), keys(&theirs["parameters"]));
    assert_eq!(ours["name"], theirs["name"]);
}

fn depend_as_the_stages_do(ours: &[NewTask], theirs: &[&Value], gates: &[&Value]) {
    let of_stage = |stage: Stage| -> Vec<&str> {
        let of_it = ours.iter().filter(|task| task.stage == stage);
        of_it.map(|task| task.name.as_str()).collect()
    };
    let (scouts, lanes) = (of_stage(Stage::Scouts), of_stage(Stage::Lanes));
    assert_eq!(
        gates.len(),
        usize::from(!scouts.is_empty() && !lanes.is_empty())
    );
    for gate in gates {
        assert_eq!(gate["dependencies"], json!(scouts));
    }
    for (ours, theirs) in ours.iter().zip(theirs) {
        let expected = match ours.stage {
            Stage::Lanes if !gates.is_empty() => json!([gates[0]["name"]]),
            Stage::Scouts | Stage::Lanes => json!([]),
            Stage::Last => json!([scouts.clone(), lanes.clone()].concat()),
        };
        assert_eq!(theirs["dependencies"], expected, "{}", ours.name);
    }
}

#[test]
fn a_job_that_farmhand_did_not_send_is_refused_in_words_that_help() {
    let folder = tempfile::tempdir().unwrap();
    let good = submitted(folder.path(), &["1-2", "3-4"], false, "blender");
    let mut without_renderer = good.clone();
    without_renderer.settings.remove("renderer");
    let mut other_lanes = good.clone();
    other_lanes.settings.insert("lanes".to_owned(), 3.into());
    let mut no_frames = good.clone();
    no_frames
        .settings
        .insert("home_chunks".to_owned(), "1-2; all".into());
    let jobs = [&without_renderer, &other_lanes, &no_frames]
        .map(|job| json!({"jobID": "a", "settings": job.settings}));
    let Some(said) = compiled(&jobs) else {
        return;
    };
    for (said, word) in said.iter().zip(["renderer", "home_chunks has 2", "all"]) {
        let error = said["error"].as_str().unwrap_or_default();
        assert!(error.contains(word), "{said}");
    }
    assert!(
        said[0]["error"]
            .as_str()
            .unwrap()
            .contains("sent by Farmhand")
    );
    assert!(compile(&other_lanes).is_err());
}

#[test]
fn a_job_of_scouts_alone_waits_for_nobody() {
    let frames: FrameSet = "1-3".parse().unwrap();
    assert_eq!(scouts(&frames).iter().flatten().count(), 3);
    let folder = tempfile::tempdir().unwrap();
    let job = submitted(folder.path(), &["1-3"], true, "blender");
    let Some(said) = compiled(&[json!({"jobID": "a", "settings": job.settings})]) else {
        return;
    };
    let types: Vec<&Value> = said[0]["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| &task["task_type"])
        .collect();
    assert_eq!(types, ["blender", "blender"]);
}
