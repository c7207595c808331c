// SPDX-License-Identifier: Apache-2.0
//! Facts read from .blend files, held against what Blender itself says of them, and against files of many versions.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use farmhand::blend::{BlendError, BlendFile, Compression, read_facts};
use farmhand::outputs::{OutputSpec, Views};
use serde_json::Value;

/// Blenders, and Pythons that have the `bpy` module, which save scenes and say what is in them: those that
/// `FARMHAND_TEST_BLENDERS` lists with colons between, else the one on the path.
pub(crate) fn blenders() -> Vec<PathBuf> {
    let listed = std::env::var_os("FARMHAND_TEST_BLENDERS").unwrap_or_else(|| "blender".into());
    std::env::split_paths(&listed)
        .filter(|path| !path.as_os_str().is_empty())
        .collect()
}

/// What a script of the fixtures prints behind `tag` when that Blender runs it; none where there is no such Blender.
pub(crate) fn said_by(
    blender: &Path,
    script: &str,
    tag: &str,
    arguments: &[&Path],
) -> Option<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(script);
    let mut command = Command::new(blender);
    if blender.file_name()?.to_string_lossy().contains("python") {
        command.arg(&script);
    } else {
        command.args([
            "-b",
            "--factory-startup",
            "--python-exit-code",
            "3",
            "--python",
        ]);
        command.arg(&script).arg("--");
    }
    let output = match command.args(arguments).stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("skipped: {} can't be started: {error}", blender.display());
            return None;
        }
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let said = text.lines().find_map(|line| line.strip_prefix(tag));
    let error = String::from_utf8_lossy(&output.stderr);
    let said =
        said.unwrap_or_else(|| panic!("{} said nothing:\n{text}\n{error}", blender.display()));
    Some(serde_json::from_str(said).unwrap())
}

/// Every leaf in `expected` whose counterpart in `found` differs.
fn differences(place: &str, expected: &Value, found: &Value, into: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                differences(
                    &format!("{place}.{key}"),
                    value,
                    found.get(key).unwrap_or(&Value::Null),
                    into,
                );
            }
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            for (index, (expected, found)) in expected.iter().zip(found).enumerate() {
                differences(&format!("{place}[{index}]"), expected, found, into);
            }
        }
        (Value::Number(expected), Value::Number(found)) => {
            let (expected, found) = (expected.as_f64().unwrap(), found.as_f64().unwrap());
            if (expected - found).abs() > 1e-6 * expected.abs().max(1.0) {
                into.push(format!(
                    "{place}: Blender says {expected}, the file is read as {found}"
                ));
            }
        }
        _ if expected == found => {}
        _ => into.push(format!(
            "{place}: Blender says {expected}, the file is read as {found}"
        )),
    }
}

#[test]
fn facts_are_what_blender_itself_says() {
    let mut wrong = Vec::new();
    for blender in blenders() {
        let folder = tempfile::tempdir().unwrap();
        let Some(saved) = said_by(&blender, "blends/facts.py", "FACTS ", &[folder.path()]) else {
            continue;
        };
        for mut file in saved.as_array().unwrap().iter().cloned() {
            let path = PathBuf::from(file["path"].as_str().unwrap());
            let facts = read_facts(&path).unwrap();
            let packed = file["packed"].take() == true;
            assert_eq!(
                facts.compression,
                if packed {
                    Compression::Zstd
                } else {
                    Compression::None
                }
            );
            let mut found = serde_json::to_value(&facts).unwrap();
            for scene in found["scenes"].as_array_mut().unwrap() {
                let simulations = scene["unbaked_simulations"].as_array_mut().unwrap();
                simulations.sort_by_key(|simulation| simulation["owner"].to_string());
            }
            let place = format!(
                "{} {}",
                blender.display(),
                path.file_name().unwrap().display()
            );
            differences(&place, &file, &found, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn files_are_named_as_blender_itself_names_them() {
    for blender in blenders() {
        let folder = tempfile::tempdir().unwrap();
        let Some(names) = said_by(&blender, "output_names.py", "NAMES ", &[folder.path()]) else {
            continue;
        };
        let names = names.as_array().unwrap();
        assert!(names.len() > 1_000, "{} names", names.len());
        for name in names {
            let text = |index: usize| name[index].as_str().unwrap().to_owned();
            let spec = OutputSpec {
                pattern: text(0),
                file_format: text(1),
                use_file_extension: name[2] == true,
                views: Views::OneFile,
            };
            let frame = i32::try_from(name[3].as_i64().unwrap()).unwrap();
            assert_eq!(
                spec.files_for(frame),
                [text(4)],
                "{} {spec:?}",
                blender.display()
            );
        }
    }
}

pub(crate) fn shared_blends() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/blends/bat");
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("FARMHAND_REQUIRE_SHARED").is_none_or(|value| value != "1"),
        "../shared is missing"
    );
    eprintln!("skipped: ../shared/blends isn't here");
    None
}

pub(crate) fn blends_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(blends_below(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "blend")
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn files_of_many_versions_are_read() {
    let Some(folder) = shared_blends() else {
        return;
    };
    let files = blends_below(&folder);
    assert!(files.len() > 40, "{} files", files.len());
    for path in files {
        if path.ends_with("corrupt_only_magic.blend") {
            let error = read_facts(&path).unwrap_err();
            assert!(matches!(error, BlendError::CorruptDna { .. }), "{error}");
            continue;
        }
        let facts = read_facts(&path).unwrap();
        assert!((279..400).contains(&facts.blender_version), "{facts:?}");
        for scene in &facts.scenes {
            assert!(
                !scene.name.is_empty() && scene.frame_end >= scene.frame_start,
                "{scene:?}"
            );
            assert!(
                scene.resolution_x > 0 && scene.resolution_y > 0 && scene.fps > 0,
                "{scene:?}"
            );
        }
        // Files that only hold assets to link have no scene.
        assert_eq!(
            facts.active_scene.is_some(),
            !facts.scenes.is_empty(),
            "{facts:?}"
        );
    }
}

#[test]
fn every_structure_of_many_files_can_be_walked() {
    let Some(folder) = shared_blends() else {
        return;
    };
    for path in blends_below(&folder) {
        let Ok(file) = BlendFile::open(&path) else {
            continue;
        };
        for block in file.blocks() {
            let Some(item) = file.find(block.address, block.owner).unwrap() else {
                continue;
            };
            let structure = file
                .dna()
                .structures()
                .iter()
                .find(|known| known.name == item.type_name())
                .unwrap();
            for field in &structure.fields {
                item.int(&field.name);
                item.float(&field.name);
                item.text(&field.name).unwrap();
                if field.type_name == "ListBase" {
                    item.list(&field.name).unwrap();
                }
            }
        }
    }
}
