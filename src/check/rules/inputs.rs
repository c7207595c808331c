// SPDX-License-Identifier: Apache-2.0
//! Files that the scene reads: those that are missing, that others cannot see, and that may be others than the artist saw.

use std::collections::HashSet;
use std::path::Path;

use super::Subject;
use crate::blend::{DependencyKind, Expansion, PathForm, Role};
use crate::check::finding::{Finding, Thing};
use crate::check::inputs::Inputs;
use crate::frames::FrameSet;
use crate::relink::file_name;
use crate::trace::{TracedDependency, TracedFile};

/// Something to say of one file or set of files.
struct Line {
    thing: Thing,
    /// `image "brick": /films/brick.png`
    text: String,
}

impl Line {
    fn new(found: &TracedDependency, path: &Path) -> Self {
        let thing = thing(found, path);
        let kind = thing.kind.replace('_', " ");
        let text = format!("{kind} \"{}\": {}", thing.name, path.display());
        Self { thing, text }
    }

    fn and(mut self, more: &str) -> Self {
        self.text.push_str(more);
        self
    }
}

/// The data-block, in Blender's words; of strips, which are none, the file.
pub(super) fn thing(found: &TracedDependency, path: &Path) -> Thing {
    let dependency = &found.dependency;
    if dependency.kind == DependencyKind::Strip {
        return Thing::new("strip", file_name(path).unwrap_or_default());
    }
    let kind = match dependency.owner_type.as_str() {
        "bSound" => "sound",
        "VFont" => "font",
        "bNodeTree" => "node_tree",
        "Tex" => "texture",
        "MovieClip" => "movie_clip",
        "CacheFile" => "cache_file",
        "FreestyleLineStyle" => "line_style",
        other => return Thing::new(other.to_lowercase(), dependency.owner.clone()),
    };
    Thing::new(kind, dependency.owner.clone())
}

/// One finding of several lines: the first in the message itself, all of them in the details.
fn summed_up(finding: impl FnOnce(String) -> Finding, what: &str, lines: Vec<Line>) -> Finding {
    let first = lines
        .first()
        .map(|line| line.text.clone())
        .unwrap_or_default();
    let message = match lines.len() {
        1 => format!("{what}: {first}."),
        count => format!("{what}: {first}, and {} more.", count - 1),
    };
    let (things, texts): (Vec<_>, Vec<_>) = lines
        .into_iter()
        .map(|line| (line.thing, line.text))
        .unzip();
    let details = if texts.len() > 1 { texts } else { Vec::new() };
    finding(message).about_things(things).details(details)
}

/// A file of which nothing is there. What no scene uses is only worth a notice.
pub(super) fn missing_files(subject: &Subject<'_>) -> Option<Finding> {
    let inputs = subject.inputs?;
    let (mut needed, mut unused, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for found in inputs.read() {
        let dependency = &found.dependency;
        let is_required = files(found, inputs).any(|file| file.missing && file.is_required);
        let is_unused =
            !is_required && dependency.role == Role::Input && !is_kept_for_editing(dependency.kind);
        let matters = is_required || is_unused;
        if found.files.is_empty()
            || !matters
            || inputs.is_there(found)
            || seen.contains(&found.path)
        {
            continue;
        }
        seen.insert(&found.path);
        let line = Line::new(found, &found.path).and(&elsewhere(found, inputs));
        // Pictures are the same without their sound.
        let is_heard_only = dependency.kind == DependencyKind::Sound && !subject.scene.is_movie;
        if is_required && !is_heard_only {
            needed.push(line);
        } else {
            unused.push(line);
        }
    }
    if needed.is_empty() {
        if unused.is_empty() {
            return None;
        }
        let what = "A file is not there that the pictures do without";
        let finding = summed_up(
            |message| Finding::notice("missing-file", message),
            what,
            unused,
        );
        return Some(finding.fix_here(RELINK));
    }
    let what = "A file that the scene needs is not there";
    let severity = if subject.allows_missing {
        Finding::notice
    } else {
        Finding::error
    };
    let finding = summed_up(|message| severity("missing-file", message), what, needed);
    Some(finding.fix_here(format!("{RELINK}; --allow-missing renders without")))
}

/// What is read while a scene is made, not while it is rendered.
fn is_kept_for_editing(kind: DependencyKind) -> bool {
    use DependencyKind::{BrushIcon, CustomProperty, Proxy, Text};
    matches!(kind, BrushIcon | CustomProperty | Proxy | Text)
}

const RELINK: &str = "press Fix in Blender's panel, or `farmhand relink FILE --search FOLDER`";

/// Where a file of that name lies.
fn elsewhere(found: &TracedDependency, inputs: &Inputs) -> String {
    let mut files = files(found, inputs);
    if let Some(right) = files.find_map(|file| file.found_as.as_ref()) {
        let name = right.file_name().unwrap_or(right.as_os_str());
        return format!(" (its name is written {})", name.to_string_lossy());
    }
    let name = file_name(&found.path).unwrap_or_default();
    let all: Vec<&Path> = inputs.places.all(&name).collect();
    match (inputs.places.best(&found.path), all.as_slice()) {
        (Some(best), _) => format!(" (there is {})", best.display()),
        (None, []) => String::new(),
        (None, all) => format!(" (there are {} files of that name)", all.len()),
    }
}

fn files<'i>(found: &TracedDependency, inputs: &'i Inputs) -> impl Iterator<Item = &'i TracedFile> {
    let files: Vec<_> = found
        .files
        .iter()
        .filter_map(|index| inputs.trace.files.get(*index))
        .collect();
    files.into_iter()
}

/// Numbers that are missing among the files of one path.
struct Gap {
    line: Line,
    is_tiles: bool,
}

/// A sequence or a set of tiles of which some files are there, and others not.
pub(super) fn missing_frames(subject: &Subject<'_>) -> Option<Finding> {
    let inputs = subject.inputs?;
    let mut seen = HashSet::new();
    let mut gaps = Vec::new();
    for found in inputs.read() {
        let is_tiles = matches!(found.dependency.expansion, Expansion::Tiles { .. });
        if !inputs.is_there(found) || seen.contains(&found.path) {
            continue;
        }
        let is_needed = files(found, inputs).any(|file| file.missing && file.is_required);
        let (missing, all) = match &found.frames {
            _ if !is_needed => continue,
            Some(frames) => (frames.missing.clone(), frames.asked.clone()),
            None if is_tiles => {
                let missing = files(found, inputs).filter(|file| file.missing);
                (numbers(missing), Some(numbers(files(found, inputs))))
            }
            None => continue,
        };
        seen.insert(&found.path);
        let what = if is_tiles { "tiles" } else { "frames" };
        let range = all.and_then(|all| all.first().zip(all.last()));
        let range = range.map_or(String::new(), |(first, last)| format!(" of {first}-{last}"));
        let missing = missing.to_string();
        let missing = if missing.len() > 60 {
            shortened(&missing)
        } else {
            missing
        };
        gaps.push(Gap {
            line: Line::new(found, &found.path).and(&format!(" ({what} {missing}{range})")),
            is_tiles,
        });
    }
    if gaps.is_empty() {
        return None;
    }
    let only_tiles = gaps.iter().all(|gap| gap.is_tiles);
    let only_frames = !gaps.iter().any(|gap| gap.is_tiles);
    let (code, what) = match (only_tiles, only_frames) {
        (true, _) => ("missing-tiles", "Tiles of an image are not there"),
        (_, true) => ("missing-frames", "Pictures of a sequence are not there"),
        _ => (
            "missing-frames",
            "Pictures of a sequence and tiles are not there",
        ),
    };
    let severity = if subject.allows_missing {
        Finding::notice
    } else {
        Finding::error
    };
    let lines = gaps.into_iter().map(|gap| gap.line).collect();
    let finding = summed_up(|message| severity(code, message), what, lines);
    Some(finding.fix_here(if only_tiles {
        "bring them back, or press Fix in Blender's panel to take these tiles off the image; --allow-missing renders without"
    } else {
        "bring them back, leave these frames out with --frames, or press Fix in Blender's panel to hold the picture before \
         each gap; --allow-missing renders without, and --ignore missing-frames all frames but those that need them"
    }))
}

fn shortened(numbers: &str) -> String {
    let head: String = numbers.chars().take(56).collect();
    let whole = head
        .rsplit_once(", ")
        .map_or(head.as_str(), |(whole, _)| whole);
    format!("{whole}, …")
}

/// The last number of each name.
fn numbers<'f>(files: impl Iterator<Item = &'f TracedFile>) -> FrameSet {
    FrameSet::from_frames(files.filter_map(|file| {
        let stem = file.path.file_stem()?.to_string_lossy().into_owned();
        let mut parts = stem.split(|letter: char| !letter.is_ascii_digit());
        parts.rfind(|part| !part.is_empty())?.parse().ok()
    }))
}

/// Libraries that cannot be read, unless they are missing as files.
pub(super) fn unreadable_libraries(subject: &Subject<'_>) -> Option<Finding> {
    let lines = problems(subject.inputs?, "library_unreadable");
    if lines.is_empty() {
        return None;
    }
    let what = "A library cannot be read";
    let finding = summed_up(
        |message| Finding::error("library-unreadable", message),
        what,
        lines,
    );
    Some(finding.fix_here(
        "bring back a whole one (Blender keeps the last as .blend1), or `farmhand relink FILE --search FOLDER` with a copy of it",
    ))
}

/// What is linked, and not in its library any more.
pub(super) fn missing_data_blocks(subject: &Subject<'_>) -> Option<Finding> {
    let lines = problems(subject.inputs?, "data_block_missing");
    if lines.is_empty() {
        return None;
    }
    let what = "Something that is linked is not in its library any more";
    let finding = summed_up(
        |message| Finding::error("data-block-missing", message),
        what,
        lines,
    );
    Some(finding.fix_here(
        "bring it back into the library, or press Fix in Blender's panel to leave it out",
    ))
}

fn problems(inputs: &Inputs, code: &str) -> Vec<Line> {
    let problems = inputs
        .trace
        .problems
        .iter()
        .filter(|problem| problem.code == code);
    problems
        .map(|problem| {
            let name = file_name(&problem.path).unwrap_or_default();
            let path = problem.path.display();
            let text = match problem.message.split_once(" is linked") {
                // The name begins with two letters for its kind.
                Some((name, _)) => format!("\"{}\" of {path}", name.get(2..).unwrap_or(name)),
                None => problem.message.clone(),
            };
            Line {
                thing: Thing::new("library", name),
                text,
            }
        })
        .collect()
}

/// Paths that lead to the same file on other computers only by luck.
pub(super) fn absolute_paths(subject: &Subject<'_>) -> Option<Finding> {
    let inputs = subject.inputs.filter(|_| !subject.maps_paths)?;
    let (mut lines, mut seen) = (Vec::new(), HashSet::new());
    for found in inputs.read() {
        let dependency = &found.dependency;
        let is_mine = *found.blend_file == *inputs.scene();
        let is_asked_for = dependency.is_used && !dependency.is_guess && inputs.is_there(found);
        let is_absolute = matches!(
            dependency.stored.form(),
            PathForm::Absolute | PathForm::Windows | PathForm::Unc
        );
        if is_mine
            && is_asked_for
            && is_absolute
            && !is_temporary(found, subject, inputs)
            && seen.insert(&found.path)
        {
            lines.push(Line::new(found, &found.path));
        }
    }
    if lines.is_empty() {
        return None;
    }
    let what = "A file is named by an absolute path, which leads elsewhere on other computers";
    let finding = summed_up(
        |message| Finding::notice("absolute-path", message),
        what,
        lines,
    );
    Some(finding.fix_here("press Fix in Blender's panel, or `farmhand relink FILE --relative`"))
}

/// The artist may not have seen the file as it is now.
pub(super) fn newer_files(subject: &Subject<'_>) -> Option<Finding> {
    let inputs = subject.inputs?;
    let lines: Vec<Line> = inputs
        .newer
        .iter()
        .filter_map(|(number, path)| {
            let found = inputs.trace.dependencies.get(*number)?;
            Some(Line::new(found, path))
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let what = "A file was changed after the scene was saved, and is rendered as it is now";
    let finding = summed_up(
        |message| Finding::notice("newer-file", message),
        what,
        lines,
    );
    Some(finding.fix_here(
        "press Fix in Blender's panel to load it again, or look at it in Blender and save",
    ))
}

/// Temporary folders are emptied, and no other computer has them. Where a farm has a share, what counts is whether a
/// file lies on it.
pub(super) fn temporary_files(subject: &Subject<'_>) -> Option<Finding> {
    let inputs = subject.inputs.filter(|_| !subject.maps_paths)?;
    let (mut lines, mut seen) = (Vec::new(), HashSet::new());
    for found in inputs.read() {
        let dependency = &found.dependency;
        let is_asked_for = dependency.is_used && inputs.is_there(found);
        if is_asked_for && is_temporary(found, subject, inputs) && !seen.contains(&found.path) {
            seen.insert(&found.path);
            lines.push(Line::new(found, &found.path));
        }
    }
    if lines.is_empty() {
        return None;
    }
    let what = "A cache or file that the scene needs lies in the temporary folder, which is emptied now and then";
    let finding = summed_up(
        |message| Finding::warning("cache-in-temp", message),
        what,
        lines,
    );
    Some(finding.fix_here("press Fix in Blender's panel to put it beside the scene"))
}

/// A scene that is itself in the temporary folder may have its files beside it.
fn is_temporary(found: &TracedDependency, subject: &Subject<'_>, inputs: &Inputs) -> bool {
    let temporary =
        |path: &Path| path.starts_with(subject.temporary_dir) || path.starts_with("/tmp");
    let scene = inputs.scene();
    let is_beside = scene
        .parent()
        .is_some_and(|folder| found.path.starts_with(folder));
    let is_chosen = found.dependency.stored.form() != PathForm::Relative || !temporary(scene);
    temporary(&found.path) && !is_beside && is_chosen
}
