// SPDX-License-Identifier: Apache-2.0
//! Names, places, and the way from one to the other.

use std::fs;
use std::path::Path;

use super::relative::relative;
use super::search::{file_name, search};

#[test]
fn a_path_is_stored_behind_two_slashes_as_seen_from_the_scene() {
    for (path, folder, stored) in [
        ("/show/tex/a.png", "/show/shots", "//../tex/a.png"),
        ("/show/shots/tex/a.png", "/show/shots", "//tex/a.png"),
        ("/tex/a.png", "/show/shots", "//../../tex/a.png"),
    ] {
        let made = relative(Path::new(path), Path::new(folder));
        assert_eq!(String::from_utf8(made).unwrap(), stored);
    }
}

#[test]
fn names_are_taken_from_paths_of_every_system() {
    for (path, name) in [
        ("/a/b.png", "b.png"),
        (r"C:\a\b.png", "b.png"),
        (r"\\server\a\b.png", "b.png"),
        ("/a/b.<UDIM>.png", "b.1001.png"),
    ] {
        assert_eq!(file_name(Path::new(path)).as_deref(), Some(name));
    }
}

#[test]
fn of_several_files_of_a_name_the_one_in_folders_of_the_same_names_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    for path in [
        "old/tex/a.png",
        "new/other/a.png",
        "new/B.png",
        ".hidden/c.png",
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    let names = ["a.png", "b.png", "c.png"].map(str::to_owned);
    let places = search(&names, folder.path());
    let best = |missing: &str| {
        let found = places.best(Path::new(missing))?;
        Some(found.strip_prefix(folder.path()).unwrap().to_owned())
    };
    assert_eq!(
        best("/gone/tex/a.png").as_deref(),
        Some(Path::new("old/tex/a.png"))
    );
    assert_eq!(best("/gone/a.png"), None, "both are as likely");
    assert_eq!(
        best(r"D:\b.png").as_deref(),
        Some(Path::new("new/B.png")),
        "in other letters"
    );
    assert_eq!(best("/gone/c.png"), None, "hidden folders are left alone");
}
