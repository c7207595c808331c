// SPDX-License-Identifier: Apache-2.0
//! Rewritten copies, opened by Blender itself: it sees the new paths, and nothing else has changed.

use std::path::{Path, PathBuf};

use farmhand::blend::{BlendFile, PathSeen, read_facts, rewrite};
use serde_json::Value;

use crate::blend_facts::{blenders, blends_below, said_by, shared_blends};

const OLD: &str = "//old/";
const NEW: &str = "/farm/projects/a film with a long name/";

/// Another folder for what lies in the old one.
fn moved(seen: &PathSeen<'_>) -> Option<Vec<u8>> {
    let rest = seen.stored.strip_prefix(OLD.as_bytes())?;
    Some([NEW.as_bytes(), rest].concat())
}

/// What Blender said of a file, one string for each thing, with the new folder's name turned back into the old one's.
fn turned_back(said: &Value) -> (Vec<String>, usize) {
    let lines = ["paths", "content"].map(|key| said[key].as_array().unwrap().clone());
    let mut turned = 0;
    let lines = lines.concat().into_iter().map(|line| {
        let line = line.as_str().unwrap();
        turned += line.matches(NEW).count();
        line.replace(NEW, OLD)
    });
    let mut lines: Vec<String> = lines.collect();
    lines.sort();
    (lines, turned)
}

#[test]
fn blender_reads_the_new_paths_and_everything_else_as_it_was() {
    for blender in blenders() {
        let folder = tempfile::tempdir().unwrap();
        let arguments = [Path::new("make"), folder.path()];
        let Some(made) = said_by(&blender, "blends/rewriting.py", "MADE ", &arguments) else {
            continue;
        };
        let files: Vec<PathBuf> = serde_json::from_value(made).unwrap();
        let copies = folder.path().join("copies");
        std::fs::create_dir(&copies).unwrap();
        let copy_of = |file: &PathBuf| copies.join(file.file_name().unwrap());
        let mut all = files.clone();
        for file in &files {
            let before = std::fs::read(file).unwrap();
            let copy = copy_of(file);
            let done = rewrite(file, &copy, &mut moved).unwrap();
            assert!(done.replaced > 1_000, "{done:?}");
            let once = std::fs::read(&copy).unwrap();
            assert_eq!(rewrite(file, &copy, &mut moved).unwrap(), done);
            assert!(
                once == std::fs::read(&copy).unwrap(),
                "twice the same bytes"
            );
            assert!(
                before == std::fs::read(file).unwrap(),
                "the file is only read"
            );
            let packing = |path: &Path| BlendFile::open(path).unwrap().compression();
            assert_eq!(packing(file), packing(&copy));
            all.push(copy);
        }
        let mut read = vec![Path::new("read")];
        read.extend(all.iter().map(PathBuf::as_path));
        let said = said_by(&blender, "blends/rewriting.py", "READ ", &read).unwrap();
        for file in &files {
            let said_of = |path: &PathBuf| turned_back(&said[path.to_str().unwrap()]);
            let of_copy = said[copy_of(file).to_str().unwrap()].to_string();
            let left = of_copy
                .split(OLD)
                .skip(1)
                .map(|rest| &rest[..rest.len().min(40)]);
            assert_eq!(left.collect::<Vec<_>>(), [""; 0], "{}", blender.display());
            let (expected, none) = said_of(file);
            let (found, turned) = said_of(&copy_of(file));
            assert_eq!(none, 0);
            assert!(turned > 2_000, "{turned} in {}", blender.display());
            for (expected, found) in expected.iter().zip(&found) {
                assert_eq!(expected, found, "{} {}", blender.display(), file.display());
            }
            assert_eq!(expected.len(), found.len());
        }
    }
}

#[test]
fn files_of_many_versions_are_rewritten_there_and_back() {
    let Some(folder) = shared_blends() else {
        return;
    };
    let copies = tempfile::tempdir().unwrap();
    let (there, back) = (
        copies.path().join("there.blend"),
        copies.path().join("back.blend"),
    );
    let mut replaced = 0;
    for file in blends_below(&folder) {
        let Ok(facts) = read_facts(&file) else {
            continue;
        };
        let longer = |seen: &PathSeen<'_>| Some([b"//a/b/".as_slice(), seen.stored].concat());
        let shorter = |seen: &PathSeen<'_>| Some(seen.stored.strip_prefix(b"//a/b/")?.to_vec());
        let done = rewrite(&file, &there, &mut { longer }).unwrap();
        assert_eq!(done.seen, done.replaced, "{}", file.display());
        rewrite(&there, &back, &mut { shorter }).unwrap();
        replaced += done.replaced;
        // Libraries are looked for beside the file, and the copy lies elsewhere.
        let scenes = |path: &Path| read_facts(path).unwrap().scenes;
        assert_eq!(scenes(&back), facts.scenes, "{}", file.display());
    }
    assert!(replaced > 100, "{replaced} paths");
}
