// SPDX-License-Identifier: Apache-2.0
//! `farmhand job-type`: hand out the script that a Flamenco Manager needs for warm lanes.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::JsonOption;
use super::text;
use crate::farm::job_type::{JOB_TYPE, SCRIPT_FILE, script};

/// What `farmhand job-type` takes.
#[derive(Args, Debug)]
pub struct Options {
    /// The folder to write the script into: `scripts` beside flamenco-manager. Without it the script is printed
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    #[command(flatten)]
    json: JsonOption,
}

/// Writes the script, or prints it.
pub fn run(options: &Options, context: &mut Context) -> Result<Exit, Failure> {
    let Some(folder) = &options.to else {
        if options.json.json {
            let value = json!({"job_type": JOB_TYPE, "file": SCRIPT_FILE, "script": script()});
            context.terminal.json(&value);
        } else {
            context.terminal.data(script().trim_end());
        }
        return Ok(Exit::Done);
    };
    let path = write_into(folder)?;
    if options.json.json {
        context
            .terminal
            .json(&json!({"job_type": JOB_TYPE, "file": path}));
        return Ok(Exit::Done);
    }
    context.terminal.data(text::path(&path));
    context
        .terminal
        .note("A Manager that runs already knows the type once it is started again.");
    Ok(Exit::Done)
}

/// Written aside and renamed: a Manager that starts now reads the old script or the new one.
fn write_into(folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join(SCRIPT_FILE);
    let aside = folder.join(format!(".{SCRIPT_FILE}.{}", std::process::id()));
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&aside, script()))
        .and_then(|()| std::fs::rename(&aside, &path));
    written.map_err(|error| {
        // What is left of it is only untidy.
        let _ = std::fs::remove_file(&aside);
        let shown = text::path(&path);
        Failure::failed(format!("the job type cannot be written ({error}): {shown}")).hint(
            "name a folder that can be written to, or redirect what `farmhand job-type` prints",
        )
    })?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_written_whole_and_replaces_an_older_one() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("scripts");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(SCRIPT_FILE), "old").unwrap();
        let path = write_into(&folder).unwrap();
        assert_eq!(std::fs::read_to_string(path).unwrap(), script());
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = write_into(&file.path().join("scripts")).unwrap_err();
        assert!(failure.message.contains(SCRIPT_FILE), "{}", failure.message);
    }
}
