// SPDX-License-Identifier: Apache-2.0
//! What a scene needs, held against what Blender itself says of real files.
//!
//! The files lie in `../shared/blends`; without them these tests say so and pass, unless `FARMHAND_REQUIRE_SHARED=1`
//! asks for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use farmhand::blend::{DependencyKind, PathForm, Role, StoredPath};
use farmhand::trace::{
    Progress, Trace, TracedDependency, TracedFile, resolve, trace, trace_frames,
};

use crate::blend_facts::{blenders, said_by};

fn shared() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/blends");
    if folder.is_dir() {
        return Some(folder);
    }
    let is_required = std::env::var_os("FARMHAND_REQUIRE_SHARED").is_some_and(|value| value == "1");
    assert!(
        !is_required,
        "FARMHAND_REQUIRE_SHARED=1, but there is no {}",
        folder.display()
    );
    eprintln!("skipped: no real files at {}", folder.display());
    None
}

fn traced(path: &Path) -> Trace {
    trace(path, &Progress::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// The texts of a Python list of them.
fn texts(list: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = list;
    while let Some(start) = rest.find(['\'', '"']) {
        let quote = rest[start..].chars().next().unwrap();
        let inside = &rest[start + 1..];
        let end = inside.find(quote).unwrap();
        found.push(inside[..end].to_owned());
        rest = &inside[end + 1..];
    }
    found
}

/// A stored path without what Blender adds or leaves out by chance.
fn plain(stored: &str) -> String {
    stored.trim_end_matches('/').replace('\\', "/")
}

/// Whether a path that Blender names is one of those found; Blender also names the libraries of libraries.
fn is_found(traced: &Trace, named: &str) -> bool {
    let folder = traced.files[0].path.parent().unwrap();
    let target = resolve(&StoredPath::new(plain(named).as_bytes()), folder);
    let mut found = traced.dependencies.iter();
    found.any(|found| {
        plain(&found.dependency.stored.to_text()) == plain(named)
            || Some(&found.path) == target.as_ref()
    })
}

/// What the file's own paths say, as they are stored.
fn stored_in(traced: &Trace) -> BTreeSet<String> {
    let root = &traced.files[0].path;
    let own = traced
        .dependencies
        .iter()
        .filter(|found| &*found.blend_file == root.as_path());
    own.map(|found| plain(&found.dependency.stored.to_text()))
        .collect()
}

#[test]
fn every_path_that_blender_names_in_real_files_is_found() {
    let Some(shared) = shared() else { return };
    let oracle = fs::read_to_string(shared.join("ORACLE-bat-with-bpy-5.2.txt")).unwrap();
    let (mut files, mut missed) = (0, Vec::new());
    for part in oracle.split("FILE ").skip(1) {
        let (name, said) = part.split_once('\n').unwrap();
        let traced = traced(&shared.join(name));
        files += 1;
        let said = said.split("blend_paths ").nth(1).unwrap();
        for path in texts(said.lines().next().unwrap()) {
            // What that Blender moved into its own folders while it opened an older file is not what the file says.
            if !path.starts_with('<') && !is_found(&traced, &path) {
                missed.push(format!("{name}: {path} is not in {:?}", stored_in(&traced)));
            }
        }
    }
    assert!(files > 40, "{files}");
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn real_files_are_followed_to_what_lies_on_disk() {
    let Some(shared) = shared() else { return };
    for (name, expected) in [
        ("T55539-particles/particle.blend", 28),
        ("T55542-smoke/smoke_cache.blend", 11),
        ("alembic-sequence-user.blend", 7),
        ("geometry-nodes/file_to_pack.blend", 3),
        ("udim/v01_UDIM_BAT_debugging.blend", 4),
        ("recursive_dependency_1.blend", 2),
        ("subdir/image_sequence_dir_up.blend", 6),
    ] {
        let traced = traced(&shared.join("bat").join(name));
        let missing: Vec<_> = traced.files.iter().filter(|file| file.missing).collect();
        assert!(missing.is_empty(), "{name}: {missing:?}");
        assert_eq!(traced.files.len(), expected, "{name}: {:?}", traced.files);
        assert!(traced.problems.is_empty(), "{name}: {:?}", traced.problems);
    }
}

#[test]
fn a_damaged_or_missing_library_is_told_and_the_rest_is_found() {
    let Some(shared) = shared() else { return };
    let folder = tempfile::tempdir().unwrap();
    let copy = |from: &str, to: &str| {
        fs::copy(shared.join("bat").join(from), folder.path().join(to)).unwrap();
    };
    copy("doubly_linked.blend", "doubly_linked.blend");
    copy("linked_cube.blend", "linked_cube.blend");
    copy("corrupt_only_magic.blend", "basic_file.blend");
    let traced = traced(&folder.path().join("doubly_linked.blend"));
    let codes: BTreeSet<_> = traced.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(
        codes,
        BTreeSet::from(["library_missing", "library_unreadable"])
    );
    let linked = folder.path().join("linked_cube.blend");
    assert!(
        traced
            .files
            .iter()
            .any(|file| file.path == linked && !file.missing)
    );
}

#[test]
fn how_a_path_is_stored_is_told() {
    let Some(shared) = shared() else { return };
    let form = |name: &str, ending: &str| {
        let traced = traced(&shared.join("bat").join(name));
        let found = traced.dependencies.iter().find(|found| {
            let stored = found.dependency.stored.to_text();
            stored.ends_with(ending)
        });
        found.unwrap().dependency.stored.form()
    };
    assert_eq!(
        form("absolute_path.blend", "buildings_roof_04-color.png"),
        PathForm::Absolute
    );
    assert_eq!(
        form("absolute_path.blend", "brick_dotted_04-color.jpg"),
        PathForm::Relative
    );
}

/// Runs the script that fills a scene with every kind of path, in a Blender; where the files lie, and what that
/// Blender itself says of them.
fn cover(blender: &Path, script: &Path, folder: &Path) -> Option<(PathBuf, Vec<String>)> {
    let mut command = Command::new(blender);
    if blender.file_name()?.to_string_lossy().contains("python") {
        command.arg(script);
    } else {
        command
            .args(["-b", "--factory-startup", "--python"])
            .arg(script);
    }
    let output = command
        .env("COVER_DIR", folder)
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: {} can't be started: {error}", blender.display());
            return None;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let said = text
        .lines()
        .find_map(|line| line.strip_prefix("VISITED blend_paths "))
        .unwrap_or_else(|| panic!("{} said nothing:\n{text}", blender.display()));
    let version = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    Some((version.path(), texts(said)))
}

#[test]
fn every_path_that_blender_names_in_a_scene_with_all_kinds_is_found_and_more() {
    let Some(shared) = shared() else { return };
    for blender in blenders() {
        let folder = tempfile::tempdir().unwrap();
        let script = shared.join("make_cover.py");
        let Some((folder, said)) = cover(&blender, &script, folder.path()) else {
            continue;
        };
        for name in ["all.blend", "all_z.blend"] {
            let traced = traced(&folder.join(name));
            let stored = stored_in(&traced);
            let own_cache = format!("//blendcache_{}", name.trim_end_matches(".blend"));
            for path in said.iter().filter(|path| !path.is_empty()) {
                let path = plain(path).replace("//blendcache_all", &own_cache);
                // Brushes that this Blender ships lie in its own folder.
                assert!(
                    is_found(&traced, &path) || path.contains("/datafiles/assets/"),
                    "{}: {path} is not in {stored:?}",
                    blender.display()
                );
            }
            // What Blender's own list leaves out.
            for (path, kind, role) in [
                ("//cloth_ext_dir", DependencyKind::PointCache, Role::Cache),
                ("//clip_proxy_dir", DependencyKind::Proxy, Role::Cache),
                ("//vse_proxy_dir", DependencyKind::Proxy, Role::Cache),
                ("//idprop.txt", DependencyKind::CustomProperty, Role::Input),
                (
                    "//addon_prop.txt",
                    DependencyKind::CustomProperty,
                    Role::Input,
                ),
                ("//out_####", DependencyKind::RenderOutput, Role::Output),
                ("//fileout_dir", DependencyKind::NodeOutput, Role::Output),
                ("//bake_out", DependencyKind::BakeOutput, Role::Output),
            ] {
                let is_it = traced.dependencies.iter().any(|found| {
                    let dependency = &found.dependency;
                    plain(&dependency.stored.to_text()) == path
                        && dependency.kind == kind
                        && dependency.role == role
                });
                assert!(is_it, "{}: {path} in {name}: {stored:?}", blender.display());
            }
            let packed = traced
                .dependencies
                .iter()
                .find(|found| found.dependency.is_packed);
            assert_eq!(packed.unwrap().dependency.owner, "packed.png");
        }
    }
}

/// Whether a file's name is one of a sequence's: its prefix, and a number.
fn is_of(path: &Path, prefix: &str) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    name.rsplit_once('_').is_some_and(|(own, _)| own == prefix)
}

#[test]
fn the_frames_of_a_sequence_are_those_that_blender_itself_shows() {
    for blender in blenders() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [folder.path()];
        let Some(said) = said_by(&blender, "blends/sequences.py", "SEQUENCES ", &arguments) else {
            continue;
        };
        let asked: BTreeMap<String, Option<BTreeSet<String>>> =
            serde_json::from_value(said["asked"].clone()).unwrap();
        // Every fifth file that is asked for is left out, and each sequence has one that nobody asks for.
        let is_left_out = |name: &str| name.contains("0.") || name.contains("5.");
        for (prefix, names) in &asked {
            let ending = if prefix.starts_with("volume") {
                "vdb"
            } else {
                "png"
            };
            let digits = if ending == "vdb" { 3 } else { 4 };
            let spare = format!("{prefix}_{:0digits$}.{ending}", 777);
            for name in names.iter().flatten().chain([&spare]) {
                if !is_left_out(name) {
                    fs::write(folder.path().join(name), "").unwrap();
                }
            }
        }
        let traced = traced(Path::new(said["file"].as_str().unwrap()));
        for (prefix, names) in &asked {
            let place = format!("{prefix} of {}", blender.display());
            let of_prefix = |found: &&TracedDependency| is_of(&found.path, prefix);
            let found = traced.dependencies.iter().find(of_prefix).unwrap();
            let files = traced.files.iter().filter(|file| is_of(&file.path, prefix));
            let required = files.clone().filter(|file| file.is_required);
            let name_of = |file: &TracedFile| {
                let name = file.path.file_name().unwrap();
                name.to_str().unwrap().to_owned()
            };
            let Some(names) = names else {
                let frames = found.frames.as_ref().unwrap();
                assert_eq!(frames.asked, None, "{place}");
                assert_eq!(required.count(), 1, "{place}");
                continue;
            };
            let there: BTreeSet<String> = required
                .clone()
                .filter(|file| !file.missing)
                .map(name_of)
                .collect();
            let missing: BTreeSet<String> =
                required.filter(|file| file.missing).map(name_of).collect();
            let (left_out, kept): (BTreeSet<_>, BTreeSet<_>) =
                names.iter().cloned().partition(|name| is_left_out(name));
            assert_eq!(there, kept, "{place}");
            assert_eq!(missing, left_out, "{place}");
            if prefix.starts_with("strip") {
                continue;
            }
            let frames = found.frames.as_ref().unwrap();
            let asked = frames.asked.as_ref().unwrap();
            assert_eq!(asked.len(), names.len() as u64, "{place}: {asked}");
            assert_eq!(frames.missing.len(), left_out.len() as u64, "{place}");
            let spare = files
                .clone()
                .find(|file| name_of(file).contains("777."))
                .unwrap();
            assert!(!spare.is_required, "{place}");
        }
        // Of a few frames, only what these ask for.
        let few = trace_frames(
            &traced.files[0].path,
            &"4".parse().unwrap(),
            &Progress::default(),
        );
        let few = few.unwrap();
        let found = few
            .dependencies
            .iter()
            .find(|found| is_of(&found.path, "empty0"));
        assert_eq!(
            found.unwrap().frames.as_ref().unwrap().asked,
            "4".parse().ok()
        );
    }
}
