// SPDX-License-Identifier: Apache-2.0
//! Files that are found, brought, parted and filled in, on a real disk.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Bring, Fill, MendError, Stop, bring, fill, find, part};

fn folder_with(names: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    folder
}

fn names_below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            names.extend(
                names_below(&path)
                    .iter()
                    .map(|inner| format!("{name}/{inner}")),
            );
        } else {
            names.push(name);
        }
    }
    names.sort();
    names
}

#[test]
fn what_is_missing_is_found_below_a_folder_and_tiles_keep_their_mark() {
    let folder = folder_with(&[
        "there.png",
        "new/a.png",
        "new/b.1001.png",
        "x/c.png",
        "y/c.png",
    ]);
    let path = |name: &str| folder.path().join(name);
    let asked = [
        "there.png",
        "old/a.png",
        "old/b.<UDIM>.png",
        "old/c.png",
        "old/d.png",
    ];
    let found = find(&asked.map(path), Some(folder.path()), &Stop::default()).unwrap();
    assert_eq!(
        found,
        [
            (path("old/a.png"), Some(path("new/a.png"))),
            (path("old/b.<UDIM>.png"), Some(path("new/b.<UDIM>.png"))),
            (path("old/c.png"), None),
            (path("old/d.png"), None),
        ]
    );
}

#[test]
fn sets_and_folders_are_brought_whole_and_nothing_that_is_there_is_replaced() {
    let from = folder_with(&[
        "water_01.png",
        "water_02.png",
        "water_x.png",
        "skin.1001.png",
        "skin.1011.png",
        "cache/data/1.vdb",
        "cache/config.uni",
        "wood.png",
    ]);
    let to = folder_with(&["files/wood.png", "cache_Fluid/old.vdb"]);
    let one = |name: &str, target: &str, is_set| Bring {
        from: from.path().join(name),
        to: to.path().join(target),
        is_set,
    };
    let wishes = [
        one("water_01.png", "files/water_01.png", true),
        one("skin.<UDIM>.png", "files/skin.<UDIM>.png", true),
        one("wood.png", "files/wood.png", false),
        one("cache", "cache_Fluid", false),
    ];
    let changes = bring(&wishes, &Stop::default()).unwrap();
    let targets: Vec<PathBuf> = changes.into_iter().filter_map(|(_, to)| to).collect();
    let expected = [
        "files/water_01.png",
        "files/skin.<UDIM>.png",
        "files_2/wood.png",
        "cache_Fluid_2",
    ];
    assert_eq!(targets, expected.map(|name| to.path().join(name)));
    assert_eq!(
        names_below(to.path()),
        [
            "cache_Fluid/old.vdb",
            "cache_Fluid_2/config.uni",
            "cache_Fluid_2/data/1.vdb",
            "files/skin.1001.png",
            "files/skin.1011.png",
            "files/water_01.png",
            "files/water_02.png",
            "files/wood.png",
            "files_2/wood.png",
        ]
    );
    let time = |path: PathBuf| fs::metadata(path).unwrap().modified().unwrap();
    assert_eq!(
        time(from.path().join("wood.png")),
        time(to.path().join("files_2/wood.png"))
    );
}

#[test]
fn what_was_brought_is_gone_again_where_the_rest_cannot_be() {
    let from = folder_with(&["a.png", "b/c.png"]);
    let to = folder_with(&["scene.blend"]);
    let one = |name: &str| Bring {
        from: from.path().join(name),
        to: to.path().join("files").join(name),
        is_set: false,
    };
    assert_eq!(bring(&[one("gone.png")], &Stop::default()).unwrap(), []);
    let nowhere = Bring {
        from: from.path().join("b"),
        to: to.path().join("no folder/b"),
        is_set: false,
    };
    let failed = bring(&[one("a.png"), nowhere], &Stop::default());
    assert!(
        matches!(failed, Err(MendError::Folder { .. })),
        "{failed:?}"
    );
    assert_eq!(names_below(to.path()), ["scene.blend"]);
    assert!(!to.path().join("files").exists());
    let stop = Stop::default();
    stop.ask();
    let failed = bring(&[one("a.png")], &stop);
    assert!(matches!(failed, Err(MendError::Stopped)), "{failed:?}");
    assert!(!to.path().join("files").exists());
}

#[test]
#[cfg(target_os = "linux")]
fn files_whose_names_differ_in_case_alone_get_names_that_nothing_has() {
    let folder = folder_with(&["wood.png", "Wood.png", "WOOD_2.png"]);
    let path = |name: &str| folder.path().join(name);
    let asked = ["wood.png", "Wood.png", "Wood.png", "wood.png"].map(path);
    let changes = part(&asked, &Stop::default()).unwrap();
    assert_eq!(changes, [(path("Wood.png"), Some(path("Wood_3.png")))]);
    assert_eq!(fs::read_to_string(path("Wood_3.png")).unwrap(), "Wood.png");
}

#[test]
fn what_a_sequence_lacks_is_filled_with_the_picture_before() {
    let folder = folder_with(&["w_0002.png", "w_0004.png", "other_1.png"]);
    let sequence = |name: &str| Fill {
        picture: folder.path().join(name),
        numbers: 1..=5,
    };
    let all = [
        sequence("w_0001.png"),
        sequence("none_0001.png"),
        sequence("still.png"),
    ];
    let made = fill(&all, &Stop::default()).unwrap();
    assert_eq!(made.len(), 3);
    let content = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(content("w_0001.png"), "w_0002.png");
    assert_eq!(content("w_0003.png"), "w_0002.png");
    assert_eq!(content("w_0005.png"), "w_0004.png");
    assert_eq!(names_below(folder.path()).len(), 6);
}
