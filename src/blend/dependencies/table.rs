// SPDX-License-Identifier: Apache-2.0
//! The fields that hold paths: the only knowledge of single kinds of data that following a scene needs.
//!
//! Names are those in the file's DNA, which keeps its first names for ever: what Python calls `Image.filepath` is
//! `Image.name`, and what it calls a strip is `Sequence`. Collected from the DNA of 2.79 to 5.2 and from the functions
//! that Blender's own list comes from (`IDTypeInfo.foreach_path`), which leave out those marked so.
//!
//! What is not here holds no path that rendering reads: folders of file browsers, `Library.filepath_abs` and
//! `CacheFile.handle_filepath` (what was open last), `LibraryWeakReference` (where an appended thing came from),
//! preferences, and names of studio lights, which Blender finds among its own files.

use serde::Serialize;

/// What a path is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DependencyKind {
    /// The .blend file that the search began with.
    Blend,
    /// A .blend file that others link from.
    Library,
    /// A picture, a sequence of pictures, UDIM tiles or a film, as a texture or background.
    Image,
    /// A film or a sequence of pictures for tracking or compositing.
    MovieClip,
    /// A picture, film or sound of the sequencer.
    Strip,
    /// A sound.
    Sound,
    /// A font.
    Font,
    /// A text; its content lies in the .blend file as well.
    Text,
    /// A VDB file, or a sequence of them.
    Volume,
    /// An Alembic or USD file, or a sequence of them, or a layer over one.
    CacheFile,
    /// A light's photometric profile.
    Ies,
    /// A shader in Open Shading Language, of a material or of a camera.
    OslScript,
    /// Vertex positions over time (MDD, PC2).
    MeshCache,
    /// Displacements of a multires mesh kept outside.
    Multires,
    /// Frames of a point cache: particles, cloth, soft bodies, smoke before 2.82, dynamic paint.
    PointCache,
    /// The folder of a fluid simulation.
    FluidCache,
    /// The folder of a baked ocean.
    OceanCache,
    /// The folder of baked geometry nodes.
    NodeBake,
    /// A file that geometry nodes import, or another path of a node's socket.
    NodeImport,
    /// Smaller versions of films and pictures, for editing; rendering does without them.
    Proxy,
    /// A path in a custom property or in the settings of an add-on.
    CustomProperty,
    /// The picture of a brush; rendering does without it.
    BrushIcon,
    /// Where the scene's frames are written.
    RenderOutput,
    /// Where a File Output node writes.
    NodeOutput,
    /// Where baking writes its textures.
    BakeOutput,
    /// Where dynamic paint writes its pictures.
    PaintOutput,
    /// Where a collection's exporter writes.
    ExportOutput,
}

impl DependencyKind {
    /// The name as in JSON, such as `point_cache`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blend => "blend",
            Self::Library => "library",
            Self::Image => "image",
            Self::MovieClip => "movie_clip",
            Self::Strip => "strip",
            Self::Sound => "sound",
            Self::Font => "font",
            Self::Text => "text",
            Self::Volume => "volume",
            Self::CacheFile => "cache_file",
            Self::Ies => "ies",
            Self::OslScript => "osl_script",
            Self::MeshCache => "mesh_cache",
            Self::Multires => "multires",
            Self::PointCache => "point_cache",
            Self::FluidCache => "fluid_cache",
            Self::OceanCache => "ocean_cache",
            Self::NodeBake => "node_bake",
            Self::NodeImport => "node_import",
            Self::Proxy => "proxy",
            Self::CustomProperty => "custom_property",
            Self::BrushIcon => "brush_icon",
            Self::RenderOutput => "render_output",
            Self::NodeOutput => "node_output",
            Self::BakeOutput => "bake_output",
            Self::PaintOutput => "paint_output",
            Self::ExportOutput => "export_output",
        }
    }
}

/// Which way the bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Rendering reads it.
    Input,
    /// Rendering reads it where it is there, and does without it, or makes it anew, where it isn't.
    Cache,
    /// Rendering or baking writes it.
    Output,
}

/// What lies at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeadsTo {
    /// A file, or a set of files named alike (tiles, frames).
    File,
    /// A folder.
    Folder,
    /// A name within the folder that another field holds: `folder` of the structure that comes before it on the way.
    NameIn {
        /// The structure with the folder.
        structure: &'static str,
        /// Its field.
        folder: &'static str,
    },
}

/// A field that holds a path.
#[derive(Debug, PartialEq, Eq)]
pub struct PathField {
    /// The structure that begins a block of the file (or an array of them does).
    pub structure: &'static str,
    /// The field within it, dots leading into inner structures. It is an array of `char`, or a pointer to one.
    pub field: &'static str,
    /// What the path is for.
    pub kind: DependencyKind,
    /// Which way the bytes go.
    pub role: Role,
    /// What lies at its end.
    pub leads_to: LeadsTo,
}

const fn file(
    structure: &'static str,
    field: &'static str,
    kind: DependencyKind,
    role: Role,
) -> PathField {
    PathField {
        structure,
        field,
        kind,
        role,
        leads_to: LeadsTo::File,
    }
}

const fn folder(
    structure: &'static str,
    field: &'static str,
    kind: DependencyKind,
    role: Role,
) -> PathField {
    PathField {
        structure,
        field,
        kind,
        role,
        leads_to: LeadsTo::Folder,
    }
}

/// All fields that hold paths. Which of them count depends on their neighbours: an image that Blender generates has a
/// path that nobody reads.
pub static PATH_FIELDS: &[PathField] = {
    use DependencyKind as Kind;
    use Role::{Cache, Input, Output};
    &[
        file("Library", "name", Kind::Library, Input),
        file("Image", "name", Kind::Image, Input),
        // Left out by Blender's list: views of a stereo picture in files of their own.
        file("ImageView", "filepath", Kind::Image, Input),
        file("MovieClip", "name", Kind::MovieClip, Input),
        file("bSound", "name", Kind::Sound, Input),
        file("VFont", "name", Kind::Font, Input),
        file("Text", "name", Kind::Text, Cache),
        file("Volume", "filepath", Kind::Volume, Input),
        file("CacheFile", "filepath", Kind::CacheFile, Input),
        // Left out by Blender's list.
        file("CacheFileLayer", "filepath", Kind::CacheFile, Input),
        file("NodeShaderScript", "filepath", Kind::OslScript, Input),
        file("NodeShaderTexIES", "filepath", Kind::Ies, Input),
        file("Camera", "custom_filepath", Kind::OslScript, Input),
        file("MeshCacheModifierData", "filepath", Kind::MeshCache, Input),
        file("CustomDataExternal", "filename", Kind::Multires, Input),
        // Voxel textures, until 2.79.
        file("VoxelData", "source_path", Kind::Volume, Input),
        // `Strip` is what a strip (`Sequence`) holds. Its folder may be just `//`.
        PathField {
            structure: "StripElem",
            field: "name",
            kind: Kind::Strip,
            role: Input,
            leads_to: LeadsTo::NameIn {
                structure: "Strip",
                folder: "dir",
            },
        },
        // Sockets of nodes whose `subtype` is a file or a folder. Blender's list has them from 5.0 on.
        file("bNodeSocketValueString", "value", Kind::NodeImport, Input),
        folder("OceanModifierData", "cachepath", Kind::OceanCache, Cache),
        folder(
            "FluidDomainSettings",
            "cache_directory",
            Kind::FluidCache,
            Cache,
        ),
        // Fluids until 2.81.
        folder("FluidsimSettings", "surfdataPath", Kind::FluidCache, Cache),
        // Left out by Blender's list where it is external; where it isn't, the folder is named after the .blend file.
        folder("PointCache", "path", Kind::PointCache, Cache),
        // Left out by Blender's list; those of single bakes are in it from 5.2 on.
        folder(
            "NodesModifierData",
            "simulation_bake_directory",
            Kind::NodeBake,
            Cache,
        ),
        folder("NodesModifierBake", "directory", Kind::NodeBake, Cache),
        // Left out by Blender's list: proxies.
        folder("MovieClip", "proxy.dir", Kind::Proxy, Cache),
        folder("StripProxy", "dir", Kind::Proxy, Cache),
        PathField {
            structure: "StripProxy",
            field: "file",
            kind: Kind::Proxy,
            role: Cache,
            leads_to: LeadsTo::NameIn {
                structure: "StripProxy",
                folder: "dir",
            },
        },
        folder("Editing", "proxy_dir", Kind::Proxy, Cache),
        file("Brush", "icon_filepath", Kind::BrushIcon, Cache),
        // Left out by Blender's list: all that is written.
        file("Scene", "r.pic", Kind::RenderOutput, Output),
        file("Scene", "r.bake.filepath", Kind::BakeOutput, Output),
        folder("NodeImageMultiFile", "base_path", Kind::NodeOutput, Output),
        file(
            "DynamicPaintSurface",
            "image_output_path",
            Kind::PaintOutput,
            Output,
        ),
    ]
};
