// SPDX-License-Identifier: Apache-2.0
//! Scenes on a share that workers see elsewhere: what is sent, what is written once more, and that Blender finds all of it there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use farmhand::farm::Client;
use farmhand::job::{self, Environment, FarmKind, JobRequest, Prepared};
use farmhand::paths::{Origin, Platform, Rule};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::blend_facts::{blenders, said_by};
use crate::contract::recorded;
use crate::farm_server::{Farm, Received, Reply, client};

/// A share as the artist sees it, and as workers do; a folder that only the artist sees.
struct Beds {
    folder: TempDir,
}

impl Beds {
    /// With the scenes of the maker script; none where there is no Blender.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let beds = Self { folder };
        std::fs::create_dir(beds.share()).unwrap();
        std::os::unix::fs::symlink(beds.share(), beds.mount()).unwrap();
        let (share, elsewhere) = (beds.share(), beds.elsewhere());
        let arguments = [Path::new("make"), &share, &elsewhere];
        said_by(&blenders()[0], "blends/sharing.py", "MADE ", &arguments)?;
        Some(beds)
    }

    fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    fn share(&self) -> PathBuf {
        self.root().join("the artist's share")
    }

    fn mount(&self) -> PathBuf {
        self.root().join("mount")
    }

    fn elsewhere(&self) -> PathBuf {
        self.root().join("elsewhere")
    }

    fn scene(&self, name: &str) -> PathBuf {
        self.share().join("shots").join(name)
    }

    /// A Manager whose two-way variable says where workers see the share.
    async fn manager(&self) -> Farm {
        let (share, mount) = (text(&self.share()), text(&self.mount()));
        Farm::start(move |request| {
            let path = request.path.strip_prefix("/api/v3/").unwrap();
            let two_way = |value: &str| json!({"films": {"value": value, "is_twoway": true}});
            let answer = match path.split('/').collect::<Vec<_>>().as_slice() {
                ["configuration", "variables", "users", "linux"] => two_way(&share),
                ["configuration", "variables", "workers", "linux"] => two_way(&mount),
                ["configuration", "variables", "workers", "windows"] => two_way(r"F:\films"),
                ["configuration", "variables", ..] => json!({}),
                ["configuration", "shared-storage", audience, platform] => {
                    json!({"location": "/jobs", "audience": audience, "platform": platform, "shamanEnabled": false})
                }
                ["worker-mgt", "workers"] => json!({"workers": []}),
                ["jobs", "type", name] => json!({"name": name, "label": name, "settings": [], "etag": "e"}),
                ["jobs"] if request.method == "POST" => taken(request),
                ["jobs"] => json!({"jobs": []}),
                ["version"] => json!({"version": "3.9", "shortversion": "3.9", "name": "Films", "git": ""}),
                _ => return Reply::json(404, &json!({"code": 404, "message": "no such thing"})),
            };
            Reply::json(200, &answer)
        })
        .await
    }

    async fn prepare(&self, farm: &Client, scene: &Path, rules: Vec<Rule>) -> Prepared {
        let site = job::ask_site(farm, rules).await.unwrap();
        let environment = Environment {
            site: Some(Arc::new(site)),
            temporary_dir: PathBuf::from("/nowhere"),
            ..Environment::of_process(FarmKind::Manager, "pass")
        };
        let request = JobRequest {
            frames: Some("1-4".parse().unwrap()),
            ..JobRequest::new(scene)
        };
        job::prepare(&request, &job::inspect(&request).unwrap(), &environment).unwrap()
    }
}

fn taken(request: &Received) -> Value {
    let mut job = request.json();
    for (key, value) in [
        ("id", "11111111-2222-3333-4444-555555555555"),
        ("status", "queued"),
        ("created", "2026-01-01T00:00:00Z"),
        ("updated", "2026-01-01T00:00:00Z"),
    ] {
        job[key] = value.into();
    }
    job
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

fn codes(prepared: &Prepared) -> Vec<&str> {
    let codes = prepared
        .findings()
        .iter()
        .map(|finding| finding.code.as_str());
    codes
        .filter(|code| {
            code.contains("share") || code.contains("rewritten") || code.contains("cache")
        })
        .collect()
}

fn contents(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            contents(&path, found);
        } else {
            found.insert(path.clone(), std::fs::read(path).unwrap());
        }
    }
}

#[tokio::test]
async fn a_scene_on_the_share_is_rendered_where_it_lies_or_by_a_copy_in_which_blender_finds_everything()
 {
    let Some(beds) = Beds::new() else { return };
    let manager = beds.manager().await;
    let farm = client(&manager.url);
    let (share, mount) = (text(&beds.share()), text(&beds.mount()));

    // Only relative paths: nothing is copied, and every path is the workers'.
    let plain = beds
        .prepare(&farm, &beds.scene("plain.blend"), Vec::new())
        .await;
    assert_eq!(codes(&plain), [""; 0]);
    let description = serde_json::to_value(plain.description()).unwrap();
    assert_eq!(
        description["blend_file"],
        format!("{mount}/shots/plain.blend")
    );
    assert_eq!(description["blend_dir"], format!("{mount}/shots"));
    assert_eq!(
        description["output"],
        format!("{mount}/shots/frames/shot_####")
    );
    let sent = serde_json::to_value(plain.submitted()).unwrap();
    assert_eq!(sent["settings"]["blendfile"], "{films}/shots/plain.blend");
    assert_eq!(sent["settings"]["storage"], "{films}/shots/frames");
    assert_eq!(
        sent["metadata"]["farmhand.output_dir"],
        "{films}/shots/frames"
    );
    assert_eq!(sent["submitter_platform"], "linux");
    assert!(!sent.to_string().contains(&share), "{sent}");

    // Absolute paths, in the scene and in its library: both are written once more.
    let mut before = BTreeMap::new();
    contents(&beds.share(), &mut before);
    let shot = beds
        .prepare(&farm, &beds.scene("shot.blend"), Vec::new())
        .await;
    assert_eq!(codes(&shot), ["paths-rewritten"]);
    job::submit(&farm, &shot, &job::no_events, &CancellationToken::new())
        .await
        .unwrap();
    let mut after = BTreeMap::new();
    contents(&beds.share(), &mut after);
    for (path, content) in &before {
        assert_eq!(
            after.get(path),
            Some(content),
            "{} is only read",
            path.display()
        );
    }
    let staged = shot.staging_dir();
    let description: Value =
        serde_json::from_slice(&std::fs::read(staged.join("job.json")).unwrap()).unwrap();
    let copy = description["blend_file"].as_str().unwrap().to_owned();
    assert_eq!(
        copy,
        format!("{}/shot.blend", text(&staged).replace(&share, &mount))
    );
    assert_eq!(
        description["blend_dir"],
        format!("{mount}/shots"),
        "// of outputs stays the artist's"
    );
    let written = std::fs::metadata(&copy).unwrap().len();
    assert_eq!(description["blend_size_bytes"], written);

    // The artist's folder is gone from the workers' sight: what Blender finds, it finds by the new paths.
    std::fs::remove_file(beds.mount()).unwrap();
    std::fs::rename(beds.share(), beds.mount()).unwrap();
    let said = said_by(
        &blenders()[0],
        "blends/sharing.py",
        "READ ",
        &[Path::new("read"), Path::new(&copy)],
    )
    .unwrap();
    let said = &said[&copy];
    assert_eq!(said["missing"], json!([]), "{said}");
    let images = said["images"].as_object().unwrap();
    for name in ["Beside", "Whole", "Wood"] {
        let found = Path::new(images[name].as_str().unwrap())
            .canonicalize()
            .unwrap();
        let expected = beds
            .mount()
            .join("tex")
            .join(format!("{}.png", name.to_lowercase()));
        assert_eq!(found, expected, "{said}");
    }
    assert_eq!(said["linked"], json!(["Prop"]));
    let library = said["libraries"][0].as_str().unwrap();
    assert!(
        library.contains(".farmhand"),
        "the library is the rewritten one: {library}"
    );
}

#[tokio::test]
async fn what_lies_outside_the_share_holds_the_job_back_until_a_rule_says_where_workers_see_it() {
    let Some(beds) = Beds::new() else { return };
    let manager = beds.manager().await;
    let farm = client(&manager.url);
    let scene = beds.scene("away.blend");
    let outside = beds.prepare(&farm, &scene, Vec::new()).await;
    assert_eq!(codes(&outside), ["outside-share"]);
    let finding = outside
        .holding_back()
        .find(|finding| finding.code == "outside-share")
        .unwrap();
    assert_eq!(
        finding.owners,
        [text(&beds.elsewhere().join("tex/away.png"))]
    );
    assert!(
        finding.fix.as_ref().unwrap().contains("farmhand paths add"),
        "{finding:?}"
    );

    let elsewhere = text(&beds.elsewhere());
    let linux = Platform::Linux;
    let same = Rule::new((linux, &elsewhere), (linux, &elsewhere), Origin::Given).unwrap();
    assert_eq!(
        codes(&beds.prepare(&farm, &scene, vec![same]).await),
        [""; 0],
        "used where it lies"
    );
    let other = Rule::new((linux, &elsewhere), (linux, "/srv/more"), Origin::Given).unwrap();
    assert_eq!(
        codes(&beds.prepare(&farm, &scene, vec![other]).await),
        ["paths-rewritten"]
    );

    let copied = beds.elsewhere().join("plain.blend");
    std::fs::copy(beds.scene("plain.blend"), &copied).unwrap();
    let all = beds.prepare(&farm, &copied, Vec::new()).await;
    assert_eq!(codes(&all), ["output-outside-share", "outside-share"]);

    // The Manager looks for its variables' values in any case, and puts them back in their own.
    let shouted = text(&beds.mount()).to_uppercase();
    let changed = Rule::new((linux, &elsewhere), (linux, &shouted), Origin::Given).unwrap();
    let changed = beds.prepare(&farm, &copied, vec![changed]).await;
    let mut held = changed.holding_back().map(|finding| finding.code.as_str());
    assert!(
        held.any(|code| code == "path-changed"),
        "{:?}",
        codes(&changed)
    );
}

fn farmhand(home: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_farmhand"))
        .args(args)
        .current_dir(home)
        .env("FARMHAND_HOME", home)
        .env_remove("FARMHAND_FARM")
        .env_remove("FARMHAND_TOKEN")
        .output()
        .unwrap()
}

fn json_of(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[test]
fn rules_of_people_are_kept_explained_and_forgotten() {
    let home = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| farmhand(home.path(), args);
    let explained = |path: &str| {
        json_of(&run(&[
            "paths", "explain", path, "--from", "linux", "--json",
        ]))
    };
    assert_eq!(
        explained("/home/ada/a")["workers"]["linux"]["path"],
        Value::Null
    );
    assert!(
        run(&[
            "paths",
            "add",
            "/home/ada",
            "/mnt/ada",
            "--source-platform",
            "linux"
        ])
        .status
        .success()
    );
    std::fs::write(
        home.path().join("rules.json"),
        r#"{"version": "pathmapping-1.0", "path_mapping_rules": [{"source_path_format": "POSIX", "source_path": "/home/ada/films", "destination_path": "Z:\\films"}]}"#,
    )
    .unwrap();
    assert!(run(&["paths", "add", "rules.json"]).status.success());
    let answer = explained("/home/ada//films/./a.blend");
    assert_eq!(answer["path"], "/home/ada/films/a.blend");
    assert_eq!(answer["workers"]["linux"]["path"], "/mnt/ada/films/a.blend");
    assert_eq!(answer["workers"]["windows"]["path"], r"Z:\films\a.blend");
    assert_eq!(answer["workers"]["windows"]["rules"][0]["verdict"], "won");
    assert_eq!(
        answer["workers"]["windows"]["rules"][0]["origin"]["kind"],
        "file"
    );
    for (args, word) in [
        (vec!["paths", "add", "films", "/mnt"], "absolute"),
        (vec!["paths", "add", "nowhere.json"], "nowhere.json"),
        (vec!["paths", "explain", "films"], "absolute"),
        (vec!["paths", "explain", "/a", "--from", "amiga"], "amiga"),
    ] {
        let refused = run(&args);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
        assert!(
            String::from_utf8_lossy(&refused.stderr).contains(word),
            "{refused:?}"
        );
    }
    assert!(run(&["paths", "remove", "/home/ada"]).status.success());
    assert!(run(&["paths", "remove", "rules.json"]).status.success());
    assert_eq!(
        run(&["paths", "remove", "/home/ada"]).status.code(),
        Some(1)
    );
    assert_eq!(
        explained("/home/ada/a")["workers"]["linux"]["path"],
        Value::Null
    );
}

#[tokio::test]
async fn a_real_managers_variables_lead_from_windows_to_linux() {
    let Some(answer) = recorded() else { return };
    // What was not recorded has no variables, and the storage of the Manager's own platform.
    let manager = Farm::start(move |request| {
        answer(request).unwrap_or_else(|| {
            let words: Vec<&str> = request.path.rsplit('/').collect();
            match words.as_slice() {
                [platform, audience, "shared-storage", ..] => Reply::json(
                    200,
                    &json!({"location": "/render/jobs", "audience": audience, "platform": platform, "shamanEnabled": false}),
                ),
                [_, "workers", "worker-mgt", ..] => Reply::empty(404),
                ["workers", ..] => Reply::json(200, &json!({"workers": []})),
                _ => Reply::json(200, &json!({})),
            }
        })
    })
    .await;
    let home = tempfile::tempdir().unwrap();
    let (home, url) = (home.path().to_owned(), manager.url.clone());
    let explained = tokio::task::spawn_blocking(move || {
        let path = r"s:/Flamenco\Shot 1\a.blend";
        json_of(&farmhand(
            &home,
            &[
                "paths", "explain", path, "--from", "windows", "--farm", &url, "--json",
            ],
        ))
    })
    .await
    .unwrap();
    let linux = &explained["workers"]["linux"];
    assert_eq!(linux["path"], "/render/Shot 1/a.blend", "{explained}");
    assert_eq!(linux["sent"], "{my_storage}/Shot 1/a.blend");
    assert_eq!(
        linux["rules"][0]["origin"],
        json!({"kind": "variable", "name": "my_storage", "audience": "users"})
    );
}
