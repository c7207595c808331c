// SPDX-License-Identifier: Apache-2.0
//! What paths lead to, on a disk of the tests' own.

use std::fs;
use std::path::{Path, PathBuf};

use super::disk::Disk;
use super::expand::expand;
use super::resolve::resolve;
use super::sequence::Mapper;
use crate::blend::{Expansion, StoredPath, Timing};

fn led_to(stored: &str) -> Option<PathBuf> {
    resolve(
        &StoredPath::new(stored.as_bytes()),
        Path::new("/show/shots"),
    )
}

/// A folder with these files, each as long as its name.
fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    folder
}

/// The names that a path stands for, and those that should be there, too.
fn names_of(folder: &Path, name: &str, expansion: &Expansion) -> (Vec<String>, Vec<String>) {
    let found = expand(&folder.join(name), expansion, &Disk::default());
    let text = |path: &PathBuf| {
        let inside = path.strip_prefix(folder).unwrap();
        inside.to_string_lossy().replace('\\', "/")
    };
    let files = found.files.iter().map(|(path, _)| text(path)).collect();
    (files, found.gaps.iter().map(text).collect())
}

fn sequence() -> Expansion {
    Expansion::Sequence { named: None }
}

#[test]
#[cfg(unix)]
fn a_path_leads_where_blender_takes_it() {
    for (stored, expected) in [
        ("//textures/a.png", "/show/shots/textures/a.png"),
        ("//../lib/a.blend", "/show/lib/a.blend"),
        (r"//..\lib\a.blend", "/show/lib/a.blend"),
        ("//./a//b.png", "/show/shots/a/b.png"),
        ("///a.png", "/show/shots/a.png"),
        ("/abs/./x/../a.png", "/abs/a.png"),
        ("//../../../../a.png", "/a.png"),
        ("a.png", "/show/shots/a.png"),
    ] {
        assert_eq!(
            led_to(stored).as_deref(),
            Some(Path::new(expected)),
            "{stored}"
        );
    }
    for elsewhere in [r"C:\show\a.png", "c:/show/a.png", r"\\server\share\a.png"] {
        assert_eq!(led_to(elsewhere), None, "{elsewhere}");
    }
}

#[test]
fn a_sequence_is_every_number_with_the_same_words_around_it() {
    let folder = folder_with(&[
        "a_0001.png",
        "a_0002.png",
        "a_0010.png",
        "a_12345.png",
        "a_003.png",
        "a_00004.png",
        "b_0001.png",
        "a_0001.exr",
        "a_0001_b.png",
        "a_.png",
        "clip.030.abc",
        "clip.031.abc",
        "clip.abc",
        "7.png",
        "8.png",
    ]);
    let names = |name| names_of(folder.path(), name, &sequence()).0;
    assert_eq!(
        names("a_0001.png"),
        ["a_0001.png", "a_0002.png", "a_0010.png", "a_12345.png"]
    );
    assert_eq!(names("clip.030.abc"), ["clip.030.abc", "clip.031.abc"]);
    assert_eq!(names("7.png"), ["7.png", "8.png"]);
    // Without a number it is one file.
    assert_eq!(names("a_.png"), ["a_.png"]);
    // The first frame need not be there.
    assert_eq!(names("b_0002.png"), ["b_0001.png"]);
}

/// What is asked for in a sequence, and what of it is missing.
fn asked(folder: &Path, name: &str, frames: &str, timings: &[Timing]) -> (String, String) {
    let expanded = expand(&folder.join(name), &sequence(), &Disk::default());
    let frames = frames.parse().unwrap();
    let found = Mapper::new(Some(&frames)).ask(timings, Some(1), &expanded);
    let asked = found.asked.map(|asked| asked.to_string());
    (asked.unwrap_or_default(), found.missing.to_string())
}

#[test]
fn holes_are_told_within_a_sequence_that_does_not_say_its_length_and_not_beyond_its_ends() {
    let names: Vec<String> = [1, 2, 3, 4, 6, 7, 10]
        .iter()
        .map(|number| format!("a_{number:04}.png"))
        .collect();
    let folder = folder_with(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let asked = |frames, timing| asked(folder.path(), "a_0001.png", frames, &[timing]);
    let clip = |length| Timing::Clip {
        start: 11,
        offset: 0,
        length,
    };
    let text = |asked: &str, missing: &str| (asked.to_owned(), missing.to_owned());
    assert_eq!(asked("1-100", clip(4)), text("1-10", "5, 8-9"));
    // When the file was saved there were more.
    assert_eq!(asked("1-100", clip(12)), text("1-12", "5, 8-9, 11-12"));
    assert_eq!(asked("12-16", clip(4)), text("2-6", "5"));
    assert_eq!(asked("3-5, 200", Timing::Scene), text("3-5", "5"));
    assert_eq!(asked("1-100", Timing::Fixed(8)), text("8", "8"));
    assert_eq!(asked("1-100", Timing::Unknown), text("", ""));
}

#[test]
fn what_shows_a_sequence_in_millions_of_ways_is_given_up_in_time() {
    let folder = folder_with(&["a_0001.png"]);
    let timings = vec![Timing::Fixed(1); 100];
    let (asked, missing) = asked(folder.path(), "a_0001.png", "1-1000000", &timings);
    assert!(asked.is_empty() && missing.is_empty());
}

#[test]
fn tiles_are_found_under_every_mark_and_those_that_lack_are_told() {
    let folder = folder_with(&[
        "t.1001.png",
        "t.1002.png",
        "t.1011.png",
        "t.102.png",
        "t.x.png",
        "u_u1_v1.png",
        "u_u2_v1.png",
        "old1001.exr",
        "old1002.exr",
    ]);
    let tiles = |name, tiles: &[u32]| {
        let tiles = tiles.to_vec();
        names_of(folder.path(), name, &Expansion::Tiles { tiles })
    };
    let (files, gaps) = tiles("t.<UDIM>.png", &[1001, 1003]);
    assert_eq!(files, ["t.1001.png", "t.1002.png", "t.1011.png"]);
    assert_eq!(gaps, ["t.1003.png"]);
    let (files, gaps) = tiles("u_<UVTILE>.png", &[1001, 1011]);
    assert_eq!(files, ["u_u1_v1.png", "u_u2_v1.png"]);
    assert_eq!(gaps, ["u_u1_v2.png"]);
    assert_eq!(
        tiles("old1001.exr", &[1001]).0,
        ["old1001.exr", "old1002.exr"]
    );
}

#[test]
fn caches_are_what_lies_in_their_folder() {
    let folder = folder_with(&[
        "c/43_000001_00.bphys",
        "c/43_000002_00.bphys",
        "c/44_000001_00.bphys",
        "f/config/1.uni",
        "f/data/2.vdb",
    ]);
    let prefix = "43_".to_owned();
    assert_eq!(
        names_of(folder.path(), "c", &Expansion::Prefixed { prefix }).0,
        ["c/43_000001_00.bphys", "c/43_000002_00.bphys"]
    );
    assert_eq!(
        names_of(folder.path(), "f", &Expansion::Folder).0,
        ["f/config/1.uni", "f/data/2.vdb"]
    );
    assert!(
        names_of(folder.path(), "away", &Expansion::Folder)
            .0
            .is_empty()
    );
}

#[test]
#[cfg(target_os = "linux")]
fn a_name_in_other_letters_is_found_and_told() {
    let folder = folder_with(&["Textures/Brick_0001.PNG", "Textures/Brick_0002.PNG"]);
    let found = expand(
        &folder.path().join("textures/brick_0001.png"),
        &Expansion::File,
        &Disk::default(),
    );
    let actual = folder.path().join("Textures/Brick_0001.PNG");
    assert_eq!(found.found_as.as_deref(), Some(actual.as_path()));
    assert_eq!(found.files.len(), 1);
    let found = expand(
        &folder.path().join("textures/none.png"),
        &Expansion::File,
        &Disk::default(),
    );
    assert!(found.files.is_empty() && found.found_as.is_none());
}

#[test]
fn a_path_of_many_folders_that_no_system_has_leads_nowhere() {
    let folder = folder_with(&["a.png"]);
    let name = "x/".repeat(30_000);
    for expansion in [Expansion::File, Expansion::Folder, sequence()] {
        assert_eq!(names_of(folder.path(), &name, &expansion), (vec![], vec![]));
    }
}
