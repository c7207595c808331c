// SPDX-License-Identifier: Apache-2.0
//! Jobs put together for scenes that stand in a real folder.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::blend::SceneFacts;
use crate::check::rules::tests::{file_with, sound_scene};

/// A scene's folder, and what is known around it.
struct Stage {
    folder: TempDir,
    scene: SceneFacts,
    environment: Environment,
}

impl Stage {
    fn new() -> Self {
        let environment = Environment {
            slots: 1,
            cores: 8,
            temporary_dir: PathBuf::from("/tmp"),
            current_dir: PathBuf::from("/"),
            user_name: Some("ada".to_owned()),
            ..Environment::of_process(FarmKind::Local, "pass")
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            scene: sound_scene(),
            environment,
        }
    }

    fn prepare(&self, change: impl FnOnce(&mut JobRequest)) -> Result<Prepared, JobError> {
        let mut request = JobRequest::new(self.folder.path().join("shot.blend"));
        change(&mut request);
        let frames = request
            .frames
            .clone()
            .unwrap_or_else(|| "1-10".parse().unwrap());
        let inspected = Inspected {
            blend_path: request.blend_path.clone(),
            facts: file_with(&self.scene),
            scene: self.scene.clone(),
            frames,
            cameras: Vec::new(),
            inputs: std::sync::Arc::default(),
        };
        prepare(&request, &inspected, &self.environment)
    }

    /// A frame's picture; a PNG of one pixel, whole.
    fn put(&self, name: &str) {
        const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0:~\x9bU\0\0\0\nIDATx\x9cc`\0\0\0\x02\0\x01H\xaf\xa4q\0\0\0\0IEND\xaeB`\x82";
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, PIXEL).unwrap();
    }
}

#[test]
fn a_job_says_the_same_in_its_description_its_settings_and_its_metadata() {
    let stage = Stage::new();
    let prepared = stage.prepare(|request| request.samples = Some(8)).unwrap();
    let (description, submitted) = (prepared.description(), prepared.submitted());
    assert_eq!(submitted.job_type, "farmhand-render");
    assert_eq!(description.submission_id.len(), 32);
    for (setting, expected) in [
        ("submission_id", description.submission_id.clone()),
        ("frames", "1-10".to_owned()),
        ("scene", "Scene".to_owned()),
        ("output", description.output.clone()),
        (
            "storage",
            stage.folder.path().join("frames").display().to_string(),
        ),
        (
            "job_file",
            prepared
                .staging_dir()
                .join("job.json")
                .display()
                .to_string(),
        ),
        (
            "renderer",
            prepared
                .staging_dir()
                .join("render.py")
                .display()
                .to_string(),
        ),
    ] {
        assert_eq!(
            submitted.settings.get(setting),
            Some(&expected.into()),
            "{setting}"
        );
    }
    assert_eq!(
        submitted.metadata.get("farmhand.submission_id"),
        Some(&description.submission_id)
    );
    assert_eq!(
        submitted.metadata.get("user.name").map(String::as_str),
        Some("ada")
    );
    assert_eq!(description.settings.samples, Some(8));
    assert_eq!(description.settings.threads, 7);
    assert!(!description.output_overridden);
    assert_eq!(prepared.overview().size, "100×50");
}

#[test]
fn a_scene_that_writes_to_the_temporary_folder_gets_one_beside_it_and_is_told() {
    let mut stage = Stage::new();
    stage.scene.output_path = "/tmp/".to_owned();
    let prepared = stage.prepare(|_| {}).unwrap();
    assert_eq!(
        prepared.output_dir(),
        stage.folder.path().join("shot-frames")
    );
    assert!(prepared.description().output.ends_with("shot_####"));
    assert!(
        prepared.description().output_overridden,
        "File Output nodes that write there go along"
    );
    assert_eq!(
        prepared
            .findings()
            .first()
            .map(|finding| finding.code.as_str()),
        Some("output-moved")
    );
    assert!(!prepared.is_held_back());
}

#[test]
fn frames_that_are_there_are_counted_skipped_or_left_alone() {
    let stage = Stage::new();
    stage.put("frames/shot_0002.png");
    stage.put("frames/shot_0003.png");
    let replaced = stage.prepare(|_| {}).unwrap();
    assert_eq!(replaced.description().frames.len(), 10);
    assert!(
        replaced
            .findings()
            .iter()
            .any(|finding| finding.message.starts_with("2 of 10 frames are there"))
    );

    let skipped = stage
        .prepare(|request| request.existing = Existing::Skip)
        .unwrap();
    assert_eq!(skipped.description().frames.to_string(), "1, 4-10");

    let fresh = stage
        .prepare(|request| request.existing = Existing::NewFolder)
        .unwrap();
    assert_eq!(fresh.output_dir(), stage.folder.path().join("frames-2"));
    assert_eq!(fresh.description().frames.len(), 10);
}

#[test]
fn a_frame_that_is_cut_off_is_not_skipped() {
    let stage = Stage::new();
    stage.put("frames/shot_0002.png");
    fs::write(
        stage.folder.path().join("frames/shot_0003.png"),
        b"\x89PNG\r\n\x1a\n",
    )
    .unwrap();
    let skipped = stage
        .prepare(|request| request.existing = Existing::Skip)
        .unwrap();
    assert_eq!(skipped.description().frames.to_string(), "1, 3-10");
}

#[test]
fn where_blender_fills_in_the_names_nothing_is_skipped_and_that_is_said() {
    let mut stage = Stage::new();
    stage.scene.output_path = "//frames/{scene_name}_####".to_owned();
    stage.put("frames/Scene_0002.png");
    let prepared = stage
        .prepare(|request| request.existing = Existing::Skip)
        .unwrap();
    assert_eq!(prepared.description().frames.len(), 10);
    assert!(
        prepared
            .findings()
            .iter()
            .any(|finding| finding.code == "frames-unknown")
    );
}

#[test]
fn a_film_is_rendered_as_pictures_in_a_folder_beside_it_even_where_all_are_there() {
    let mut stage = Stage::new();
    stage.scene.is_movie = true;
    stage.scene.output_path = "//frames/shot.mp4".to_owned();
    let prepared = stage.prepare(|_| {}).unwrap();
    let frames = stage.folder.path().join("frames");
    let film = prepared.description().film.clone().unwrap();
    assert_eq!(film.output, frames.join("shot.mp4").display().to_string());
    assert_eq!(film.frames.to_string(), "1-10");
    let expected = frames.join("shot-frames").join("shot_####");
    assert_eq!(
        prepared.description().output,
        expected.display().to_string()
    );
    assert_eq!(prepared.output_dir(), frames);

    stage.put("frames/shot-frames/shot_0001.png");
    stage.put("frames/shot-frames/shot_0002.png");
    let again = stage.prepare(|request| {
        request.frames = Some("1-2".parse().unwrap());
        request.existing = Existing::Skip;
    });
    let description = again.unwrap().description().clone();
    assert_eq!(description.frames.to_string(), "2");
    assert_eq!(description.film.unwrap().frames.to_string(), "1-2");
}

#[test]
fn where_every_frame_is_there_nothing_is_left_to_render() {
    let stage = Stage::new();
    stage.put("frames/shot_0002.png");
    let outcome = stage.prepare(|request| {
        request.frames = Some("2".parse().unwrap());
        request.existing = Existing::Skip;
    });
    assert!(
        matches!(outcome, Err(JobError::NothingToRender { frames: 1, .. })),
        "{outcome:?}"
    );
}

#[test]
fn an_unbaked_simulation_has_one_lane_in_order_whatever_is_asked() {
    let mut stage = Stage::new();
    stage.environment.slots = 4;
    assert_eq!(stage.prepare(|_| {}).unwrap().description().lanes.len(), 4);
    stage.scene.unbaked_simulations = vec![crate::blend::UnbakedSimulation {
        owner: "Cloth".to_owned(),
        kind: crate::blend::SimulationKind::Cloth,
        start_frame: -5,
    }];
    let prepared = stage.prepare(|request| request.lanes = Some(3)).unwrap();
    assert_eq!(prepared.description().lanes.len(), 1);
    assert_eq!(prepared.description().order, Order::Sequential);
    assert_eq!(prepared.description().simulation_start, Some(-5));
}

#[test]
fn an_error_holds_the_job_back_unless_it_is_ignored_by_name() {
    let mut stage = Stage::new();
    stage.scene.has_camera = false;
    assert!(stage.prepare(|_| {}).unwrap().is_held_back());
    let ignored = stage
        .prepare(|request| request.ignored_findings = vec!["no-camera".to_owned()])
        .unwrap();
    assert!(!ignored.is_held_back());
    assert_eq!(ignored.findings().len(), 1, "it is still told");
}
