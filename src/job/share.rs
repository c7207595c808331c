// SPDX-License-Identifier: Apache-2.0
//! A job for workers that see this computer's files by other paths: what lies where they don't, and the job in their words.

use std::path::Path;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use serde_json::Value;

use super::error::JobError;
use super::inspect::Inspected;
use super::place::Place;
use super::staging;
use crate::check::Finding;
use crate::farm::models::SubmittedJob;
use crate::lanes::JobDescription;
use crate::stage::{self, SharePlan, Site};

/// More files than these are counted, not named.
const NAMED: usize = 3;

/// What a job needs so that a farm's workers find all of it.
#[derive(Clone, Debug)]
pub(super) struct Share {
    site: Arc<Site>,
    plan: SharePlan,
}

impl Share {
    /// Looks which of the scene's files workers see.
    pub(super) fn look(
        site: &Arc<Site>,
        inspected: &Inspected,
        place: &Place,
        submission_id: &str,
    ) -> Self {
        let folder = staging::folder(&place.folder, submission_id);
        Self {
            plan: stage::plan(&inspected.inputs.trace, site, &folder),
            site: Arc::clone(site),
        }
    }

    /// What there is to say of it.
    pub(super) fn findings(
        &self,
        inspected: &Inspected,
        place: &Place,
        has_lanes: bool,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        let output = place.folder.to_string_lossy();
        if !self.site.sees(&place.folder) {
            let message = format!("The farm's workers don't see the output folder {output}.");
            let fix = format!(
                "choose a folder on the share with --output FOLDER, or {}",
                self.advice(&place.folder)
            );
            findings.push(Finding::error("output-outside-share", message).fix_here(fix));
        }
        findings.extend(self.outside(inspected));
        findings.extend(self.changed(&[&inspected.blend_path, &place.folder]));
        findings.extend(self.mixed(has_lanes));
        if self.plan.copies.is_empty() {
            return findings;
        }
        findings.extend(self.left_behind());
        let names = self.plan.copies.iter().map(|copy| copy.source.as_path());
        let names: Vec<String> = names.map(|path| path.display().to_string()).collect();
        let message = format!(
            "Workers need other paths than {} holds; the job gets {} with them in it, and the {} as it is.",
            listed(&names),
            if names.len() == 1 { "a copy" } else { "copies" },
            if names.len() == 1 {
                "file stays"
            } else {
                "files stay, each"
            },
        );
        findings.push(Finding::notice("paths-rewritten", message).about(names));
        findings
    }

    fn outside(&self, inspected: &Inspected) -> Option<Finding> {
        let outside = &self.plan.outside;
        let first = outside.first()?;
        let names: Vec<String> = outside
            .iter()
            .map(|file| file.path.display().to_string())
            .collect();
        let message = if first.path == inspected.blend_path {
            format!(
                "The farm's workers don't see the scene {}{}.",
                first.path.display(),
                match names.len() {
                    1 => String::new(),
                    count => format!(", and {} that it needs", files(count - 1)),
                }
            )
        } else {
            format!(
                "The farm's workers don't see {} that the scene needs: {}.",
                files(names.len()),
                listed(&names)
            )
        };
        let folder = first.path.parent().unwrap_or(&first.path);
        let fix = format!("move or copy them to the share, or {}", self.advice(folder));
        Some(
            Finding::error("outside-share", message)
                .fix(fix)
                .about(names),
        )
    }

    /// Whatever form of the path were sent, workers would be given another path.
    fn changed(&self, paths: &[&Path]) -> Option<Finding> {
        let is_changed = |path: &&&Path| {
            let worker = path
                .to_str()
                .and_then(|text| self.site.worker_path(text).ok()?);
            worker.is_some_and(|worker| worker.sent.is_none())
        };
        let path = paths.iter().find(is_changed)?.display().to_string();
        let message = format!(
            "The Manager's own variables change {path} into another path, in whatever form it is sent."
        );
        let fix = format!(
            "use another folder, or have the farm's operator change the variables; farmhand paths explain {path:?} tells which"
        );
        Some(
            Finding::error("path-changed", message)
                .fix(fix)
                .about([path]),
        )
    }

    /// The description has one platform's paths, and records name outputs by them. Chunks have what the Manager gives each worker.
    fn mixed(&self, has_lanes: bool) -> Option<Finding> {
        let (workers, others) = (self.site.workers, &self.site.others);
        let unlike = others.iter().find(|other| !other.is_like(workers))?;
        let message = format!(
            "The job is written for workers on {workers}; others, on {unlike}, could take a part of it and would find nothing."
        );
        let fix = format!(
            "give it to workers on {workers} alone (--worker-tag TAG), or let the others sleep"
        );
        let finding = if has_lanes || self.has_copies() {
            Finding::error("mixed-workers", message)
        } else {
            Finding::warning("mixed-workers", message)
        };
        Some(finding.fix(fix))
    }

    fn left_behind(&self) -> Option<Finding> {
        let left = &self.plan.left_behind;
        left.first()?;
        let names: Vec<String> = left.iter().map(|path| path.display().to_string()).collect();
        let message = format!(
            "The scene has to be written once more for the workers, and Blender then no longer finds the caches beside it: {}.",
            listed(&names)
        );
        let fix = "make its paths relative in Blender (File > External Data > Make Paths Relative) and save it, so that it \
                   is used where it lies";
        Some(
            Finding::error("cache-left-behind", message)
                .fix(fix)
                .about(names),
        )
    }

    fn advice(&self, folder: &Path) -> String {
        format!(
            "say where workers see it: farmhand paths add {:?} FOLDER_ON_{}",
            folder.display().to_string(),
            self.site.workers.as_str().to_uppercase()
        )
    }

    /// Whether any .blend file is written once more.
    pub(super) fn has_copies(&self) -> bool {
        !self.plan.copies.is_empty()
    }

    /// The copy that is rendered in the scene's place, where there is one.
    pub(super) fn copy_of_scene(&self) -> Option<&Path> {
        self.plan.scene.as_deref()
    }

    /// Puts the workers' paths in the place of this computer's.
    pub(super) fn write_for_workers(
        &self,
        description: &mut JobDescription,
        submitted: &mut SubmittedJob,
    ) {
        let film = description.film.as_mut().map(|film| &mut film.output);
        let paths = [
            &mut description.blend_file,
            &mut description.blend_dir,
            &mut description.output,
        ];
        for path in paths.into_iter().chain(film) {
            if let Ok(Some(worker)) = self.site.worker_path(path) {
                *path = worker.path;
            }
        }
        let sent = |text: &str| {
            let worker = self.site.worker_path(text).ok()??;
            Some(worker.sent.unwrap_or(worker.path))
        };
        for setting in submitted.settings.values_mut() {
            if let Some(sent) = setting.as_str().and_then(sent) {
                *setting = Value::String(sent);
            }
        }
        for value in submitted.metadata.values_mut() {
            if let Some(sent) = sent(value) {
                *value = sent;
            }
        }
        self.site
            .workers
            .as_str()
            .clone_into(&mut submitted.submitter_platform);
    }

    /// Writes the copies, and into the description how to tell that they are the ones that were sent. Blocks.
    pub(super) fn write_copies(&self, description: &mut JobDescription) -> Result<(), JobError> {
        stage::write_copies(&self.plan.copies, &self.site)?;
        let Some(scene) = &self.plan.scene else {
            return Ok(());
        };
        let look = || {
            let file = scene.metadata()?;
            let since = file.modified()?.duration_since(UNIX_EPOCH);
            let secs = since.map_err(std::io::Error::other)?.as_secs_f64();
            Ok((file.len(), secs))
        };
        (
            description.blend_size_bytes,
            description.blend_modified_unix_secs,
        ) = look().map_err(JobError::staging(scene))?;
        Ok(())
    }
}

fn files(count: usize) -> String {
    match count {
        1 => "a file".to_owned(),
        count => format!("{count} files"),
    }
}

fn listed(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(NAMED).map(String::as_str).collect();
    let first = first.join(", ");
    match names.len().saturating_sub(NAMED) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
