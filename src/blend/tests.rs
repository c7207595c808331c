// SPDX-License-Identifier: Apache-2.0
//! Files made by hand, in every layout that Blender ever wrote.

mod hostile;
pub(in crate::blend) mod maker;

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use maker::{Layout, small_file};

pub(in crate::blend) const LAYOUTS: [Layout; 5] = [
    Layout {
        pointer_size: 4,
        big_endian: false,
        large_heads: false,
    },
    Layout {
        pointer_size: 4,
        big_endian: true,
        large_heads: false,
    },
    Layout {
        pointer_size: 8,
        big_endian: false,
        large_heads: false,
    },
    Layout {
        pointer_size: 8,
        big_endian: true,
        large_heads: false,
    },
    Layout {
        pointer_size: 8,
        big_endian: false,
        large_heads: true,
    },
];

fn facts_of(bytes: &[u8]) -> Result<BlendFacts, BlendError> {
    let mut file = tempfile::Builder::new()
        .suffix(".blend")
        .tempfile()
        .unwrap();
    file.write_all(bytes).unwrap();
    read_facts(file.path())
}

/// What a scan of all data-blocks finds.
fn scan_of(bytes: &[u8]) -> Result<Scanned, BlendError> {
    let mut file = tempfile::Builder::new()
        .suffix(".blend")
        .tempfile()
        .unwrap();
    file.write_all(bytes).unwrap();
    let file = BlendFile::open(file.path())?;
    scan(&file, &mut Visited::default(), Roots::All, true)
}

pub(in crate::blend) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(in crate::blend) fn zstd_frames(bytes: &[u8], size: usize, with_table: bool) -> Vec<u8> {
    let mut packed = Vec::new();
    let mut table = Vec::new();
    for chunk in bytes.chunks(size) {
        let frame = zstd::bulk::compress(chunk, 3).unwrap();
        table.extend(u32::try_from(frame.len()).unwrap().to_le_bytes());
        table.extend(u32::try_from(chunk.len()).unwrap().to_le_bytes());
        packed.extend(frame);
    }
    if with_table {
        let count = u32::try_from(table.len() / 8).unwrap();
        packed.extend(0x184d_2a5e_u32.to_le_bytes());
        packed.extend(u32::try_from(table.len() + 9).unwrap().to_le_bytes());
        packed.extend(table);
        packed.extend(count.to_le_bytes());
        packed.push(0);
        packed.extend(0x8f92_eab1_u32.to_le_bytes());
    }
    packed
}

fn assert_small_file(facts: &BlendFacts) {
    let [scene] = facts.scenes.as_slice() else {
        panic!("{facts:?}")
    };
    assert_eq!(facts.active_scene.as_deref(), Some("Hand made"));
    assert_eq!(facts.blender_subversion, -7);
    assert_eq!(
        (scene.frame_start, scene.frame_end, scene.frame_step),
        (-5, 70_000, 2)
    );
    assert_eq!(
        (scene.fps, scene.fps_base.to_bits()),
        (30, 1.5_f64.to_bits())
    );
    assert_eq!(scene.output_path, "//out/####");
    assert_eq!(scene.file_format, "OPEN_EXR");
    assert_eq!(scene.camera.as_deref(), Some("Eye"));
    let layers: Vec<_> = scene
        .view_layers
        .iter()
        .map(|layer| (layer.name.as_str(), layer.enabled))
        .collect();
    assert_eq!(layers, [("A", true), ("B", false)]);
    assert_eq!(scene.cycles.samples, Some(65_536));
    assert_eq!(scene.cycles.use_denoising, Some(true));
    // The structures of this file know none of these.
    assert_eq!(scene.eevee_samples, None);
    assert!(scene.unbaked_simulations.is_empty());
}

#[test]
fn every_layout_is_read_alike() {
    for layout in LAYOUTS {
        let facts = facts_of(&small_file(layout)).unwrap();
        assert_eq!(
            facts.blender_version,
            if layout.large_heads { 501 } else { 279 }
        );
        assert_eq!(facts.compression, Compression::None);
        assert_small_file(&facts);
    }
}

#[test]
fn the_paths_of_every_layout_are_found_where_they_lie() {
    for layout in LAYOUTS {
        let bytes = small_file(layout);
        let found = scan_of(&bytes).unwrap();
        let [output, text] = found.dependencies.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!(
            (output.owner.as_str(), output.owner_type.as_str()),
            ("Hand made", "Scene")
        );
        assert_eq!(
            (output.kind, output.role),
            (DependencyKind::RenderOutput, Role::Output)
        );
        let place = output.place.unwrap();
        assert_eq!((place.capacity, place.is_block), (1024, false));
        let position = usize::try_from(place.position).unwrap();
        assert!(bytes[position..].starts_with(b"//out/####\0"));
        let place = text.place.unwrap();
        assert_eq!((place.capacity, place.is_block), (12, true));
        let position = usize::try_from(place.position).unwrap();
        assert!(bytes[position..].starts_with(b"//notes.txt\0"));
    }
}

#[test]
fn every_packing_is_read_alike() {
    let bytes = small_file(LAYOUTS[2]);
    let with_skippable_head = [
        &[0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2],
        zstd_frames(&bytes, 500, false).as_slice(),
    ]
    .concat();
    for (packed, compression) in [
        (gzip(&bytes), Compression::Gzip),
        (zstd_frames(&bytes, bytes.len(), false), Compression::Zstd),
        (zstd_frames(&bytes, 1000, false), Compression::Zstd),
        (zstd_frames(&bytes, 1000, true), Compression::Zstd),
        (zstd_frames(&bytes, 7, true), Compression::Zstd),
        (with_skippable_head, Compression::Zstd),
    ] {
        let facts = facts_of(&packed).unwrap();
        assert_eq!(facts.compression, compression);
        assert_small_file(&facts);
    }
}

#[test]
fn a_file_cut_anywhere_is_an_error_that_names_it() {
    let bytes = small_file(LAYOUTS[2]);
    for (step, whole) in [
        (1, bytes.clone()),
        (7, gzip(&bytes)),
        (7, zstd_frames(&bytes, 1000, false)),
    ] {
        for length in (0..whole.len()).step_by(step) {
            let error = facts_of(&whole[..length]).unwrap_err();
            // Cut between two frames, zstd can't know.
            assert!(
                matches!(error, BlendError::Truncated { .. })
                    || (length == 0 && matches!(error, BlendError::NotABlend { .. }))
                    || length < 8,
                "{length} of {}: {error}",
                whole.len()
            );
            assert!(error.to_string().contains(".blend"), "{error}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let missing = read_facts(Path::new("/nowhere/shot.blend")).unwrap_err();
    assert!(matches!(missing, BlendError::Missing { .. }), "{missing}");
    assert!(matches!(
        read_facts(&std::env::temp_dir()).unwrap_err(),
        BlendError::NotABlend { .. }
    ));
    for bytes in [
        b"".as_slice(),
        b"Hello, world! This is text.",
        b"\x89PNG\r\n\x1a\n",
        b"BLENDER is a program",
    ] {
        assert!(
            matches!(facts_of(bytes).unwrap_err(), BlendError::NotABlend { .. }),
            "{bytes:?}"
        );
    }
    assert!(matches!(
        facts_of(&gzip(b"no scene in here")).unwrap_err(),
        BlendError::NotABlend { .. }
    ));
    let newer = facts_of(b"BLENDER19-02v0700REND").unwrap_err();
    assert!(newer.to_string().contains("BLENDER19-02v0700"), "{newer}");
    assert!(matches!(newer, BlendError::TooNew { .. }));
    let mut bytes = small_file(LAYOUTS[2]);
    let strings = bytes
        .windows(4)
        .rposition(|window| window == b"TYPE")
        .unwrap();
    bytes[strings] = b'X';
    assert!(matches!(
        facts_of(&bytes).unwrap_err(),
        BlendError::CorruptDna { .. }
    ));
}

#[test]
fn what_unpacks_to_a_size_beyond_reason_is_refused() {
    let error = facts_of(&zstd_frames(&vec![0; 200 << 20], 200 << 20, false)).unwrap_err();
    assert!(matches!(error, BlendError::Corrupt { .. }), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]
    #[test]
    fn hostile_bytes_neither_panic_nor_take_long(
        layout in prop::sample::select(LAYOUTS.to_vec()),
        packing in 0..4_u8,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        before_packing in any::<bool>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let change = |bytes: &mut Vec<u8>| {
            for (place, byte) in &changes {
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
        };
        let mut bytes = small_file(layout);
        if before_packing {
            change(&mut bytes);
        }
        bytes = match packing {
            0 => bytes,
            1 => gzip(&bytes),
            2 => zstd_frames(&bytes, 1000, false),
            _ => zstd_frames(&bytes, 1000, true),
        };
        if !before_packing {
            change(&mut bytes);
        }
        let started = Instant::now();
        let _ = facts_of(&bytes);
        let _ = scan_of(&bytes);
        prop_assert!(started.elapsed() < Duration::from_secs(2));
    }
}
