// SPDX-License-Identifier: Apache-2.0
//! The `farmhand` binary itself, with files and folders of its own and the Blender of this computer.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A home for Farmhand's files that is put to sleep and removed at the end.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A scene of the maker script, in a folder of its own, so that tests do not meet.
    fn scene(&self, name: &str) -> PathBuf {
        let copy = self.path(name);
        std::fs::copy(scenes().join(name), &copy).unwrap();
        copy
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_farmhand"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("FARMHAND_HOME", self.path("home"));
        for variable in [
            "FARMHAND_FARM",
            "FARMHAND_TOKEN",
            "FARMHAND_LOG",
            "NO_COLOR",
        ] {
            command.env_remove(variable);
        }
        command
    }

    /// Waits for something to become true, for a minute at most.
    fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_mins(1);
        while !is_so(self) {
            assert!(Instant::now() < deadline, "waited in vain until {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::from(self.command(args).output().unwrap())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.command(&["local", "stop"]).output();
    }
}

/// What a command left behind.
#[derive(Debug)]
struct Ran {
    exit: i32,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Ended with that exit code, and said all of these to the person.
    fn says(&self, exit: i32, parts: &[&str]) {
        assert_eq!(self.exit, exit, "{self:?}");
        for part in parts {
            assert!(self.err.contains(part), "{part:?} is missing in {self:?}");
        }
        assert!(!self.err.contains("panicked"), "{self:?}");
    }
}

/// The scenes of the maker script, made once for all tests of this run.
fn scenes() -> &'static Path {
    static SCENES: OnceLock<TempDir> = OnceLock::new();
    SCENES
        .get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let script =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenes/make_command_scenes.py");
            let made = Command::new(
                std::env::var_os("FARMHAND_BLENDER").unwrap_or_else(|| "blender".into()),
            )
            .args([
                "-b",
                "--factory-startup",
                "--python-exit-code",
                "1",
                "--python",
            ])
            .arg(script)
            .arg("--")
            .arg(folder.path())
            .output()
            .expect("these tests need Blender");
            assert!(
                made.status.success(),
                "{}",
                String::from_utf8_lossy(&made.stderr)
            );
            folder
        })
        .path()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_usage() {
    let home = Home::new();
    home.run(&["render"]).says(2, &["<FILE>", "Usage"]);
    home.run(&["rendr"]).says(2, &["rendr", "render"]);
    home.run(&["render", "a.blend", "--percentage", "0"])
        .says(2, &["--percentage"]);
    home.run(&["render", "a.blend", "--existing", "maybe"])
        .says(2, &["replace", "skip", "new-folder"]);
    assert_eq!(home.run(&["--help"]).exit, 0);
    assert!(
        home.run(&["--version"])
            .out
            .contains(env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn frames_that_are_none_are_named_with_the_way_out() {
    let home = Home::new();
    let scene = home.scene("shot.blend");
    let with = |frames: &str| home.run(&["render", text(&scene), "--frames", frames]);
    with("10-1").says(2, &["--frames", "10-1", "1-10"]);
    with("a").says(2, &["\"a\"", "1-10"]);
    with("1-10:0").says(2, &["1-10:0", "step"]);
    with("").says(2, &["no frames are given"]);
    assert!(
        !home.path("home").join("state").join("local").exists(),
        "a usage error wakes no farm"
    );
}

#[test]
fn files_that_are_no_scene_are_named_with_the_way_out() {
    let home = Home::new();
    home.run(&["render", "nowhere.blend"])
        .says(1, &["there is no such file", "nowhere.blend"]);
    std::fs::write(home.path("notes.blend"), "these are notes, not a scene").unwrap();
    home.run(&["render", "notes.blend"])
        .says(1, &["not a .blend file", "notes.blend"]);
    let whole = std::fs::read(home.scene("shot.blend")).unwrap();
    for length in [20, whole.len() / 2, whole.len() - 100] {
        std::fs::write(home.path("cut.blend"), &whole[..length]).unwrap();
        let ran = home.run(&["render", "cut.blend"]);
        ran.says(1, &["cut.blend"]);
    }
    home.run(&["render", "."]).says(1, &[]);
    assert!(
        !home.path("home").join("state").join("local").exists(),
        "no farm is woken for them"
    );
}

#[test]
fn a_scene_or_camera_that_is_not_there_is_answered_with_those_that_are() {
    let home = Home::new();
    let scene = home.scene("shot.blend");
    home.run(&["check", text(&scene), "--scene", "Sceen"])
        .says(2, &["Sceen", "\"Scene\""]);
    let ran = home.run(&["check", text(&scene), "--camera", "Eye", "--json"]);
    assert_eq!(ran.exit, 3, "{ran:?}");
    assert_eq!(ran.json()["findings"][0]["code"], "unknown-camera");
    assert!(
        ran.json()["findings"][0]["fix"]
            .as_str()
            .unwrap()
            .contains("Camera")
    );
}

#[test]
fn a_scene_without_a_camera_is_held_back_and_nothing_is_sent() {
    let home = Home::new();
    let scene = home.scene("no_camera.blend");
    let ran = home.run(&["render", text(&scene)]);
    ran.says(3, &["has no camera", "[no-camera]", "nothing was sent"]);
    assert!(!home.path("frames").exists());
    assert_eq!(
        home.run(&["jobs", "--json"]).json()["jobs"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let unchosen = home.scene("unchosen_camera.blend");
    home.run(&["render", text(&unchosen)])
        .says(3, &["--camera \"Camera\""]);
}

#[test]
fn findings_have_the_keys_that_scripts_rely_on() {
    let home = Home::new();
    let check = |name: &str, more: &[&str]| {
        let scene = home.scene(name);
        let mut args = vec!["check", text(&scene), "--json"];
        args.extend(more);
        let ran = home.run(&args);
        let findings = ran.json()["findings"].as_array().unwrap().clone();
        for finding in &findings {
            for key in ["code", "severity", "message", "fix"] {
                assert!(finding.get(key).is_some(), "{key} in {finding}");
            }
        }
        let codes: Vec<String> = findings
            .iter()
            .map(|finding| finding["code"].as_str().unwrap().to_owned())
            .collect();
        (ran.exit, codes)
    };
    assert_eq!(check("shot.blend", &[]), (0, vec![]));
    assert_eq!(
        check("temporary.blend", &[]),
        (0, vec!["output-moved".to_owned()])
    );
    assert_eq!(
        check("layers_off.blend", &[]),
        (
            3,
            vec!["view-layers-off".to_owned(), "small-percentage".to_owned()]
        )
    );
    assert_eq!(
        check(
            "layers_off.blend",
            &["--view-layer", "ViewLayer", "--percentage", "100"]
        ),
        (0, vec![])
    );
    assert_eq!(check("denoised.blend", &["--denoise", "off"]), (0, vec![]));
}

#[test]
fn an_output_folder_that_cannot_be_written_to_holds_the_job_back() {
    let home = Home::new();
    let scene = home.scene("shot.blend");
    std::fs::write(home.path("taken"), "a file").unwrap();
    let ran = home.run(&["render", text(&scene), "--output", "taken/frames"]);
    ran.says(3, &["[output-not-writable]", "taken/frames", "--output"]);
}

#[test]
fn without_a_blender_the_way_out_is_said() {
    let home = Home::new();
    let scene = home.scene("shot.blend");
    let ran = home
        .command(&["render", text(&scene)])
        .env("FARMHAND_BLENDER", "/nowhere/blender")
        .output()
        .unwrap();
    Ran::from(ran).says(1, &["FARMHAND_BLENDER", "/nowhere/blender"]);
    let ran = home
        .command(&["doctor", "--json"])
        .env("FARMHAND_BLENDER", "/nowhere/blender")
        .output()
        .unwrap();
    let ran = Ran::from(ran);
    assert_eq!(ran.exit, 3);
    assert_eq!(ran.json()["findings"][0]["code"], "no-blender");
}

#[test]
fn a_farm_that_does_not_answer_is_exit_code_four() {
    let home = Home::new();
    home.run(&["jobs"])
        .says(4, &["asleep", "farmhand local start"]);
    // Port 9 of this computer: the discard service, which nobody runs.
    home.run(&["jobs", "--farm", "http://127.0.0.1:9"])
        .says(4, &["127.0.0.1:9"]);
    home.run(&["jobs", "--farm", "not an address"])
        .says(2, &["not an address"]);
}

#[test]
fn a_scene_goes_in_and_its_frames_come_out() {
    let home = Home::new();
    let scene = home.scene("shot.blend");
    let ran = home.run(&["render", text(&scene), "--json"]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let sent = ran.json();
    for key in [
        "job_id",
        "name",
        "farm",
        "output",
        "status",
        "frames_done",
        "frames_total",
        "frames_failed",
        "seconds_left",
    ] {
        assert!(sent.get(key).is_some(), "{key} in {sent}");
    }
    assert_eq!(sent["farm"], "local");
    assert_eq!(sent["status"], "completed");
    assert_eq!(sent["frames_done"], 3);
    for frame in 1..=3 {
        assert!(
            home.path("frames")
                .join(format!("shot_000{frame}.png"))
                .is_file(),
            "frame {frame}"
        );
    }

    let job_id = sent["job_id"].as_str().unwrap();
    let shown = home.run(&["show", &job_id[..8], "--json"]).json();
    assert_eq!(shown["job_id"], job_id);
    assert_eq!(shown["frames_done"], 3);
    assert_eq!(
        home.run(&["jobs", "--json"]).json()["jobs"][0]["job_id"],
        job_id
    );
    let frames = home.run(&["frames", "latest", "--json"]).json();
    assert_eq!(frames["frames"].as_array().unwrap().len(), 3);
    assert!(home.run(&["log"]).out.contains("lane-0"));
    home.run(&["watch"]).says(0, &["3 frames"]);
    home.run(&["cancel"]).says(1, &["completed already"]);
    home.run(&["show", "zzzz"])
        .says(1, &["zzzz", "farmhand jobs"]);

    home.run(&["render", text(&scene), "--existing", "skip"])
        .says(0, &["nothing is left to render"]);
    let nothing = home.run(&["render", text(&scene), "--existing", "skip", "--json"]);
    assert_eq!(nothing.exit, 0, "{nothing:?}");
    let nothing = nothing.json();
    assert!(nothing["job_id"].is_null());
    assert_eq!(nothing["farm"], "local");
    let again = home.run(&[
        "render",
        text(&scene),
        "--existing",
        "new-folder",
        "--frames",
        "2",
        "--json",
    ]);
    assert_eq!(again.exit, 0, "{again:?}");
    assert!(home.path("frames-2").join("shot_0002.png").is_file());

    home.run(&["delete", "latest"]).says(2, &["--yes"]);
    assert_eq!(home.run(&["delete", job_id, "--yes"]).exit, 0);
    assert!(
        home.path("frames").join("shot_0001.png").is_file(),
        "frames stay"
    );
    home.run(&["show", job_id]).says(1, &[]);
}

#[test]
fn a_second_render_of_a_living_job_is_refused_with_the_way_to_the_first() {
    let home = Home::new();
    let scene = home.scene("slow.blend");
    let first = home.run(&["submit", text(&scene), "--json"]);
    assert_eq!(first.exit, 0, "{first:?}");
    let job_id = first.json()["job_id"].as_str().unwrap()[..8].to_owned();
    home.run(&["render", text(&scene)])
        .says(1, &["already", &format!("farmhand watch {job_id}")]);
    let other = home.scene("shot.blend");
    home.run(&["submit", text(&other), "--output", "frames"])
        .says(1, &["another scene", &job_id]);
    assert_eq!(home.run(&["cancel", &job_id]).exit, 0);
    home.run(&["watch", &job_id]).says(1, &["Stopped"]);
    let staged: Vec<_> = std::fs::read_dir(home.path("frames").join(".farmhand"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    let submissions = staged.iter().filter(|name| name.len() == 32).count();
    assert_eq!(
        submissions, 1,
        "what was refused leaves nothing behind: {staged:?}"
    );
}

#[test]
fn a_dry_run_shows_the_job_and_sends_nothing() {
    let home = Home::new();
    let scene = home.scene("temporary.blend");
    let ran = home.run(&[
        "submit",
        text(&scene),
        "--dry-run",
        "--json",
        "--frames",
        "1-8:2",
    ]);
    assert_eq!(ran.exit, 0, "{ran:?}");
    let shown = ran.json();
    assert_eq!(shown["job"]["type"], "farmhand-render");
    assert_eq!(shown["job"]["settings"]["frames"], "1-7:2");
    assert_eq!(shown["description"]["lanes"][0], "1-7:2");
    assert!(
        shown["output_dir"]
            .as_str()
            .unwrap()
            .ends_with("temporary-frames")
    );
    assert!(!home.path("temporary-frames").exists());
    assert_eq!(
        home.run(&["jobs", "--json"]).json()["jobs"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn a_plan_has_the_keys_that_scripts_rely_on() {
    let home = Home::new();
    std::fs::write(home.path("costs.json"), r#"{"1": 2.0, "2": 4.0}"#).unwrap();
    let plan = home
        .run(&[
            "plan",
            "--frames",
            "1-100",
            "--workers",
            "2",
            "--costs",
            "costs.json",
            "--load-secs",
            "5",
            "--json",
        ])
        .json();
    assert_eq!(plan["lanes"], serde_json::json!(["1-50", "51-100"]));
    assert!(plan["chunk_size"].as_u64().unwrap() > 0);
    assert_eq!(plan["order"], "auto");
    assert!(plan["seconds"]["low"].as_f64().unwrap() <= plan["seconds"]["high"].as_f64().unwrap());
}

#[test]
fn output_that_is_no_terminal_holds_no_colours_and_no_bars() {
    let home = Home::new();
    let ran = home.run(&["doctor"]);
    assert!(
        !ran.out.contains('\x1b') && !ran.err.contains('\x1b'),
        "{ran:?}"
    );
    assert!(ran.out.contains("blender"));
}

#[test]
fn a_job_that_was_stopped_goes_on_where_it_was() {
    let home = Home::new();
    let scene = home.scene("slow.blend");
    let sent = home.run(&[
        "submit",
        text(&scene),
        "--samples",
        "20",
        "--frames",
        "1-40",
        "--json",
    ]);
    assert_eq!(sent.exit, 0, "{sent:?}");
    home.until("the first frame is done", |home| {
        home.run(&["show", "--json"]).json()["frames_done"].as_u64() > Some(0)
    });
    assert_eq!(home.run(&["cancel"]).exit, 0);
    home.run(&["watch"])
        .says(1, &["Stopped with", "farmhand retry"]);
    let stopped = home.run(&["show", "--json"]).json();
    assert_eq!(stopped["status"], "canceled");
    assert!(stopped["frames_done"].as_u64().unwrap() < 40, "{stopped}");
    assert_eq!(home.run(&["retry"]).exit, 0);
    home.run(&["watch"]).says(0, &["40 frames"]);
}

#[test]
fn a_job_whose_folder_was_taken_away_does_not_hide_the_others() {
    let home = Home::new();
    let scene = home.scene("shot.blend");
    assert_eq!(
        home.run(&["render", text(&scene), "--output", "one", "--frames", "1"])
            .exit,
        0
    );
    assert_eq!(
        home.run(&["render", text(&scene), "--output", "two", "--frames", "1"])
            .exit,
        0
    );
    std::fs::remove_dir_all(home.path("one")).unwrap();
    let jobs = home.run(&["jobs", "--json"]);
    assert_eq!(jobs.exit, 0, "{jobs:?}");
    assert_eq!(jobs.json()["jobs"].as_array().unwrap().len(), 2);
}

#[cfg(unix)]
#[test]
fn an_interrupt_leaves_the_job_running_and_says_how_to_go_on() {
    let home = Home::new();
    let scene = home.scene("slow.blend");
    let mut render = home.command(&["render", text(&scene)]);
    let render = render
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    home.until("the job is at work", |home| {
        home.run(&["show", "--json"]).out.contains("\"active\"")
    });
    let interrupt = Command::new("kill")
        .args(["-INT", &render.id().to_string()])
        .status()
        .unwrap();
    assert!(interrupt.success());
    let ran = Ran::from(render.wait_with_output().unwrap());
    ran.says(
        130,
        &[
            "Still rendering",
            "farmhand watch",
            "farmhand cancel",
            "farmhand local stop",
        ],
    );
    assert_eq!(home.run(&["show", "--json"]).json()["status"], "active");
}
