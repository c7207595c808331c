// SPDX-License-Identifier: Apache-2.0
use super::*;

fn png(pattern: &str) -> OutputSpec {
    OutputSpec {
        pattern: pattern.to_owned(),
        file_format: "PNG".to_owned(),
        use_file_extension: true,
        views: Views::OneFile,
    }
}

fn name(spec: &OutputSpec, frame: i32) -> String {
    spec.files_for(frame).concat()
}

#[test]
fn the_last_hashes_of_the_name_become_the_frame() {
    assert_eq!(name(&png("/r/shot_####"), 12), "/r/shot_0012.png");
    assert_eq!(name(&png("/r/##/a##b###c"), 7), "/r/##/a##b007c.png");
    assert_eq!(name(&png("/r/shot_##"), 12_345), "/r/shot_12345.png");
    assert_eq!(name(&png("C:\\r\\s#"), 3), "C:\\r\\s3.png");
}

#[test]
fn four_digits_are_appended_where_there_is_no_hash_in_the_name() {
    assert_eq!(name(&png("/r/shot_"), 12), "/r/shot_0012.png");
    assert_eq!(name(&png("/r/##/"), 1), "/r/##/0001.png");
    assert_eq!(name(&png("/r/shot.png"), 1), "/r/shot.png0001.png");
    assert_eq!(name(&png(""), 1), "0001.png");
}

#[test]
fn the_minus_sign_comes_on_top_of_the_digits() {
    assert_eq!(name(&png("/r/shot_####"), -12), "/r/shot_-0012.png");
    assert_eq!(name(&png("/r/shot_"), i32::MIN), "/r/shot_-2147483648.png");
}

#[test]
fn the_extension_is_that_of_the_format_and_replaces_an_image_extension() {
    assert_eq!(name(&png("/r/####.PNG"), 1), "/r/0001.PNG");
    assert_eq!(name(&png("/r/####.jpg"), 1), "/r/0001.png");
    assert_eq!(name(&png("/r/####."), 1), "/r/0001.png");
    assert_eq!(name(&png("/r/####.v2"), 1), "/r/0001.v2.png");
    for (format, expected) in [
        ("JPEG", "/r/0001.jpg"),
        ("TIFF", "/r/0001.tif"),
        ("OPEN_EXR_MULTILAYER", "/r/0001.exr"),
        ("WEBP", "/r/0001.webp"),
    ] {
        let spec = OutputSpec {
            file_format: format.to_owned(),
            ..png("/r/")
        };
        assert_eq!(name(&spec, 1), expected);
    }
    let jpeg = OutputSpec {
        file_format: "JPEG".to_owned(),
        ..png("/r/####.jpeg")
    };
    assert_eq!(name(&jpeg, 1), "/r/0001.jpeg");
    let without = OutputSpec {
        use_file_extension: false,
        ..png("/r/####.x")
    };
    assert_eq!(name(&without, 1), "/r/0001.x");
}

#[test]
fn individual_views_get_their_suffix_before_the_extension() {
    let views = Views::Individual(vec!["_L".to_owned(), "_R".to_owned()]);
    let spec = OutputSpec {
        views: views.clone(),
        ..png("/r.d/shot_")
    };
    assert_eq!(
        spec.files_for(3),
        ["/r.d/shot_0003_L.png", "/r.d/shot_0003_R.png"]
    );
    let bare = OutputSpec {
        views,
        use_file_extension: false,
        ..png("/r.d/shot_")
    };
    assert_eq!(bare.files_for(3), ["/r.d/shot_0003_L", "/r.d/shot_0003_R"]);
}

#[test]
fn the_directory_is_all_before_the_name() {
    assert_eq!(png("/r/a/shot_").directory(), "/r/a/");
    assert_eq!(png("/r/a/").directory(), "/r/a/");
    assert_eq!(png("C:\\r\\s").directory(), "C:\\r\\");
    assert_eq!(png("shot").directory(), "");
}

#[test]
fn two_slashes_stand_for_the_folder_of_the_artists_file() {
    for (pattern, folder, expected) in [
        ("//render/s_", "/home/a", "/home/a/render/s_"),
        ("//render/s_", "/home/a/", "/home/a/render/s_"),
        ("//../out/", "/home/a", "/home/out/"),
        ("//../../../../x", "/home/a", "/x"),
        ("//..\\out\\s", "/home/a", "/home/out/s"),
        ("//./a//b/", "/home/a", "/home/a/a/b/"),
        ("//", "/home/a", "/home/a/"),
        ("//s", "/", "/s"),
        ("//s/t", "C:\\p\\q", "C:\\p\\q\\s\\t"),
        ("//..\\s", "C:\\p", "C:\\s"),
        (
            "//..\\..\\s",
            "\\\\server\\share\\p",
            "\\\\server\\share\\s",
        ),
        ("/abs/s", "/home/a", "/abs/s"),
        ("rel/s", "/home/a", "rel/s"),
    ] {
        assert_eq!(resolve(pattern, folder), expected, "{pattern} in {folder}");
    }
}

#[test]
fn temporary_folders_are_known_on_every_platform() {
    for pattern in [
        "/tmp/",
        "/tmp\\",
        "/tmp/shot_",
        "C:\\tmp\\",
        "c:/tmp/x",
        "C:\\Users\\me\\AppData\\Local\\Temp\\x",
        "/private/tmp/x",
        "/var/folders/ab/T/x",
        "",
    ] {
        assert!(is_temporary(pattern), "{pattern}");
    }
    for pattern in [
        "//tmp/",
        "/tmpfiles/x",
        "/home/tmp/x",
        "/mnt/tmp",
        "C:\\render\\tmp\\",
        "tmp/x",
    ] {
        assert!(!is_temporary(pattern), "{pattern}");
    }
}

#[test]
fn path_templates_are_noticed() {
    assert!(png("/r/{scene_name}_####").has_template());
    assert!(!png("/r/{{scene}}_####").has_template());
    assert!(!png("/r/{scene_####").has_template());
}
