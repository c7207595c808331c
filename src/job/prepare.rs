// SPDX-License-Identifier: Apache-2.0
//! Checks a scene and puts its job together; sends nothing and writes nothing.

use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::environment::{Environment, FarmKind};
use super::error::JobError;
use super::existing::{self, Found};
use super::inspect::Inspected;
use super::order;
use super::place::{self, Moved, Place, Surroundings};
use super::request::{Existing, JobRequest};
use super::staging::{self, JOB_FILE, RENDERER_FILE};
use crate::check::{self, Finding, Severity, Subject};
use crate::farm::models::{JobMetadata, JobSettings, SubmittedJob};
use crate::farm::{SUBMISSION_ID_KEY, this_platform};
use crate::frames::FrameSet;
use crate::lanes::{FilmRequest, JobDescription, Order};
use crate::plan::{self, LaneNeeds};
use crate::watch::{BLEND_FILE_KEY, OUTPUT_DIR_KEY, SCOUT_LANES_KEY, STORAGE_KEY, USER_NAME_KEY};

/// The job type that makes lanes.
pub const JOB_TYPE: &str = "farmhand-render";
/// Metadata key: the output pattern.
pub const OUTPUT_KEY: &str = "farmhand.output";
/// Metadata key: the version of Farmhand that sent the job.
pub const VERSION_KEY: &str = "farmhand.version";
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
    let mut findings = check::check(&Subject {
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
        ffmpeg: environment.ffmpeg,
        ..Subject::new(&inspected.facts, scene, &inspected.frames)
    });
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
    let (order, finding) = order::choose(request.order, is_simulated, environment.farm);
    findings.extend(finding);
    findings.sort_by_key(|finding| finding.severity);

    let submission_id = Uuid::new_v4().simple().to_string();
    let description = describe(
        request,
        inspected,
        environment,
        &place,
        film,
        (frames, order),
        submission_id,
    );
    let submitted = submitted(request, &description, &place, inspected, environment);
    let overview = overview(&description, inspected, request);
    Ok(Prepared {
        description,
        submitted,
        renderer_source: environment.renderer_source.clone(),
        farm: environment.farm,
        place,
        findings,
        ignored: request.ignored_findings.clone(),
        overview,
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
    let workers = request.lanes.unwrap_or(environment.slots);
    let lanes = plan::lane_count(LaneNeeds {
        workers: usize::try_from(workers).unwrap_or(usize::MAX),
        is_watched: environment.farm == FarmKind::Local,
        has_unbaked_simulation: simulation_start.is_some(),
    });
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
            missing_files: request.missing_files,
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

fn submitted(
    request: &JobRequest,
    description: &JobDescription,
    place: &Place,
    inspected: &Inspected,
    environment: &Environment,
) -> SubmittedJob {
    let staging_dir = staging::folder(&place.folder, &description.submission_id);
    let mut settings = JobSettings::new();
    let mut set = |key: &str, value: serde_json::Value| settings.insert(key.to_owned(), value);
    set("job_file", text(&staging_dir.join(JOB_FILE)).into());
    set("renderer", text(&staging_dir.join(RENDERER_FILE)).into());
    set("storage", text(&place.folder).into());
    set("submission_id", description.submission_id.clone().into());
    set("frames", description.frames.to_string().into());
    set("lanes", description.lanes.len().into());
    set(SCOUT_LANES_KEY, description.scout_lanes().into());
    set("blendfile", description.blend_file.clone().into());
    set("scene", description.scene.clone().into());
    set("output", description.output.clone().into());
    let mut metadata = JobMetadata::new();
    let mut tell = |key: &str, value: String| metadata.insert(key.to_owned(), value);
    tell(SUBMISSION_ID_KEY, description.submission_id.clone());
    tell(OUTPUT_KEY, description.output.clone());
    tell(OUTPUT_DIR_KEY, text(&place.folder));
    tell(STORAGE_KEY, text(&place.folder));
    tell(BLEND_FILE_KEY, text(&inspected.blend_path));
    tell(VERSION_KEY, env!("CARGO_PKG_VERSION").to_owned());
    if let Some(user_name) = &environment.user_name {
        tell(USER_NAME_KEY, user_name.clone());
    }
    SubmittedJob {
        name: description.name.clone(),
        job_type: JOB_TYPE.to_owned(),
        type_etag: None,
        priority: request.priority,
        settings,
        metadata,
        submitter_platform: this_platform().to_owned(),
        storage: None,
        worker_tag: None,
        initial_status: None,
    }
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

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
