// SPDX-License-Identifier: Apache-2.0
use std::io::Cursor;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

macro_rules! pictures {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_bytes!(concat!("../../../tests/fixtures/pictures/", $name)).to_vec())),*]
    };
}

/// Pictures that other programs wrote, and EXRs of the kinds that none here writes.
fn pictures() -> Vec<(&'static str, Vec<u8>)> {
    let mut pictures = pictures![
        "plain.png",
        "interlaced.png",
        "palette.png",
        "plain.jpg",
        "progressive.jpg",
        "strips.tif",
        "tiles.tif",
        "bigtiff.tif",
        "lossy.webp",
        "lossless.webp",
        "scanline.exr",
        "zip.exr",
        "dwaa.exr",
        "multilayer.exr",
        "plain.bmp",
        "plain.dpx",
        "plain.cin",
        "plain.rgb",
        "plain.hdr",
        "plain.avif",
        "plain.jp2",
        "plain.j2c",
        "plain.tga",
        "packed.tga",
    ]
    .to_vec();
    pictures.push(("tiled.exr", exr(0x202, &[tiled_header(0)], &[6])));
    pictures.push(("mipmap.exr", exr(0x202, &[tiled_header(1)], &[12])));
    pictures.push((
        "multipart.exr",
        exr(
            0x1002,
            &[
                scanline_header("a", 3),
                scanline_header("b", 3),
                tiled_part_header(6),
            ],
            &[3, 3, 6],
        ),
    ));
    pictures.push(("swapped.tif", big_endian_tiff()));
    pictures
}

fn look(name: &str, bytes: &[u8]) -> Wholeness {
    // Of the other formats the content decides.
    let promised = Path::new(name)
        .extension()
        .is_some_and(|extension| extension == "tga")
        .then_some(Format::Targa);
    examine(
        Source::new(Cursor::new(bytes), bytes.len() as u64),
        promised,
    )
    .unwrap()
}

fn attribute(name: &str, kind: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = [name.as_bytes(), b"\0", kind.as_bytes(), b"\0"].concat();
    bytes.extend(u32::try_from(value.len()).unwrap().to_le_bytes());
    bytes.extend(value);
    bytes
}

/// 40 by 40 pixels from -4, -4.
fn window() -> Vec<u8> {
    let corners: Vec<u8> = [-4_i32, -4, 35, 35]
        .iter()
        .flat_map(|corner| corner.to_le_bytes())
        .collect();
    attribute("dataWindow", "box2i", &corners)
}

fn scanline_header(name: &str, chunks: u32) -> Vec<u8> {
    let mut header = attribute("name", "string", name.as_bytes());
    header.extend(attribute("compression", "compression", &[3]));
    header.extend(window());
    header.extend(attribute("type", "string", b"scanlineimage"));
    header.extend(attribute("chunkCount", "int", &chunks.to_le_bytes()));
    header
}

/// Tiles of 16 by 32: three columns and two rows; in mipmaps 6 for 40 pixels, 2 for 20, and 1 each for
/// 10, 5, 2 and 1.
fn tiled_header(mode: u8) -> Vec<u8> {
    let tiles = [16, 0, 0, 0, 32, 0, 0, 0, mode];
    [
        attribute("compression", "compression", &[0]),
        window(),
        attribute("tiles", "tiledesc", &tiles),
    ]
    .concat()
}

fn tiled_part_header(chunks: u32) -> Vec<u8> {
    let count = attribute("chunkCount", "int", &chunks.to_le_bytes());
    [
        tiled_header(0),
        attribute("type", "string", b"tiledimage"),
        count,
    ]
    .concat()
}

fn exr(version: u32, headers: &[Vec<u8>], chunks: &[u32]) -> Vec<u8> {
    let mut bytes = [
        exr::MAGIC.to_vec(),
        version.to_le_bytes().to_vec(),
        headers
            .iter()
            .flat_map(|header| [header.as_slice(), b"\0"].concat())
            .collect(),
    ]
    .concat();
    let multipart = version & 0x1000 != 0;
    if multipart {
        bytes.push(0);
    }
    let mut data = Vec::new();
    let total: u32 = chunks.iter().sum();
    let data_start = bytes.len() + 8 * total as usize;
    for (part, count) in chunks.iter().enumerate() {
        let tiled = version & 0x200 != 0 || part == 2;
        for chunk in 0..*count {
            bytes.extend(((data_start + data.len()) as u64).to_le_bytes());
            if multipart {
                data.extend(u32::try_from(part).unwrap().to_le_bytes());
            }
            data.extend(vec![
                u8::try_from(chunk).unwrap();
                if tiled { 16 } else { 4 }
            ]);
            data.extend(5_u32.to_le_bytes());
            data.extend(*b"pixel");
        }
    }
    bytes.extend(data);
    bytes
}

/// Two strips of two rows, directory first.
fn big_endian_tiff() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [
            tag.to_be_bytes().as_slice(),
            &kind.to_be_bytes(),
            &count.to_be_bytes(),
            &value,
        ]
        .concat()
    };
    let short = |value: u16| [value.to_be_bytes(), [0, 0]].concat().try_into().unwrap();
    let entries = [
        entry(256, 3, 1, short(3)),
        entry(257, 3, 1, short(4)),
        entry(273, 4, 2, 74_u32.to_be_bytes()),
        entry(278, 3, 1, short(2)),
        entry(279, 3, 2, [0, 6, 0, 6]),
    ];
    let mut bytes = [
        b"MM\0*".as_slice(),
        &8_u32.to_be_bytes(),
        &5_u16.to_be_bytes(),
        &entries.concat(),
        &[0; 4],
    ]
    .concat();
    assert_eq!(bytes.len(), 74);
    bytes.extend([82_u32.to_be_bytes(), 88_u32.to_be_bytes()].concat());
    bytes.extend([7; 12]);
    bytes
}

#[test]
fn pictures_that_were_written_to_their_end_are_whole() {
    for (name, bytes) in pictures() {
        assert_eq!(look(name, &bytes), Wholeness::Whole, "{name}");
    }
}

#[test]
fn a_picture_cut_anywhere_is_never_whole() {
    for (name, bytes) in pictures() {
        for length in 0..bytes.len() {
            assert_ne!(
                look(name, &bytes[..length]),
                Wholeness::Whole,
                "{name} cut to {length} of {}",
                bytes.len()
            );
        }
    }
}

#[test]
fn a_picture_whose_end_was_never_written_is_never_whole() {
    // What a full disk or a lost cache page leaves: the size is right, the end is zeros.
    for (name, bytes) in pictures() {
        for kept in [0, 1, 12] {
            let mut hollow = bytes[..kept].to_vec();
            hollow.resize(bytes.len(), 0);
            assert_ne!(
                look(name, &hollow),
                Wholeness::Whole,
                "{name} with {kept} bytes and zeros"
            );
        }
    }
}

#[test]
fn a_changed_byte_anywhere_in_a_png_is_noticed() {
    let (_, bytes) = pictures().remove(0);
    for index in 8..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        assert_ne!(
            look("plain.png", &changed),
            Wholeness::Whole,
            "byte {index}"
        );
    }
}

#[test]
fn a_png_that_claims_more_rows_than_it_has_is_broken() {
    let (_, mut bytes) = pictures().remove(0);
    bytes[23] += 1;
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    assert_eq!(
        look("plain.png", &bytes),
        Wholeness::Broken("rows are missing".to_owned())
    );
}

#[test]
fn a_png_that_claims_the_largest_size_costs_no_memory() {
    let (_, mut bytes) = pictures().remove(0);
    bytes[16..24].fill(0x7f);
    let mut crc = flate2::Crc::new();
    crc.update(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    assert!(matches!(look("plain.png", &bytes), Wholeness::Broken(_)));
}

#[test]
fn the_name_promises_a_format_and_unknown_formats_stay_unknown() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    assert_eq!(
        is_whole(&path("a.psd", b"8BPS")).unwrap(),
        Wholeness::Unknown
    );
    assert!(matches!(
        is_whole(&path("a.PNG", b"8BPS")).unwrap(),
        Wholeness::Broken(_)
    ));
    assert!(matches!(
        is_whole(&path("b.png", b"\x89PN")).unwrap(),
        Wholeness::Broken(_)
    ));
    assert!(matches!(
        is_whole(&path("a.hdr", b"")).unwrap(),
        Wholeness::Broken(_)
    ));
    assert_eq!(
        is_whole(&path("without_extension", &pictures()[0].1)).unwrap(),
        Wholeness::Whole
    );
    let error = is_whole(&folder.path().join("gone.png"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("gone.png"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn hostile_bytes_neither_panic_nor_take_long(
        index in 0..28_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (name, mut bytes) = pictures().swap_remove(index);
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let started = Instant::now();
        look(name, &bytes);
        prop_assert!(started.elapsed() < Duration::from_secs(2));
    }
}
