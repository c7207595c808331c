// SPDX-License-Identifier: Apache-2.0
//! Where the frames go: the scene's own output, the folder that was asked for, or a folder beside the scene.

use std::path::{Component, MAIN_SEPARATOR, Path, PathBuf};

/// Why the scene's own output is not used although nobody asked for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The scene still writes to the temporary folder, as every new scene of Blender does.
    Temporary,
    /// The scene's output is a path of another platform, such as `C:\render\` on Linux.
    OtherPlatform,
    /// The scene has no output at all.
    Empty,
}

/// Where the frames go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Blender's output pattern, absolute, with `#` and other tokens kept.
    pub pattern: String,
    /// The deepest folder of the pattern that is the same for every frame.
    pub folder: PathBuf,
    /// The scene's own output was set aside, and why.
    pub moved: Option<Moved>,
    /// People asked for a folder.
    pub overridden: bool,
}

/// What is known before a place is chosen.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The scene's own output, as the file has it.
    pub scene_output: &'a str,
    /// The scene file, absolute.
    pub blend_path: &'a Path,
    /// What relative paths that people type are relative to, absolute.
    pub current_dir: &'a Path,
    /// The platform's temporary folder.
    pub temporary_dir: &'a Path,
}

/// Chooses where the frames go. Looks at nothing on disk.
pub fn choose(asked: Option<&Path>, around: &Surroundings<'_>) -> Place {
    let moved = why_moved(around);
    let blend_dir = around.blend_path.parent().unwrap_or(around.current_dir);
    let stem = around
        .blend_path
        .file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default();
    if let Some(asked) = asked {
        let absolute = tidy(&around.current_dir.join(asked));
        let typed = absolute.to_string_lossy().into_owned();
        let pattern = if typed.contains('#') {
            typed
        } else {
            let file_name = if moved.is_some() {
                format!("{stem}_####")
            } else {
                own_file_name(around.scene_output)
            };
            below(&absolute, &file_name)
        };
        return Place {
            folder: fixed_folder(&pattern),
            pattern,
            moved: None,
            overridden: true,
        };
    }
    let pattern = if moved.is_some() {
        below(
            &blend_dir.join(format!("{stem}-frames")),
            &format!("{stem}_####"),
        )
    } else {
        absolute_pattern(around.scene_output, blend_dir)
    };
    Place {
        folder: fixed_folder(&pattern),
        pattern,
        moved,
        overridden: false,
    }
}

/// The same place with its folder renamed: `frames` becomes `frames-2` for `number` 2.
pub fn numbered(place: &Place, number: u32) -> Place {
    let name = place
        .folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let folder = place.folder.with_file_name(format!("{name}-{number}"));
    let rest = Path::new(&place.pattern)
        .strip_prefix(&place.folder)
        .unwrap_or(Path::new(""))
        .to_string_lossy();
    Place {
        pattern: below(&folder, &rest),
        folder,
        ..place.clone()
    }
}

/// What ends a film's file name.
const FILM_EXTENSIONS: [&str; 11] = [
    "mp4", "mkv", "mov", "avi", "webm", "ogv", "ogg", "mpg", "mpeg", "flv", "m4v",
];

/// Gives a film's pictures a folder of their own beside it, and returns the film's own pattern; the place's folder stays
/// the film's.
pub fn split_off_pictures(place: &mut Place) -> String {
    let film = place.pattern.clone();
    let pictures = without_film_extension(&film);
    let (folder, name) = match pictures.rsplit_once(MAIN_SEPARATOR) {
        Some((_, name)) => (
            pictures
                .get(..pictures.len() - name.len())
                .unwrap_or_default(),
            name,
        ),
        None => ("", pictures),
    };
    let stem: String = name.chars().filter(|letter| *letter != '#').collect();
    let stem = stem.trim_end_matches(['_', '-', '.', ' ']);
    let own = format!("{stem}-frames");
    let is_own_already = place.folder.file_name().is_some_and(|name| name == &*own);
    let below = if stem.is_empty() || is_own_already {
        "frames".to_owned()
    } else {
        own
    };
    let number = match name.chars().next_back() {
        _ if name.contains('#') => "",
        None | Some('_' | '-' | '.' | ' ') => "####",
        Some(_) => "_####",
    };
    place.pattern = format!("{folder}{below}{MAIN_SEPARATOR}{name}{number}");
    film
}

/// The pattern of a film without the film's extension.
fn without_film_extension(pattern: &str) -> &str {
    match pattern.rsplit_once('.') {
        Some((rest, extension))
            if FILM_EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) =>
        {
            rest
        }
        _ => pattern,
    }
}

/// Blender's own meaning of a path in a scene: `//` is the scene's folder, as `{blend_dir}` is from Blender 4.5 on; both
/// slashes separate.
fn absolute_pattern(scene_output: &str, blend_dir: &Path) -> String {
    let native = native_slashes(scene_output);
    let ends_with_folder = native.ends_with(MAIN_SEPARATOR);
    let relative = scene_output
        .strip_prefix("//")
        .or_else(|| scene_output.strip_prefix("\\\\").filter(|_| !cfg!(windows)))
        .or_else(|| {
            scene_output
                .strip_prefix("{blend_dir}")
                .map(|rest| rest.trim_start_matches(['/', '\\']))
        });
    let joined = match relative {
        Some(rest) => blend_dir.join(native_slashes(rest)),
        None => blend_dir.join(&native),
    };
    let tidied = tidy(&joined);
    if ends_with_folder || relative == Some("") {
        below(&tidied, "")
    } else {
        tidied.to_string_lossy().into_owned()
    }
}

fn native_slashes(path: &str) -> String {
    path.replace(['/', '\\'], std::path::MAIN_SEPARATOR_STR)
}

fn why_moved(around: &Surroundings<'_>) -> Option<Moved> {
    let output = around.scene_output.trim();
    if output.is_empty() {
        return Some(Moved::Empty);
    }
    if !cfg!(windows) && has_drive(output) {
        return Some(Moved::OtherPlatform);
    }
    if output.starts_with("//") {
        return None;
    }
    // `/tmp\` is how Blender on Windows writes the default into every new scene.
    let native = native_slashes(output);
    let folder = if native.ends_with(MAIN_SEPARATOR) {
        Some(Path::new(&native))
    } else {
        Path::new(&native).parent()
    };
    let is_temporary = folder.is_some_and(|folder| {
        tidy(folder) == tidy(around.temporary_dir) || tidy(folder) == Path::new("/tmp")
    });
    is_temporary.then_some(Moved::Temporary)
}

fn has_drive(path: &str) -> bool {
    let mut letters = path.chars();
    letters
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic())
        && letters.next() == Some(':')
}

fn own_file_name(scene_output: &str) -> String {
    let native = native_slashes(scene_output.strip_prefix("//").unwrap_or(scene_output));
    native
        .rsplit(MAIN_SEPARATOR)
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// A pattern below a folder; an empty file name leaves the separator that Blender needs to see a folder.
fn below(folder: &Path, file_name: &str) -> String {
    folder.join(file_name).to_string_lossy().into_owned()
}

/// The deepest folder of a pattern in which nothing depends on the frame.
fn fixed_folder(pattern: &str) -> PathBuf {
    let folder = if pattern.ends_with(MAIN_SEPARATOR) {
        Path::new(pattern)
    } else {
        Path::new(pattern).parent().unwrap_or(Path::new(""))
    };
    folder
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['#', '{']))
        .collect()
}

/// `.` and `..` resolved by name: the folder may not exist yet.
fn tidy(path: &Path) -> PathBuf {
    let mut tidied = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            // At the root there is nothing to leave.
            Component::ParentDir => drop(tidied.pop()),
            other => tidied.push(other),
        }
    }
    tidied
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn place(scene_output: &str, asked: Option<&str>) -> Place {
        let around = Surroundings {
            scene_output,
            blend_path: Path::new("/films/one/shot.blend"),
            current_dir: Path::new("/home/ada"),
            temporary_dir: Path::new("/var/tmp/ada"),
        };
        choose(asked.map(Path::new), &around)
    }

    #[test]
    fn a_scene_keeps_its_own_output_relative_to_its_own_file() {
        assert_eq!(
            place("//render/shot_####", None).pattern,
            "/films/one/render/shot_####"
        );
        assert_eq!(place("//../out/", None).pattern, "/films/out/");
        assert_eq!(place("//", None).pattern, "/films/one/");
        assert_eq!(
            place("//render\\shot_", None).pattern,
            "/films/one/render/shot_"
        );
        assert_eq!(
            place("{blend_dir}/render/{scene_name}_", None).pattern,
            "/films/one/render/{scene_name}_"
        );
        assert_eq!(
            place("/mnt/frames/a/", None).folder,
            Path::new("/mnt/frames/a")
        );
        assert_eq!(place("/mnt/frames/a/", None).moved, None);
    }

    #[test]
    fn the_temporary_folder_of_a_new_scene_gives_way_to_a_folder_beside_the_scene() {
        for output in ["/tmp/", "/tmp\\", "/var/tmp/ada/", "/tmp/img_"] {
            let place = place(output, None);
            assert_eq!(place.moved, Some(Moved::Temporary), "{output}");
            assert_eq!(
                place.pattern, "/films/one/shot-frames/shot_####",
                "{output}"
            );
        }
        assert_eq!(place("/tmp/kept/", None).moved, None);
        assert_eq!(place("", None).moved, Some(Moved::Empty));
        assert_eq!(
            place("C:\\render\\", None).moved,
            Some(Moved::OtherPlatform)
        );
    }

    #[test]
    fn a_folder_that_was_asked_for_keeps_the_scenes_file_name() {
        let asked = place("//render/shot_####", Some("out"));
        assert_eq!(asked.pattern, "/home/ada/out/shot_####");
        assert_eq!(asked.folder, Path::new("/home/ada/out"));
        assert!(asked.overridden);
        assert_eq!(place("//render/", Some("/x/y")).pattern, "/x/y/");
        assert_eq!(place("/tmp/", Some("/x/y")).pattern, "/x/y/shot_####");
        assert_eq!(place("/tmp/", Some("/x/y/../a_##")).pattern, "/x/a_##");
    }

    #[test]
    fn a_film_loses_its_extension_and_nothing_else_does() {
        for (pattern, expected) in [
            ("/films/one/shot.mp4", "/films/one/shot"),
            ("/films/one/shot_####.MKV", "/films/one/shot_####"),
            ("/films/one/.webm", "/films/one/"),
            ("/films/one.mp4/", "/films/one.mp4/"),
            ("/films/v1.2_", "/films/v1.2_"),
        ] {
            assert_eq!(without_film_extension(pattern), expected);
        }
    }

    #[test]
    fn a_films_pictures_have_a_folder_of_their_own_beside_it() {
        for (output, film, pictures) in [
            ("//shot.mp4", "shot.mp4", "shot-frames/shot_####"),
            ("//out/shot_", "out/shot_", "out/shot-frames/shot_####"),
            ("//out/", "out/", "out/frames/####"),
            ("//out/a_##.mkv", "out/a_##.mkv", "out/a-frames/a_##"),
            (
                "/tmp/",
                "shot-frames/shot_####",
                "shot-frames/frames/shot_####",
            ),
        ] {
            let mut place = place(output, None);
            let folder = place.folder.clone();
            assert_eq!(
                split_off_pictures(&mut place),
                format!("/films/one/{film}"),
                "{output}"
            );
            assert_eq!(place.pattern, format!("/films/one/{pictures}"), "{output}");
            assert_eq!(place.folder, folder, "{output}");
        }
    }

    #[test]
    fn the_folder_is_the_part_that_is_the_same_for_every_frame() {
        let place = place("//render/####/{blend_name}_v", None);
        assert_eq!(place.folder, Path::new("/films/one/render"));
        assert_eq!(
            numbered(&place, 2).pattern,
            "/films/one/render-2/####/{blend_name}_v"
        );
        assert_eq!(numbered(&place, 2).folder, Path::new("/films/one/render-2"));
    }
}
