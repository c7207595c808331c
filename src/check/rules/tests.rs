// SPDX-License-Identifier: Apache-2.0
//! Each check with a scene that has its fault, and with one that has not.

use super::*;
use crate::blend::{
    Compression, CyclesFacts, FileOutput, FileSlot, UnbakedSimulation, ViewLayer, ViewsFacts,
    ViewsFormat,
};
use crate::check::{Device, Severity};

/// A scene that nothing is wrong with.
pub(crate) fn sound_scene() -> SceneFacts {
    SceneFacts {
        name: "Scene".to_owned(),
        frame_start: 1,
        frame_end: 10,
        frame_step: 1,
        fps: 24,
        fps_base: 1.0,
        engine: "CYCLES".to_owned(),
        resolution_x: 100,
        resolution_y: 50,
        resolution_percentage: 100,
        border: None,
        output_path: "//frames/shot_".to_owned(),
        use_file_extension: true,
        use_overwrite: true,
        use_placeholder: false,
        file_format: "PNG".to_owned(),
        is_movie: false,
        camera: Some("Camera".to_owned()),
        has_camera: true,
        camera_markers: Vec::new(),
        view_layers: vec![ViewLayer {
            name: "ViewLayer".to_owned(),
            enabled: true,
        }],
        use_single_layer: false,
        views: ViewsFacts {
            enabled: false,
            format: ViewsFormat::Individual,
            active: Vec::new(),
        },
        cycles: CyclesFacts {
            samples: Some(16),
            use_denoising: Some(false),
            ..CyclesFacts::default()
        },
        eevee_samples: None,
        use_compositing: false,
        use_sequencer: true,
        has_strips: false,
        has_scene_strips: false,
        simplify: None,
        file_outputs: Vec::new(),
        unbaked_simulations: Vec::new(),
        baked_simulations: Vec::new(),
    }
}

/// A file with that scene alone.
pub(crate) fn file_with(scene: &SceneFacts) -> BlendFacts {
    BlendFacts {
        path: "/films/shot.blend".into(),
        size_bytes: 1,
        modified_unix_secs: Some(1.0),
        blender_version: 304,
        blender_subversion: 0,
        compression: Compression::None,
        active_scene: Some(scene.name.clone()),
        scenes: vec![scene.clone()],
        libraries: Vec::new(),
        scripts: Vec::new(),
        has_default_cube: false,
    }
}

fn blender() -> Abilities {
    Abilities {
        blender_version: "3.4.1".to_owned(),
        engines: vec!["CYCLES".to_owned()],
        denoisers: Vec::new(),
        devices: vec![Device {
            kind: "CPU".to_owned(),
            name: "CPU".to_owned(),
        }],
    }
}

/// The findings of a subject that differs from a sound one.
fn found(
    scene: &SceneFacts,
    change: impl for<'a> FnOnce(&mut Subject<'a>),
) -> Vec<(String, Severity)> {
    let (facts, frames, blender) = (file_with(scene), "1-10".parse().unwrap(), blender());
    let mut subject = Subject {
        blender: Some(&blender),
        ffmpeg: Some(true),
        ..Subject::new(&facts, scene, &frames)
    };
    change(&mut subject);
    check(&subject)
        .into_iter()
        .map(|finding| (finding.code, finding.severity))
        .collect()
}

fn codes(scene: &SceneFacts) -> Vec<(String, Severity)> {
    found(scene, |_| {})
}

fn only(code: &str, severity: Severity) -> Vec<(String, Severity)> {
    vec![(code.to_owned(), severity)]
}

#[test]
fn a_sound_scene_has_no_findings() {
    assert_eq!(codes(&sound_scene()), []);
}

#[test]
fn a_scene_without_a_camera_is_an_error_unless_strips_or_nodes_make_the_picture() {
    let blind = SceneFacts {
        camera: None,
        has_camera: false,
        ..sound_scene()
    };
    assert_eq!(codes(&blind), only("no-camera", Severity::Error));
    assert_eq!(
        codes(&SceneFacts {
            has_strips: true,
            ..blind.clone()
        }),
        []
    );
    assert_eq!(
        codes(&SceneFacts {
            use_compositing: true,
            ..blind
        }),
        only("no-camera", Severity::Warning)
    );
}

#[test]
fn a_camera_or_view_layer_that_is_asked_for_must_be_there() {
    let cameras = ["Left".to_owned(), "Right".to_owned()];
    let ask = |name: &'static str| {
        let (facts, frames) = (file_with(&sound_scene()), "1".parse().unwrap());
        let scene = sound_scene();
        check(&Subject {
            camera: Some(name),
            cameras: &cameras,
            view_layers: &["Hills".to_owned()],
            ..Subject::new(&facts, &scene, &frames)
        })
    };
    let codes: Vec<_> = ask("Up").into_iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["unknown-camera", "unknown-view-layer"]);
    assert_eq!(ask("Left").len(), 1, "the camera is there");
    assert!(
        ask("Up")
            .first()
            .unwrap()
            .fix
            .as_ref()
            .unwrap()
            .contains("Left, Right")
    );
}

#[test]
fn a_scene_whose_view_layers_are_all_off_is_an_error() {
    let mut scene = sound_scene();
    scene.view_layers = vec![ViewLayer {
        name: "A".to_owned(),
        enabled: false,
    }];
    assert_eq!(codes(&scene), only("view-layers-off", Severity::Error));
}

#[test]
fn denoising_is_an_error_only_where_no_denoiser_is_and_nobody_switched_it_off() {
    let mut scene = sound_scene();
    scene.cycles.use_denoising = Some(true);
    assert_eq!(codes(&scene), only("no-denoiser", Severity::Error));
    scene.cycles.use_denoising = None;
    assert_eq!(
        codes(&scene),
        only("no-denoiser", Severity::Error),
        "untouched, it is on from 3.0 on"
    );
    assert_eq!(found(&scene, |subject| subject.denoises = false), []);
    assert_eq!(
        found(&scene, |subject| subject.blender = None),
        [],
        "nothing is claimed of a Blender nobody knows"
    );
    scene.engine = "BLENDER_EEVEE".to_owned();
    assert_eq!(codes(&scene), [], "only Cycles denoises");
}

#[test]
fn a_file_of_a_newer_blender_is_an_error_and_one_of_the_same_series_is_not() {
    let scene = sound_scene();
    let saved_by = |version: u32| {
        let (facts, frames, blender) = (
            BlendFacts {
                blender_version: version,
                ..file_with(&scene)
            },
            "1".parse().unwrap(),
            blender(),
        );
        let subject = Subject {
            blender: Some(&blender),
            ..Subject::new(&facts, &scene, &frames)
        };
        check(&subject)
    };
    assert_eq!(saved_by(304), []);
    let older = |version| saved_by(version).first().map(|finding| finding.severity);
    assert_eq!(older(300), Some(Severity::Notice), "same generation");
    assert_eq!(older(293), Some(Severity::Warning));
    assert_eq!(older(279), Some(Severity::Warning));
    let findings = saved_by(502);
    let finding = findings.first().unwrap();
    assert_eq!(finding.code, "newer-than-blender");
    assert!(
        finding.message.contains("5.2") && finding.message.contains("3.4.1"),
        "{}",
        finding.message
    );
    assert!(finding.fix.as_ref().unwrap().contains("FARMHAND_BLENDER"));
}

#[test]
fn remarks_do_not_hold_a_job_back() {
    let mut scene = sound_scene();
    scene.is_movie = true;
    scene.resolution_percentage = 50;
    scene.unbaked_simulations = vec![
        UnbakedSimulation {
            owner: "Cloth".to_owned(),
            kind: crate::blend::SimulationKind::Cloth,
            start_frame: 5,
        },
        UnbakedSimulation {
            owner: "Scene".to_owned(),
            kind: crate::blend::SimulationKind::RigidBody,
            start_frame: 2,
        },
    ];
    let findings = codes(&scene);
    assert_eq!(findings.len(), 3);
    assert!(
        findings
            .iter()
            .all(|(_, severity)| *severity == Severity::Notice)
    );
    assert_eq!(simulation_start(&scene), Some(2));
}

#[test]
fn an_engine_or_gpu_that_is_not_there_is_an_error() {
    let scene = SceneFacts {
        engine: "LUXCORE".to_owned(),
        ..sound_scene()
    };
    assert_eq!(codes(&scene), only("no-engine", Severity::Error));
    assert_eq!(
        found(&sound_scene(), |subject| subject.needs_gpu = true),
        only("no-gpu", Severity::Error)
    );
}

#[test]
fn settings_that_are_often_forgotten_are_told() {
    let change = |change: fn(&mut SceneFacts)| {
        let mut scene = sound_scene();
        change(&mut scene);
        codes(&scene)
    };
    assert_eq!(
        change(|scene| scene.use_overwrite = false),
        only("overwrite-off", Severity::Notice)
    );
    assert_eq!(
        change(|scene| scene.view_layers.push(ViewLayer {
            name: "Off".to_owned(),
            enabled: false
        })),
        only("view-layer-off", Severity::Notice)
    );
    assert_eq!(
        change(|scene| scene.has_strips = true),
        only("strips-hide-scene", Severity::Warning)
    );
    assert_eq!(
        change(|scene| (scene.has_strips, scene.has_scene_strips) = (true, true)),
        [],
        "an edit of scenes is meant"
    );
}

#[test]
fn a_step_is_told_only_where_nobody_chose_the_frames() {
    let scene = SceneFacts {
        frame_step: 3,
        ..sound_scene()
    };
    assert_eq!(codes(&scene), [], "frames 1-10 were asked for");
    let (facts, own) = (file_with(&scene), "1-10:3".parse().unwrap());
    let finding = check(&Subject::new(&facts, &scene, &own));
    let fix = finding.first().unwrap().fix.as_deref();
    assert_eq!(fix, Some("render every frame with --frames 1-10"));
}

#[test]
fn factory_settings_are_told_only_where_all_are_left() {
    let mut scene = sound_scene();
    (scene.resolution_x, scene.resolution_y) = (1920, 1080);
    scene.cycles.samples = None;
    let codes_of = |scene: &SceneFacts, samples| {
        let facts = BlendFacts {
            has_default_cube: true,
            ..file_with(scene)
        };
        let frames = "1".parse().unwrap();
        let found = check(&Subject {
            samples,
            ..Subject::new(&facts, scene, &frames)
        });
        found.len()
    };
    assert_eq!(codes_of(&scene, None), 1);
    assert_eq!(codes_of(&scene, Some(128)), 0, "somebody chose the samples");
    scene.cycles.samples = Some(256);
    assert_eq!(codes_of(&scene, None), 0);
}

#[test]
fn file_outputs_that_clash_or_go_elsewhere_are_told() {
    let output = |base: &str, slots: &[&str]| FileOutput {
        node: "Passes".to_owned(),
        base_path: base.to_owned(),
        file_name: None,
        file_format: "PNG".to_owned(),
        slots: slots
            .iter()
            .map(|path| FileSlot {
                path: (*path).to_owned(),
                file_format: None,
            })
            .collect(),
    };
    let mut scene = sound_scene();
    scene.file_outputs = vec![output("//a/", &["Mist", "Depth"]), output("//A", &["mist"])];
    assert_eq!(codes(&scene), only("names-clash", Severity::Warning));
    scene.file_outputs = vec![output("/tmp/", &["Mist"])];
    assert_eq!(
        codes(&scene),
        only("absolute-file-output", Severity::Warning)
    );
    assert_eq!(
        found(&scene, |subject| subject.redirected =
            Some(std::path::Path::new("/var/tmp"))),
        [],
        "Farmhand leads it to the job's folder"
    );
}
