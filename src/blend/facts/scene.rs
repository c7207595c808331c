// SPDX-License-Identifier: Apache-2.0
//! The facts of one scene. Flags are named as in Blender's `DNA_scene_types.h`.

use serde::Serialize;

use super::output::{self, FileOutput, ViewsFacts};
use super::simulation::{self, BakedSimulation, UnbakedSimulation};
use crate::blend::error::BlendError;
use crate::blend::idprop::Properties;
use crate::blend::item::Item;

/// `RenderData.scemode`
const DO_SEQUENCER: i64 = 1;
const EXTENSION: i64 = 1 << 4;
const DO_COMPOSITING: i64 = 1 << 6;
const SINGLE_LAYER: i64 = 1 << 9;
/// `RenderData.mode`
const BORDER: i64 = 1 << 9;
const CROP: i64 = 1 << 11;
const NO_OVERWRITE: i64 = 1 << 22;
const PLACEHOLDERS: i64 = 1 << 23;
const SIMPLIFY: i64 = 1 << 24;
/// `ViewLayer.flag`
const LAYER_RENDER: i64 = 1;
/// `Strip.type` (`Sequence.type` before 4.5)
const SCENE_STRIP: i64 = 2;
const SOUND_STRIP: i64 = 4;

/// What one scene says of its rendering.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own in Blender, and named as there"
)]
pub struct SceneFacts {
    /// The scene's name.
    pub name: String,
    /// The first frame of the range.
    pub frame_start: i32,
    /// The last frame of the range.
    pub frame_end: i32,
    /// Every how many frames one is rendered.
    pub frame_step: u32,
    /// Frames per second, before division by `fps_base`.
    pub fps: i64,
    /// What `fps` is divided by.
    pub fps_base: f64,
    /// Blender's name of the engine, such as `CYCLES`, `BLENDER_EEVEE_NEXT` or an add-on's.
    pub engine: String,
    /// Width at 100 %, in pixels.
    pub resolution_x: i64,
    /// Height at 100 %, in pixels.
    pub resolution_y: i64,
    /// The part of the resolution that is rendered.
    pub resolution_percentage: i64,
    /// The render region, where it is on.
    pub border: Option<Border>,
    /// The output path as it is stored: with `//` and `####`.
    pub output_path: String,
    /// Whether Blender adds the format's extension.
    pub use_file_extension: bool,
    /// Whether files that are there are rendered again.
    pub use_overwrite: bool,
    /// Whether an empty file is put in place while a frame renders.
    pub use_placeholder: bool,
    /// Blender's name of the format, such as `PNG` or `OPEN_EXR_MULTILAYER`.
    pub file_format: String,
    /// Whether the format puts all frames into one film.
    pub is_movie: bool,
    /// The active camera's name.
    pub camera: Option<String>,
    /// Whether the scene has an active camera, or camera markers that make one.
    pub has_camera: bool,
    /// Markers that switch the camera, by frame.
    pub camera_markers: Vec<CameraMarker>,
    /// The view layers, in order.
    pub view_layers: Vec<ViewLayer>,
    /// Whether only the active view layer is rendered (by the button; farms render all that are on).
    pub use_single_layer: bool,
    /// Stereo and multi-view.
    pub views: ViewsFacts,
    /// The settings of Cycles that the file holds.
    pub cycles: CyclesFacts,
    /// The samples of EEVEE.
    pub eevee_samples: Option<i64>,
    /// Whether compositing is on, and there are nodes for it.
    pub use_compositing: bool,
    /// Whether the sequencer is on.
    pub use_sequencer: bool,
    /// Whether the sequencer holds strips that are seen; where it is on too, they are what is rendered.
    pub has_strips: bool,
    /// Whether one of them shows a scene.
    pub has_scene_strips: bool,
    /// The limits of Simplify, where it is on.
    pub simplify: Option<Simplify>,
    /// File Output nodes that aren't muted, while compositing is on.
    pub file_outputs: Vec<FileOutput>,
    /// Simulations that aren't baked: rendered out of order, their frames are wrong.
    pub unbaked_simulations: Vec<UnbakedSimulation>,
    /// Simulations that are baked, with the frames that they are baked for.
    pub baked_simulations: Vec<BakedSimulation>,
}

/// What Simplify limits in a render.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Simplify {
    /// The highest level of subdivision.
    pub subdivision: i64,
    /// The part of child particles that is rendered, 0 to 1.
    pub particles: f64,
}

/// The render region, as parts of the width and height from the lower left corner.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Border {
    /// Left edge, 0 to 1.
    pub left: f64,
    /// Right edge, 0 to 1.
    pub right: f64,
    /// Lower edge, 0 to 1.
    pub bottom: f64,
    /// Upper edge, 0 to 1.
    pub top: f64,
    /// Whether the picture is cropped to the region.
    pub crop: bool,
}

/// A marker that switches the camera.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CameraMarker {
    /// The frame from which on the camera renders.
    pub frame: i32,
    /// The camera's name.
    pub camera: String,
}

/// A view layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ViewLayer {
    /// Its name.
    pub name: String,
    /// Whether it is rendered.
    pub enabled: bool,
}

/// The settings of Cycles. A setting that was never touched is not in the file, and none here: it is at the default of
/// the Blender that renders (denoising is on from 3.0 on, off before).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct CyclesFacts {
    /// Samples per pixel, or the most of them where sampling is adaptive.
    pub samples: Option<i64>,
    /// Whether pictures are denoised.
    pub use_denoising: Option<bool>,
    /// `OPENIMAGEDENOISE` or `OPTIX`.
    pub denoiser: Option<String>,
    /// `CPU` or `GPU`.
    pub device: Option<String>,
}

impl SceneFacts {
    pub(super) fn read(scene: &Item<'_>) -> Result<Self, BlendError> {
        let int = |path: &str| scene.int(path);
        let scene_mode = |mask| scene.flag("r.scemode", mask).unwrap_or_default();
        let mode = |mask| scene.flag("r.mode", mask).unwrap_or_default();
        let camera = match scene.follow("camera")? {
            Some(camera) => camera.id_name()?,
            None => None,
        };
        let camera_markers = camera_markers(scene)?;
        let format = scene
            .int("r.im_format.imtype")
            .or_else(|| int("r.imtype"))
            .unwrap_or(-1);
        let nodes = output::compositor(scene)?.filter(|_| scene_mode(DO_COMPOSITING));
        let strips = strip_kinds(scene)?;
        let simulations = simulation::simulations(scene)?;
        Ok(Self {
            name: scene.id_name()?.unwrap_or_default(),
            frame_start: frame(int("r.sfra")),
            frame_end: frame(int("r.efra")),
            frame_step: int("r.frame_step")
                .and_then(|step| u32::try_from(step).ok())
                .unwrap_or(1)
                .max(1),
            fps: int("r.frs_sec").unwrap_or(25),
            fps_base: scene.float("r.frs_sec_base").unwrap_or(1.0),
            // Before 2.5 there was one engine.
            engine: scene
                .text("r.engine")?
                .unwrap_or_else(|| "BLENDER_RENDER".to_owned()),
            resolution_x: int("r.xsch").unwrap_or_default(),
            resolution_y: int("r.ysch").unwrap_or_default(),
            resolution_percentage: int("r.size").unwrap_or(100),
            border: mode(BORDER).then(|| {
                let edge = |name: &str, default| {
                    scene.float(&format!("r.border.{name}")).unwrap_or(default)
                };
                Border {
                    left: edge("xmin", 0.0),
                    right: edge("xmax", 1.0),
                    bottom: edge("ymin", 0.0),
                    top: edge("ymax", 1.0),
                    crop: mode(CROP),
                }
            }),
            output_path: scene.text("r.pic")?.unwrap_or_default(),
            use_file_extension: scene_mode(EXTENSION),
            use_overwrite: !mode(NO_OVERWRITE),
            use_placeholder: mode(PLACEHOLDERS),
            file_format: output::format_name(format).to_owned(),
            is_movie: output::is_movie(format),
            has_camera: scene.pointer("camera").is_some() || !camera_markers.is_empty(),
            camera,
            camera_markers,
            view_layers: view_layers(scene)?,
            use_single_layer: scene_mode(SINGLE_LAYER),
            views: ViewsFacts::read(scene)?,
            cycles: CyclesFacts::read(scene)?,
            eevee_samples: int("eevee.taa_render_samples"),
            use_compositing: nodes.is_some(),
            use_sequencer: scene_mode(DO_SEQUENCER),
            has_strips: strips.iter().any(|kind| *kind != SOUND_STRIP),
            has_scene_strips: strips.contains(&SCENE_STRIP),
            simplify: mode(SIMPLIFY).then(|| Simplify {
                subdivision: int("r.simplify_subsurf_render").unwrap_or_default(),
                particles: scene.float("r.simplify_particles_render").unwrap_or(1.0),
            }),
            file_outputs: nodes
                .map(|tree| FileOutput::all_in(&tree))
                .transpose()?
                .unwrap_or_default(),
            unbaked_simulations: simulations.unbaked,
            baked_simulations: simulations.baked,
        })
    }
}

impl CyclesFacts {
    fn read(scene: &Item<'_>) -> Result<Self, BlendError> {
        let Some(cycles) = Properties::of_engine(scene, "cycles")? else {
            return Ok(Self::default());
        };
        let name = |value: Option<i64>, names: &[(i64, &str)]| {
            let value = value?;
            let known = names.iter().find(|(number, _)| *number == value);
            Some(known.map_or_else(|| value.to_string(), |(_, name)| (*name).to_owned()))
        };
        Ok(Self {
            samples: cycles.int("samples")?,
            use_denoising: cycles.int("use_denoising")?.map(|value| value != 0),
            denoiser: name(
                cycles.int("denoiser")?,
                &[(1, "NLM"), (2, "OPTIX"), (4, "OPENIMAGEDENOISE")],
            ),
            device: name(cycles.int("device")?, &[(0, "CPU"), (1, "GPU")]),
        })
    }
}

/// What the strips of the sequencer are, those within meta strips left out.
fn strip_kinds(scene: &Item<'_>) -> Result<Vec<i64>, BlendError> {
    let Some(editing) = scene.follow("ed")? else {
        return Ok(Vec::new());
    };
    let strips = editing.list("seqbase")?;
    Ok(strips
        .iter()
        .map(|strip| strip.int("type").unwrap_or_default())
        .collect())
}

fn camera_markers(scene: &Item<'_>) -> Result<Vec<CameraMarker>, BlendError> {
    let mut markers = Vec::new();
    for marker in scene.list("markers")? {
        if let Some(camera) = marker.follow("camera")? {
            let camera = camera.id_name()?.unwrap_or_default();
            markers.push(CameraMarker {
                frame: frame(marker.int("frame")),
                camera,
            });
        }
    }
    markers.sort_by_key(|marker| marker.frame);
    Ok(markers)
}

fn view_layers(scene: &Item<'_>) -> Result<Vec<ViewLayer>, BlendError> {
    let mut layers = Vec::new();
    for layer in scene.list("view_layers")? {
        let enabled = layer.flag("flag", LAYER_RENDER).unwrap_or(true);
        layers.push(ViewLayer {
            name: layer.text("name")?.unwrap_or_default(),
            enabled,
        });
    }
    Ok(layers)
}

/// A frame number; damage becomes 0.
pub(super) fn frame(number: Option<i64>) -> i32 {
    number
        .and_then(|number| i32::try_from(number).ok())
        .unwrap_or_default()
}
