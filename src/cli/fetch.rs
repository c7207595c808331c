// SPDX-License-Identifier: Apache-2.0
//! `farmhand fetch`: a job's files brought home.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JobOption, JsonOption};
use super::reach::Farm;
use super::text;
use crate::farm::models::Job;
use crate::fetch::{self, FetchError, RemoteFile};

/// How often is asked for new files of a job in work, and for checksums that are worked out.
const EVERY: Duration = Duration::from_secs(2);

/// What `farmhand fetch` takes.
#[derive(Args, Debug)]
#[command(
    after_help = "What is there already, whole, is left as it is; what was begun goes on where it was left."
)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    /// The folder to bring them to; one named by the job when absent
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Bring what comes until the job ends
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// What was done.
#[derive(Default)]
struct Tally {
    files: u64,
    came_bytes: u64,
    was_there: u64,
    elsewhere: u64,
    failed: Vec<String>,
}

/// Brings the files home.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    let farm = Farm::reach(&options.farm, context).await?;
    let job = farm.find(&options.job.job).await?;
    if farm.is_local() {
        return Err(
            Failure::failed("this computer rendered the job: its frames are here already").hint(
                format!("farmhand show {} says where", text::short_id(&job.id)),
            ),
        );
    }
    let folder = options.to.clone().unwrap_or_else(|| named_folder(&job));
    let (mut tally, mut seen) = (Tally::default(), BTreeSet::new());
    loop {
        let listing = fetch::list(farm.client(), &job.id).await?;
        tally.elsewhere = listing.elsewhere;
        let (ready, waiting): (Vec<_>, Vec<_>) = listing
            .files
            .into_iter()
            .partition(|file| file.sha256.is_some());
        for file in ready {
            let mark = (file.path.clone(), file.sha256.clone());
            if seen.insert(mark) {
                bring(&farm, &job, &folder, &file, &mut tally, context).await?;
            }
        }
        let is_over = listing.is_complete || !options.follow;
        if (is_over && waiting.is_empty()) || context.terminal.reader_gone() {
            break;
        }
        tokio::time::sleep(EVERY).await;
    }
    Ok(report(&options, &folder, &tally, context))
}

async fn bring(
    farm: &Farm,
    job: &Job,
    folder: &Path,
    file: &RemoteFile,
    tally: &mut Tally,
    context: &mut Context,
) -> Result<(), Failure> {
    let looked = (folder.to_owned(), file.clone());
    let there = tokio::task::spawn_blocking(move || fetch::is_there(&looked.0, &looked.1)).await;
    let fetched = match there {
        Ok(Ok(true)) => {
            tally.was_there += 1;
            return Ok(());
        }
        Ok(Err(error)) => Err(error),
        _ => fetch::fetch_file(farm.client(), &job.id, folder, file).await,
    };
    match fetched {
        Ok(fetched) => {
            tally.files += 1;
            tally.came_bytes += fetched.came_bytes;
            context.terminal.note(text::path(&fetched.local_path));
            Ok(())
        }
        // One file that cannot be had is no reason to leave the others.
        Err(error @ (FetchError::Outside { .. } | FetchError::Damaged { .. })) => {
            context.terminal.note(format!("{error}"));
            tally.failed.push(file.path.clone());
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

fn report(options: &Options, folder: &Path, tally: &Tally, context: &mut Context) -> Exit {
    let exit = if tally.failed.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    };
    if options.json.json {
        context.terminal.json(&json!({
            "folder": folder, "files": tally.files, "came_bytes": tally.came_bytes, "was_there": tally.was_there,
            "elsewhere": tally.elsewhere, "failed": tally.failed,
        }));
        return exit;
    }
    if tally.elsewhere > 0 {
        context.terminal.note(format!(
            "{} lie outside of the job's output folder, and stay at the farm.",
            text::count(tally.elsewhere, "file")
        ));
    }
    let there = match tally.was_there {
        0 => String::new(),
        count => format!(", {count} there already"),
    };
    context.terminal.data(format!(
        "{} brought to {}{there}",
        text::count(tally.files, "file"),
        text::path(folder)
    ));
    exit
}

/// A folder here, named by the job and its id, so that two jobs never mix.
fn named_folder(job: &Job) -> PathBuf {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | ' ');
    let name: String = job
        .name
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect();
    PathBuf::from(format!("{}-{}", name.trim(), text::short_id(&job.id)))
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Farm(error) => error.into(),
            error => Self::caused(Exit::Failed, &error),
        }
    }
}
