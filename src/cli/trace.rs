// SPDX-License-Identifier: Apache-2.0
//! `farmhand trace`: name every file that a scene needs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::{Value, json};

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::JsonOption;
use super::style::Style;
use super::terminal::Terminal;
use super::text;
use crate::blend::DependencyKind;
use crate::frames::FrameSet;
use crate::trace::{self, Progress, Trace, TracedDependency, TracedFile};

/// How often the line of progress is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);

/// What `farmhand trace` takes.
#[derive(Args, Debug)]
pub struct Options {
    /// The scene file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Show which .blend file names which files
    #[arg(long, conflicts_with = "json")]
    tree: bool,
    #[command(flatten)]
    json: JsonOption,
}

/// Traces the file and shows what it needs; sends nothing.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let traced = trace_with_progress(&options.file, &context.terminal).await?;
    let terminal = &mut context.terminal;
    if options.json.json {
        terminal.json(&as_json(&traced));
        return Ok(Exit::Done);
    }
    let style = terminal.out_style;
    let lines = if options.tree {
        tree(&traced, style)
    } else {
        traced.files.iter().map(|file| line(file, style)).collect()
    };
    for line in lines {
        terminal.data(line);
    }
    for problem in &traced.problems {
        terminal.note(format!("{} {}", style.bad("✗"), problem.message));
    }
    terminal.note(summary(&traced));
    Ok(Exit::Done)
}

/// Traces in a thread of its own, so that the terminal can show how far it is.
async fn trace_with_progress(file: &Path, terminal: &Terminal) -> Result<Trace, Failure> {
    let progress = Arc::new(Progress::default());
    let (path, shared) = (file.to_owned(), Arc::clone(&progress));
    let mut work = tokio::task::spawn_blocking(move || trace::trace(&path, &shared));
    let bar = ProgressBar::with_draw_target(
        None,
        if terminal.bars {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        },
    );
    let traced = loop {
        match tokio::time::timeout(DRAWN_EVERY, &mut work).await {
            Ok(joined) => break joined,
            Err(_) => bar.set_message(format!(
                "{} of {} .blend files read, {} looked up",
                text::thousands(progress.blend_files_read()),
                text::thousands(progress.blend_files_known()),
                text::count(progress.paths_looked_up(), "path")
            )),
        }
    };
    bar.finish_and_clear();
    match traced {
        Ok(traced) => traced.map_err(|error| Failure::caused(Exit::Failed, &error)),
        Err(error) => Err(Failure::caused(Exit::Failed, &error)),
    }
}

fn as_json(traced: &Trace) -> Value {
    let outputs: Vec<Value> = traced
        .outputs()
        .map(|found| {
            let dependency = &found.dependency;
            json!({
                "path": found.path.display().to_string(),
                "kind": dependency.kind,
                "owner": dependency.owner,
                "stored": dependency.stored,
                "form": dependency.stored.form(),
            })
        })
        .collect();
    let packed: Vec<Value> = traced
        .dependencies
        .iter()
        .filter(|found| found.dependency.is_packed)
        .map(|found| {
            json!({
                "path": found.path.display().to_string(),
                "kind": found.dependency.kind,
                "owner": found.dependency.owner,
            })
        })
        .collect();
    let sequences: Vec<Value> = traced
        .dependencies
        .iter()
        .filter_map(|found| {
            let frames = found.frames.as_ref()?;
            Some(json!({
                "path": found.path.display().to_string(),
                "kind": found.dependency.kind,
                "owner": found.dependency.owner,
                "named_in": found.blend_file.display().to_string(),
                "is_required": found.dependency.is_required,
                "frames_asked": frames.asked,
                "frames_missing": frames.missing,
                "asked_count": frames.asked.as_ref().map(FrameSet::len),
                "missing_count": frames.missing.len(),
            }))
        })
        .collect();
    json!({
        "files": traced.files,
        "sequences": sequences,
        "outputs": outputs,
        "packed": packed,
        "problems": traced.problems,
    })
}

fn line(file: &TracedFile, style: Style) -> String {
    let path = text::path(&file.path);
    let kind = style.dim(file.kind.as_str());
    match (file.size_bytes, &file.found_as) {
        (Some(size), _) => format!("{path}  {kind}  {}", text::size(size)),
        (None, Some(found)) => format!(
            "{path}  {kind}  {} {}",
            style.bad("missing, but there is"),
            text::path(found)
        ),
        (None, None) if file.is_required => format!("{path}  {kind}  {}", style.bad("missing")),
        (None, None) => format!("{path}  {kind}  {}", style.dim("not there, not needed")),
    }
}

/// One branch for each .blend file, in it what it names; files that are named by several data-blocks stand once.
fn tree(traced: &Trace, style: Style) -> Vec<String> {
    let mut named: HashMap<&Path, Vec<&TracedDependency>> = HashMap::new();
    for found in &traced.dependencies {
        named.entry(&*found.blend_file).or_default().push(found);
    }
    let mut lines = Vec::new();
    let mut shown = HashSet::new();
    if let Some(root) = traced.files.first() {
        branch(traced, &root.path, 0, &named, &mut shown, style, &mut lines);
    }
    lines
}

fn branch<'t>(
    traced: &'t Trace,
    blend_file: &'t Path,
    depth: usize,
    named: &HashMap<&Path, Vec<&'t TracedDependency>>,
    shown: &mut HashSet<&'t Path>,
    style: Style,
    lines: &mut Vec<String>,
) {
    let indent = "  ".repeat(depth);
    let is_first = shown.insert(blend_file);
    let again = if is_first { "" } else { "  (above)" };
    lines.push(format!(
        "{indent}{}{}",
        text::path(blend_file),
        style.dim(again)
    ));
    if !is_first {
        return;
    }
    let mut libraries: Vec<&Path> = Vec::new();
    // What it names, by kind: how many files and bytes, and which are missing.
    let mut kinds: BTreeMap<DependencyKind, (HashSet<usize>, u64, Vec<usize>)> = BTreeMap::new();
    for found in named.get(blend_file).into_iter().flatten() {
        for number in &found.files {
            let Some(file) = traced.files.get(*number) else {
                continue;
            };
            if file.kind == DependencyKind::Library && !file.missing {
                if !libraries.contains(&file.path.as_path()) {
                    libraries.push(&file.path);
                }
                continue;
            }
            let (files, size, missing) = kinds.entry(file.kind).or_default();
            if files.insert(*number) {
                *size += file.size_bytes.unwrap_or_default();
                missing.extend(file.missing.then_some(*number));
            }
        }
    }
    for (kind, (files, size, missing)) in kinds {
        let mut line = format!(
            "{indent}  {}  {}",
            kind.as_str(),
            text::count(files.len() as u64, "file")
        );
        let _ = write!(line, ", {}", text::size(size));
        lines.push(style.dim(&line));
        for number in missing {
            if let Some(file) = traced.files.get(number) {
                lines.push(format!("{indent}    {}", self::line(file, style)));
            }
        }
    }
    for library in libraries {
        branch(traced, library, depth + 1, named, shown, style, lines);
    }
}

fn summary(traced: &Trace) -> String {
    let there: u64 = traced.files.iter().filter_map(|file| file.size_bytes).sum();
    let missing = traced
        .files
        .iter()
        .filter(|file| file.missing && file.is_required);
    let missing = missing.count() as u64;
    let mut summary = format!(
        "{}, {}",
        text::count(traced.files.len() as u64, "file"),
        text::size(there)
    );
    if missing > 0 {
        let _ = write!(summary, "; {} missing", text::thousands(missing));
    }
    summary + "."
}
