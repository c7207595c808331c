// SPDX-License-Identifier: Apache-2.0
//! Checks a scene and puts its job together; sends nothing and writes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use super::environment::{Environment, FarmKind};
use super::error::JobError;
use super::existing::{self, Found};
use super::fit::{self, Cut};
use super::inspect::Inspected;
use super::order;
use super::place::{self, Moved, Place, Surroundings};
use super::request::{Existing, JobRequest};
use super::share::Share;
use super::staging;
use super::submission::submitted;
use crate::check::{self, Finding, Severity, Subject};
use crate::farm::models::SubmittedJob;
use crate::frames::FrameSet;
use crate::lanes::{FilmRequest, JobDescription, MissingFiles, Order};
use crate::plan::{self, LaneNeeds};

/// A child that says nothing for this long counts as hung.
pub(super) const STALL_TIMEOUT_SECS: u64 = 600;
/// A child that uses this many times the memory of its first frame is started anew.
const MEMORY_GROWTH_LIMIT: f64 = 4.0;

/// A job that is ready to be sent.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) description: JobDescription,
    pub(super) submitted: SubmittedJob,
    pub(super) renderer_source: String,
    pub(super) farm: FarmKind,
    pub(super) cut: Cut,
    pub(super) share: Option<Share>,
    place: Place,
    findings: Vec<Finding>,
    ignored: Vec<String>,
    overview: Overview,
}

/// What will be rendered, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The job's name.
    pub name: String,
    /// The scene's name.
    pub scene: String,
    /// The frames in canonical form.
    pub frames: String,
    /// How many there are.
    pub frame_count: u64,
    /// The render engine's name, with the samples where it has them.
    pub engine: String,
    /// The picture's size after scaling.
    pub size: String,
}

impl Prepared {
    /// What the checks have to say, the gravest first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings that hold the job back: errors that were not ignored.
    pub fn holding_back(&self) -> impl Iterator<Item = &Finding> {
        let counts = |finding: &&Finding| {
            finding.severity == Severity::Error && !self.ignored.contains(&finding.code)
        };
        self.findings.iter().filter(counts)
    }

    /// Whether anything holds the job back.
    pub fn is_held_back(&self) -> bool {
        self.holding_back().next().is_some()
    }

    /// All that lanes will know of the job.
    pub fn description(&self) -> &JobDescription {
        &self.description
    }

    /// What the farm will be sent.
    pub fn submitted(&self) -> &SubmittedJob {
        &self.submitted
    }

    /// The folder of the frames.
    pub fn output_dir(&self) -> &Path {
        &self.place.folder
    }

    /// The folder of the job's own files.
    pub fn staging_dir(&self) -> PathBuf {
        staging::folder(&self.place.folder, &self.description.submission_id)
    }

    /// Frames in each task where the farm has no lanes; none where it has.
    pub fn chunk_size(&self) -> Option<u64> {
        match self.cut {
            Cut::Lanes => None,
            Cut::Chunks(size) => Some(size),
        }
    }

    /// What will be rendered, in words.
    pub fn overview(&self) -> &Overview {
        &self.overview
    }
}

/// Checks the scene, chooses where its frames go, shares them out among lanes and puts the job together.
///
/// Errors that the checks find are findings of the result, not errors of this function: they can be shown, and ignored.
pub fn prepare(
    request: &JobRequest,
    inspected: &Inspected,
    environment: &Environment,
) -> Result<Prepared, JobError> {
    let scene = &inspected.scene;
    let around = Surroundings {
        scene_output: &scene.output_path,
        blend_path: &inspected.blend_path,
        current_dir: &environment.current_dir,
        temporary_dir: &environment.temporary_dir,
    };
    let mut place = place::choose(request.output.as_deref(), &around);
    if request.existing == Existing::NewFolder {
        place = existing::fresh_folder(place);
    }
    let redirects = place.overridden || place.moved.is_some();
    // Lanes render a film as pictures, and the last one puts them together.
    let film = scene.is_movie.then(|| FilmRequest {
        output: place::split_off_pictures(&mut place),
        frames: inspected.frames.clone(),
    });
    let mut findings = findings_in(request, inspected, environment, redirects);
    findings.extend(place_finding(&place, &scene.output_path));
    if let Err(error) = staging::is_writable(&place.folder) {
        findings.push(
            Finding::error(
                "output-not-writable",
                format!(
                    "The output folder {} cannot be written to ({error}).",
                    place.folder.display()
                ),
            )
            .fix_here("choose another with --output FOLDER, or make this one writable"),
        );
    }
    let (frames, finding) = frames_to_render(request, inspected, &place)?;
    findings.extend(finding);
    let is_simulated = check::simulation_start(scene).is_some();
    let fit = fit::fit(request, inspected, &frames, environment);
    let has_lanes = matches!(fit.cut, Cut::Lanes);
    let (order, finding) = order::choose(request.order, is_simulated, has_lanes);
    findings.extend(finding);
    findings.extend(fit.findings.iter().cloned());
    findings.extend(lanes_finding(request, environment));

    let submission_id = Uuid::new_v4().simple().to_string();
    let site = environment
        .site
        .as_ref()
        .map(|site| match &request.worker_tag {
            Some(tag) => Arc::new(site.for_tag(tag)),
            None => Arc::clone(site),
        });
    let share = site.map(|site| Share::look(&site, inspected, &place, &submission_id));
    if let Some(share) = &share {
        findings.extend(share.findings(inspected, &place, has_lanes));
    }
    findings.sort_by_key(|finding| finding.severity);
    let mut description = describe(
        request,
        inspected,
        environment,
        &place,
        film,
        (frames, order),
        submission_id,
    );
    if let Some(scene) = share.as_ref().and_then(Share::copy_of_scene) {
        description.blend_file = text(scene);
    }
    let mut submitted = submitted(request, &description, &place, inspected, environment, &fit);
    if let Some(share) = &share {
        // Chunks know of no description; what names the scene names the copy.
        if let (Some(setting), Some(_)) = (
            submitted.settings.get_mut("blendfile"),
            share.copy_of_scene(),
        ) {
            *setting = description.blend_file.clone().into();
        }
        share.write_for_workers(&mut description, &mut submitted);
    }
    let overview = overview(&description, inspected, request);
    Ok(Prepared {
        description,
        submitted,
        renderer_source: environment.renderer_source.clone(),
        farm: environment.farm,
        cut: fit.cut,
        share,
        place,
        findings,
        ignored: request.ignored_findings.clone(),
        overview,
    })
}

/// What the checks say of the scene itself.
fn findings_in(
    request: &JobRequest,
    inspected: &Inspected,
    environment: &Environment,
    redirects: bool,
) -> Vec<Finding> {
    check::check(&Subject {
        camera: request.camera.as_deref(),
        cameras: &inspected.cameras,
        view_layers: &request.view_layers,
        samples: request.samples,
        percentage: request.percentage,
        denoises: request.denoise == crate::lanes::Denoise::Scene,
        needs_gpu: request.gpu_required,
        on_cpu: request.device == crate::lanes::Device::Cpu,
        auto_run: request.auto_run,
        addons: &request.addons,
        replaces: request.existing == Existing::Replace,
        redirected: redirects.then_some(environment.temporary_dir.as_path()),
        blender: environment.abilities.as_ref(),
        inputs: Some(&inspected.inputs),
        maps_paths: environment.site.is_some(),
        temporary_dir: &environment.temporary_dir,
        allows_missing: request.renders_without_missing(),
        ffmpeg: environment.ffmpeg,
        ..Subject::new(&inspected.facts, &inspected.scene, &inspected.frames)
    })
}

fn place_finding(place: &Place, scene_output: &str) -> Option<Finding> {
    let why = match place.moved? {
        Moved::Temporary => {
            format!("The scene still writes to the temporary folder ({scene_output})")
        }
        Moved::OtherPlatform => {
            format!("The scene's output {scene_output} is a path of another system")
        }
        Moved::Empty => "The scene has no output path".to_owned(),
    };
    let message = format!(
        "{why}; its frames go to {} instead.",
        place.folder.display()
    );
    Some(Finding::notice("output-moved", message).fix_here(
        "choose a folder with --output FOLDER, or set one in Blender's Output Properties",
    ))
}

/// The frames that are left to render, and what there is to say about those that are there already.
fn frames_to_render(
    request: &JobRequest,
    inspected: &Inspected,
    place: &Place,
) -> Result<(FrameSet, Option<Finding>), JobError> {
    let Found {
        present,
        searched,
        is_unknown,
    } = existing::look(inspected, request, place);
    let all = inspected.frames.clone();
    if is_unknown && request.existing == Existing::Skip {
        let message = format!(
            "Blender fills in the names of the frames ({}) while it renders, so that none can be looked for and skipped; \
             all are rendered.",
            place.pattern
        );
        return Ok((all, Some(Finding::warning("frames-unknown", message).fix_here(
            "name the frames that are left with --frames, or keep those that are there with --existing new-folder",
        ))));
    }
    if present.is_empty() {
        return Ok((all, None));
    }
    let there = format!("{} of {} frames are there already", present.len(), searched);
    if request.existing == Existing::Skip {
        let left = all.difference(&present);
        if let (true, true, Some(last)) = (
            left.is_empty(),
            inspected.scene.is_movie,
            inspected.frames.iter().last(),
        ) {
            // A job needs a frame; the film is put together of all of them.
            let finding = Finding::notice(
                "frames-exist",
                format!(
                    "{there}; the last one is rendered again, and the film put together of all."
                ),
            );
            return Ok((FrameSet::from_frames([last]), Some(finding)));
        }
        if left.is_empty() {
            return Err(JobError::NothingToRender {
                name: name_of(request, inspected),
                frames: present.len(),
                output: place.pattern.clone(),
                folder: place.folder.clone(),
            });
        }
        return Ok((
            left,
            Some(Finding::notice(
                "frames-exist",
                format!("{there}; they stay as they are."),
            )),
        ));
    }
    let finding = Finding::notice(
        "frames-exist",
        format!("{there}; they will be rendered again and replaced."),
    )
    .fix_here("keep them with --existing skip, or leave them alone with --existing new-folder");
    Ok((all, Some(finding)))
}

fn describe(
    request: &JobRequest,
    inspected: &Inspected,
    environment: &Environment,
    place: &Place,
    film: Option<FilmRequest>,
    (frames, order): (FrameSet, Order),
    submission_id: String,
) -> JobDescription {
    let simulation_start = check::simulation_start(&inspected.scene);
    let lanes = plan::lane_count(LaneNeeds {
        workers: wanted_lanes(request, environment),
        is_watched: is_watched(request, environment),
        has_unbaked_simulation: simulation_start.is_some(),
    });
    let lanes = match order {
        Order::ScoutsThenWait if !is_watched(request, environment) => {
            lanes.min(order::MOST_LANES_BESIDE_SCOUTS)
        }
        _ => lanes,
    };
    let blend_dir = inspected.blend_path.parent().unwrap_or(Path::new(""));
    JobDescription {
        format: crate::lanes::job::JOB_FORMAT,
        submission_id,
        name: name_of(request, inspected),
        blend_file: text(&inspected.blend_path),
        blend_dir: text(blend_dir),
        blend_size_bytes: inspected.facts.size_bytes,
        blend_modified_unix_secs: inspected.facts.modified_unix_secs.unwrap_or_default(),
        scene: inspected.scene.name.clone(),
        engine: Some(inspected.scene.engine.clone()),
        lanes: order::home_chunks(order, &frames, lanes),
        frames,
        order,
        output: place.pattern.clone(),
        output_overridden: place.overridden || place.moved.is_some(),
        film,
        settings: crate::lanes::JobSettings {
            camera: request.camera.clone(),
            view_layers: (!request.view_layers.is_empty()).then(|| request.view_layers.clone()),
            samples: request.samples,
            percentage: request.percentage,
            file_format: None,
            device: request.device,
            gpu_required: request.gpu_required,
            denoise: request.denoise,
            threads: request
                .threads
                .unwrap_or_else(|| environment.threads_per_lane()),
            auto_run: request.auto_run,
            missing_files: if request.renders_without_missing() {
                MissingFiles::Allow
            } else {
                MissingFiles::Fail
            },
            persistent_data: request.persistent_data,
            addons: request.addons.clone(),
            allow_missing_addons: request
                .ignored_findings
                .iter()
                .any(|code| code == "missing-addon" || code == "no-engine"),
        },
        simulation_start,
        costs: request.costs.clone(),
        stall_timeout_secs: request.stall_timeout_secs,
        memory_growth_limit: MEMORY_GROWTH_LIMIT,
    }
}

/// As many lanes as were asked for, else as workers can be running. Of a farm that has never seen a worker nobody knows how
/// many there will be.
fn wanted_lanes(request: &JobRequest, environment: &Environment) -> usize {
    let known = match environment.slots {
        0 if environment.farm == FarmKind::Manager => plan::MOST_LANES_UNWATCHED,
        slots => usize::try_from(slots).unwrap_or(usize::MAX),
    };
    let asked = request.lanes.map(usize::try_from);
    asked.and_then(Result::ok).unwrap_or(known)
}

/// Whoever waits for a job may stop waiting: more lanes than a bare Manager can stand come only where they were asked for.
fn is_watched(request: &JobRequest, environment: &Environment) -> bool {
    environment.is_watched || environment.is_awaited && request.lanes.is_some()
}

fn lanes_finding(request: &JobRequest, environment: &Environment) -> Option<Finding> {
    let asked = usize::try_from(request.lanes?).unwrap_or(usize::MAX);
    let most = plan::MOST_LANES_UNWATCHED;
    let is_too_many = asked > most && !is_watched(request, environment);
    is_too_many.then(|| {
        let message = format!(
            "The job gets {most} lanes instead of {asked}: where nobody watches, one lane that fails could leave a larger job \
             unfinished for ever."
        );
        Finding::notice("fewer-lanes", message).fix("wait for the job: --wait")
    })
}

fn overview(description: &JobDescription, inspected: &Inspected, request: &JobRequest) -> Overview {
    let scene = &inspected.scene;
    let (engine, own_samples) = match scene.engine.as_str() {
        "CYCLES" => ("Cycles", scene.cycles.samples),
        "BLENDER_EEVEE" | "BLENDER_EEVEE_NEXT" => ("EEVEE", scene.eevee_samples),
        "BLENDER_WORKBENCH" => ("Workbench", None),
        other => (other, None),
    };
    let samples = request
        .samples
        .map(i64::from)
        .or(own_samples)
        .map(|samples| format!(", {samples} samples"))
        .unwrap_or_default();
    let percentage = request
        .percentage
        .map_or(scene.resolution_percentage, i64::from);
    let scaled = |pixels: i64| pixels.saturating_mul(percentage) / 100;
    Overview {
        name: description.name.clone(),
        scene: scene.name.clone(),
        frames: description.frames.to_string(),
        frame_count: description.frames.len(),
        engine: format!("{engine}{samples}"),
        size: format!(
            "{}×{}",
            scaled(scene.resolution_x),
            scaled(scene.resolution_y)
        ),
    }
}

fn name_of(request: &JobRequest, inspected: &Inspected) -> String {
    let stem = || {
        inspected
            .blend_path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    request
        .name
        .clone()
        .filter(|name| !name.trim().is_empty())
        .or_else(stem)
        .unwrap_or_else(|| "scene".to_owned())
}

pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
