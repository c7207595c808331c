// SPDX-License-Identifier: Apache-2.0
//! Files made by hand, in every layout and however packed; `tests/integration/rewriting.rs` holds rewriting to Blender.

use std::fs;

use proptest::prelude::*;

use super::*;
use crate::blend::tests::maker::small_file;
use crate::blend::tests::{LAYOUTS, gzip, zstd_frames};
use crate::blend::{Compression, read_facts};

/// A file in a folder of its own, and where its copy goes.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file.blend"), bytes).unwrap();
        Self { folder }
    }

    fn rewrite(
        &self,
        choose: impl FnMut(&PathSeen<'_>) -> Option<Vec<u8>>,
    ) -> Result<Rewritten, RewriteError> {
        let mut choose = choose;
        let folder = self.folder.path();
        rewrite(
            &folder.join("file.blend"),
            &folder.join("copy.blend"),
            &mut choose,
        )
    }

    fn copy(&self) -> Vec<u8> {
        fs::read(self.folder.path().join("copy.blend")).unwrap()
    }

    /// What the copy holds, as it is seen by rewriting it once more.
    fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        let folder = self.folder.path();
        rewrite(
            &folder.join("copy.blend"),
            &folder.join("again.blend"),
            &mut |seen| {
                paths.push(String::from_utf8_lossy(seen.stored).into_owned());
                None
            },
        )
        .unwrap();
        paths
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it is what rewriting asks")]
fn longer(seen: &PathSeen<'_>) -> Option<Vec<u8>> {
    Some([b"/farm/storage/with/a/long/name/", seen.stored].concat())
}

#[test]
fn paths_are_replaced_in_every_layout_and_everything_else_stays() {
    for layout in LAYOUTS {
        let bytes = small_file(layout);
        let bench = Bench::new(&bytes);
        let done = bench.rewrite(longer).unwrap();
        assert_eq!((done.seen, done.replaced), (2, 2), "{layout:?}");
        assert_eq!(
            bench.paths(),
            [
                "/farm/storage/with/a/long/name///out/####",
                "/farm/storage/with/a/long/name///notes.txt"
            ]
        );
        let (file, copy) = (
            read_facts(&bench.folder.path().join("file.blend")).unwrap(),
            read_facts(&bench.folder.path().join("copy.blend")).unwrap(),
        );
        let mut expected = file.scenes.clone();
        expected[0].output_path = "/farm/storage/with/a/long/name///out/####".to_owned();
        assert_eq!(copy.scenes, expected);
        assert_eq!(done.size_bytes, copy.size_bytes);
        // Rewritten back, the copy is the file itself, byte for byte.
        fs::rename(
            bench.folder.path().join("copy.blend"),
            bench.folder.path().join("file.blend"),
        )
        .unwrap();
        bench
            .rewrite(|seen| seen.stored.get(31..).map(<[u8]>::to_vec))
            .unwrap();
        assert!(bench.copy() == bytes, "{layout:?}");
    }
}

#[test]
fn a_copy_is_packed_as_the_file_is_and_the_same_each_time() {
    for layout in LAYOUTS {
        let bytes = small_file(layout);
        for (packed, compression) in [
            (bytes.clone(), Compression::None),
            (gzip(&bytes), Compression::Gzip),
            (zstd_frames(&bytes, 1000, true), Compression::Zstd),
            // A path lies in two frames.
            (zstd_frames(&bytes, 37, true), Compression::Zstd),
            (zstd_frames(&bytes, 1000, false), Compression::Zstd),
        ] {
            let bench = Bench::new(&packed);
            bench.rewrite(longer).unwrap();
            let once = bench.copy();
            bench.rewrite(longer).unwrap();
            assert!(once == bench.copy());
            assert_eq!(bench.paths().len(), 2);
            let copy = BlendFile::open(&bench.folder.path().join("copy.blend")).unwrap();
            assert_eq!(copy.compression(), compression);
            assert!(
                fs::read(bench.folder.path().join("file.blend")).unwrap() == packed,
                "the file is only read"
            );
            assert_eq!(bench.names(), ["again.blend", "copy.blend", "file.blend"]);
        }
    }
}

#[test]
fn frames_that_nothing_changes_in_are_copied_as_they_are() {
    let bytes = small_file(LAYOUTS[2]);
    let packed = zstd_frames(&bytes, 1000, true);
    let bench = Bench::new(&packed);
    assert_eq!(bench.rewrite(|_| None).unwrap().replaced, 0);
    assert!(bench.copy() == packed);
    bench
        .rewrite(|seen| (seen.structure == "Text").then(|| b"//other.txt".to_vec()))
        .unwrap();
    let first = zstd_frames(&bytes[..1000], 1000, false);
    assert!(packed.starts_with(&first) && bench.copy().starts_with(&first));
}

#[test]
fn a_path_without_room_is_an_error_that_names_it_and_leaves_nothing_behind() {
    let bench = Bench::new(&small_file(LAYOUTS[2]));
    let error = bench
        .rewrite(|seen| (seen.structure == "Scene").then(|| vec![b'a'; 1024]))
        .unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("Scene.r.pic") && said.contains("by 1 bytes"),
        "{said}"
    );
    assert_eq!(bench.names(), ["file.blend"]);
    let room = |seen: &PathSeen<'_>| (seen.structure == "Scene").then(|| vec![b'a'; 1023]);
    assert_eq!(bench.rewrite(room).unwrap().replaced, 1);
    let error = bench.rewrite(|_| Some(b"a\0b".to_vec())).unwrap_err();
    assert!(matches!(error, RewriteError::Zero { .. }), "{error}");
}

#[test]
fn a_file_is_never_its_own_copy() {
    let bytes = small_file(LAYOUTS[2]);
    let bench = Bench::new(&bytes);
    let path = bench.folder.path().join("file.blend");
    let error = rewrite(&path, &path, &mut longer).unwrap_err();
    assert!(matches!(error, RewriteError::SameFile { .. }), "{error}");
    assert!(fs::read(&path).unwrap() == bytes);
}

#[cfg(unix)]
#[test]
fn a_copy_may_be_read_by_whoever_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let bench = Bench::new(&small_file(LAYOUTS[2]));
    let folder = bench.folder.path();
    fs::set_permissions(folder.join("file.blend"), fs::Permissions::from_mode(0o640)).unwrap();
    bench.rewrite(longer).unwrap();
    let mode = |name: &str| {
        fs::metadata(folder.join(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode("copy.blend"), 0o640);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn damage_is_an_error_or_a_copy_and_never_a_panic(
        layout in 0..LAYOUTS.len(),
        packing in 0..4_usize,
        places in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        kept in any::<prop::sample::Index>(),
        truncated in any::<bool>(),
    ) {
        let mut bytes = small_file(LAYOUTS[layout]);
        for (place, byte) in places {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if truncated {
            bytes.truncate(kept.index(bytes.len()));
        }
        let packed = match packing {
            0 => bytes,
            1 => gzip(&bytes),
            2 => zstd_frames(&bytes, 1000, true),
            _ => zstd_frames(&bytes, 512, false),
        };
        let bench = Bench::new(&packed);
        if bench.rewrite(longer).is_ok() {
            prop_assert!(BlendFile::open(&bench.folder.path().join("copy.blend")).is_ok());
        }
    }
}
