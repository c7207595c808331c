// SPDX-License-Identifier: Apache-2.0
//! Formats, views and File Output nodes: what becomes a file.

use std::collections::HashSet;

use serde::Serialize;

use crate::blend::error::BlendError;
use crate::blend::item::Item;

/// `RenderData.scemode`
const MULTIVIEW: i64 = 1 << 21;
/// `SceneRenderView.viewflag`
const VIEW_DISABLED: i64 = 1;
/// `bNode.flag`
const MUTED: i64 = 1 << 9;

/// Blender's name of a format (`R_IMF_IMTYPE_…` and the items of `image_type_items`).
pub(super) fn format_name(format: i64) -> &'static str {
    match format {
        0 => "TARGA",
        1 | 7 => "IRIS",
        4 => "JPEG",
        14 => "TARGA_RAW",
        15 => "AVI_RAW",
        16 => "AVI_JPEG",
        17 => "PNG",
        18 => "AVI_CODEC",
        19 => "QUICKTIME",
        20 => "BMP",
        21 => "HDR",
        22 => "TIFF",
        23 => "OPEN_EXR",
        24 => "FFMPEG",
        25 => "FRAMESERVER",
        26 => "CINEON",
        27 => "DPX",
        28 => "OPEN_EXR_MULTILAYER",
        29 => "DDS",
        30 => "JPEG2000",
        31 => "H264",
        32 => "XVID",
        33 => "THEORA",
        34 => "PSD",
        35 => "WEBP",
        36 => "AV1",
        37 => "AVIF",
        _ => "UNKNOWN",
    }
}

pub(super) fn is_movie(format: i64) -> bool {
    matches!(format, 15 | 16 | 18 | 19 | 24 | 25 | 31..=33 | 36)
}

/// Stereo and multi-view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ViewsFacts {
    /// Whether more than one view is rendered.
    pub enabled: bool,
    /// How views become files; means something only where `enabled`.
    pub format: ViewsFormat,
    /// The views that are on: in stereo `left` and `right` only.
    pub active: Vec<View>,
}

/// How views become files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewsFormat {
    /// A file for each view.
    Individual,
    /// One picture that holds both eyes.
    Stereo3d,
    /// One EXR file that holds all views.
    Multiview,
}

/// One view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct View {
    /// Its name.
    pub name: String,
    /// What its files end with, before the extension.
    pub suffix: String,
}

impl ViewsFacts {
    pub(super) fn read(scene: &Item<'_>) -> Result<Self, BlendError> {
        let enabled = scene.flag("r.scemode", MULTIVIEW).unwrap_or_default();
        let stereo = scene.int("r.views_format") == Some(0);
        let format = match scene.int("r.im_format.views_format") {
            Some(1) => ViewsFormat::Stereo3d,
            Some(2) => ViewsFormat::Multiview,
            _ => ViewsFormat::Individual,
        };
        let mut active = Vec::new();
        for view in scene.list("r.views")? {
            let name = view.text("name")?.unwrap_or_default();
            let on = !view.flag("viewflag", VIEW_DISABLED).unwrap_or_default();
            if on && (!stereo || name == "left" || name == "right") {
                active.push(View {
                    name,
                    suffix: view.text("suffix")?.unwrap_or_default(),
                });
            }
        }
        Ok(Self {
            enabled,
            format,
            active,
        })
    }
}

/// The node tree that composites the scene, where it is on.
pub(super) fn compositor<'f>(scene: &Item<'f>) -> Result<Option<Item<'f>>, BlendError> {
    // From 5.0 on the tree is a data-block, and there is no switch but having one.
    if scene.has("compositing_node_group") {
        return scene.follow("compositing_node_group");
    }
    if scene.int("use_nodes").unwrap_or_default() == 0 {
        Ok(None)
    } else {
        scene.follow("nodetree")
    }
}

/// A File Output node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileOutput {
    /// The node's name.
    pub node: String,
    /// Where its files go, as stored: with `//`. Before 5.0 with multilayer EXR this is the file's own pattern.
    pub base_path: String,
    /// What its files begin with, from 5.0 on.
    pub file_name: Option<String>,
    /// Blender's name of the node's format.
    pub file_format: String,
    /// What is written, one file each; with multilayer EXR, layers of one file.
    pub slots: Vec<FileSlot>,
}

/// One input of a File Output node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileSlot {
    /// Its pattern below the node's path; from 5.0 on its name.
    pub path: String,
    /// Blender's name of its format where it has its own.
    pub file_format: Option<String>,
}

impl FileOutput {
    /// All File Output nodes of a tree and of the groups in it.
    pub(super) fn all_in(tree: &Item<'_>) -> Result<Vec<Self>, BlendError> {
        let mut outputs = Vec::new();
        let mut seen = HashSet::new();
        let mut trees = vec![tree.clone()];
        while let Some(tree) = trees.pop() {
            if !seen.insert(tree.address()) {
                continue;
            }
            for node in tree.list("nodes")? {
                if node.flag("flag", MUTED).unwrap_or_default() {
                    continue;
                }
                if node.text("idname")?.as_deref() == Some("CompositorNodeOutputFile") {
                    if let Some(storage) = node.follow("storage")? {
                        outputs.push(Self::read(&node, &storage)?);
                    }
                } else if let Some(group) = node
                    .follow("id")?
                    .filter(|id| id.type_name() == "bNodeTree")
                {
                    trees.push(group);
                }
            }
        }
        Ok(outputs)
    }

    fn read(node: &Item<'_>, storage: &Item<'_>) -> Result<Self, BlendError> {
        let format =
            |item: &Item<'_>| format_name(item.int("format.imtype").unwrap_or(-1)).to_owned();
        let mut slots = Vec::new();
        if storage.has("items") {
            for item in storage.follow_array("items", storage.int("items_count"))? {
                let own = item.int("override_node_format") == Some(1);
                let path = item.text("name")?.unwrap_or_default();
                slots.push(FileSlot {
                    path,
                    file_format: own.then(|| format(&item)),
                });
            }
        } else {
            let multilayer = storage.int("format.imtype") == Some(28);
            for input in node.list("inputs")? {
                let Some(socket) = input.follow("storage")? else {
                    continue;
                };
                let own = socket.int("use_node_format") == Some(0);
                let path = socket
                    .text(if multilayer { "layer" } else { "path" })?
                    .unwrap_or_default();
                slots.push(FileSlot {
                    path,
                    file_format: (own && !multilayer).then(|| format(&socket)),
                });
            }
        }
        Ok(Self {
            node: node.text("name")?.unwrap_or_default(),
            base_path: storage.text("base_path")?.unwrap_or_default(),
            file_name: storage.text("file_name")?,
            file_format: format(storage),
            slots,
        })
    }
}
