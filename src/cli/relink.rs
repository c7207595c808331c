// SPDX-License-Identifier: Apache-2.0
//! `farmhand relink`: find missing files again, and write a scene that names them where they are.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::JsonOption;
use super::text;
use crate::relink::{self, Plan, RelinkError, Target, Wish};
use crate::trace::{self, Progress};

/// What `farmhand relink` takes.
#[derive(Args, Debug)]
pub struct Options {
    /// The scene file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A folder to look in for files of the same names, however deep; may be given several times. The scene's own
    /// folder when absent
    #[arg(long = "search", value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Name files by relative paths that are named by absolute ones
    #[arg(long)]
    relative: bool,
    /// Where the scene with the new paths goes; `NAME-relinked.blend` beside it when absent
    #[arg(long, value_name = "COPY", conflicts_with = "in_place")]
    to: Option<PathBuf>,
    /// Change the scene itself; as it was it stays beside, with a `1` behind its name
    #[arg(long)]
    in_place: bool,
    /// Say what would be changed, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    json: JsonOption,
}

/// Looks for missing files and writes the scene; exit code 1 where some are found nowhere.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let (plan, written, json) = tokio::task::spawn_blocking(move || work(&options))
        .await
        .map_err(|error| Failure::caused(Exit::Failed, &error))??;
    let is_whole = plan.left.is_empty() && plan.elsewhere.is_empty() && plan.caches.is_empty();
    let exit = if is_whole { Exit::Done } else { Exit::Failed };
    if json {
        context.terminal.json(&as_json(&plan, written.as_deref()));
        return Ok(exit);
    }
    let style = context.terminal.out_style;
    for change in &plan.changes {
        context.terminal.data(format!(
            "{} {} {}",
            style.dim(&text::path(&change.from)),
            style.dim("→"),
            text::path(&change.to)
        ));
    }
    let style = context.terminal.err_style;
    for path in &plan.left {
        context.terminal.note(format!(
            "{} not found, or at several places: {}",
            style.bad("✗"),
            text::path(path)
        ));
    }
    for library in &plan.elsewhere {
        context.terminal.note(format!(
            "{} this library names missing files itself; mend it first, by `farmhand relink --in-place --search FOLDER`: {}",
            style.bad("✗"),
            text::path(library)
        ));
    }
    for cache in &plan.caches {
        context.terminal.note(format!(
            "{} this cache is not there, and its files can't be told by their names: put it back there, choose its folder in Blender, or bake it again: {}",
            style.bad("✗"),
            text::path(cache)
        ));
    }
    let changed = text::count(plan.changes.len() as u64, "path");
    context
        .terminal
        .note(match (written, plan.changes.is_empty()) {
            (Some(path), _) => format!(
                "{} {changed} changed: {}",
                style.good("✓"),
                text::path(&path)
            ),
            (None, true) => "Nothing to change; nothing was written.".to_owned(),
            (None, false) => format!("{changed} would be changed; nothing was written."),
        });
    Ok(exit)
}

fn work(options: &Options) -> Result<(Plan, Option<PathBuf>, bool), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::caused(Exit::Failed, error);
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let scene = absolute(&options.file);
    let folder = scene.parent().unwrap_or(Path::new("")).to_owned();
    let folders: Vec<PathBuf> = options
        .folders
        .iter()
        .map(|folder| absolute(folder))
        .collect();
    if let Some(folder) = folders.iter().find(|folder| !folder.is_dir()) {
        return Err(Failure::usage(format!(
            "--search: there is no such folder: {}",
            folder.display()
        )));
    }
    let target = match &options.to {
        _ if options.in_place => Target::InPlace,
        Some(path) => Target::Copy(absolute(path)),
        None => Target::Copy(beside(&scene)),
    };
    let target_folder = match &target {
        Target::Copy(path) => path.parent().unwrap_or(Path::new("")).to_owned(),
        Target::InPlace => folder.clone(),
    };
    let traced = trace::trace(&scene, &Progress::default()).map_err(|error| failed(&error))?;
    let own = [folder];
    let plan = relink::plan(
        &traced,
        Wish {
            folders: if folders.is_empty() { &own } else { &folders },
            make_relative: options.relative,
            target_folder: &target_folder,
        },
    );
    if options.dry_run || plan.changes.is_empty() {
        return Ok((plan, None, options.json.json));
    }
    let written = relink::apply(&scene, &plan, &target).map_err(|error| match error {
        RelinkError::Exists { .. } => {
            failed(&error).hint("--to COPY names another file, --in-place changes the scene itself")
        }
        error => failed(&error),
    })?;
    Ok((plan, Some(written), options.json.json))
}

/// `NAME-relinked.blend` beside a scene.
fn beside(scene: &Path) -> PathBuf {
    let stem = scene.file_stem().unwrap_or_default().to_string_lossy();
    scene.with_file_name(format!("{stem}-relinked.blend"))
}

fn as_json(plan: &Plan, written: Option<&Path>) -> Value {
    let shown = |path: &Path| path.display().to_string();
    let changes: Vec<Value> = plan
        .changes
        .iter()
        .map(|change| json!({"owner": change.owner, "from": shown(&change.from), "to": shown(&change.to)}))
        .collect();
    let left: Vec<String> = plan.left.iter().map(|path| shown(path)).collect();
    let libraries: Vec<String> = plan.elsewhere.iter().map(|path| shown(path)).collect();
    let caches: Vec<String> = plan.caches.iter().map(|path| shown(path)).collect();
    json!({
        "changes": changes,
        "left": left,
        "libraries": libraries,
        "caches": caches,
        "written": written.map(shown),
    })
}
