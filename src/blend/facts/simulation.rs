// SPDX-License-Identifier: Apache-2.0
//! Simulations whose frames depend on those before them, and whether they are baked.
//!
//! Whatever is in doubt counts as unbaked: a simulation too many costs a job its parallelism, one too few its
//! pictures. Objects that are hidden or linked from other files aren't told apart: hidden ones are looked into, linked
//! ones lie in another file and aren't.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::scene::frame;
use crate::blend::error::BlendError;
use crate::blend::item::Item;

/// `PointCache.flag`: baked, or read from files that another scene baked.
const CACHE_BAKED: i64 = 1 | 1 << 9;
/// `ModifierData.mode`
const MODIFIER_RENDER: i64 = 1 << 1;
/// `RigidBodyWorld.flag`
const WORLD_MUTED: i64 = 1;
/// `ParticleSystem.flag`
const HAIR_DYNAMICS: i64 = 1 << 2;
/// `ParticleSettings.type`
const HAIR: i64 = 2;
/// `DynamicPaintSurface.flags` and `.format`
const SURFACE_ACTIVE: i64 = 1;
const IMAGE_SEQUENCE: i64 = 2;
/// `Scene.flag`
const CUSTOM_SIMULATION_RANGE: i64 = 1 << 6;
/// `NodesModifierBake.flag`
const CUSTOM_BAKE_RANGE: i64 = 1;
const CUSTOM_BAKE_PATH: i64 = 1 << 1;
/// Node groups that are nested deeper than this run in circles.
const MAX_DEPTH: u32 = 64;

/// A simulation that isn't baked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UnbakedSimulation {
    /// The object, or the scene for rigid bodies.
    pub owner: String,
    /// What is simulated.
    pub kind: SimulationKind,
    /// The frame that it starts from.
    pub start_frame: i32,
}

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SimulationKind {
    /// The scene's rigid body world.
    RigidBody,
    /// Cloth.
    Cloth,
    /// Soft body.
    SoftBody,
    /// Gas or liquid in replay mode; the other modes show nothing until they are baked.
    Fluid,
    /// Particles that move.
    Particles,
    /// Hair that moves.
    Hair,
    /// Dynamic paint on vertices.
    DynamicPaint,
    /// A simulation zone of geometry nodes.
    GeometryNodes,
}

pub(super) fn unbaked(scene: &Item<'_>) -> Result<Vec<UnbakedSimulation>, BlendError> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut sets = vec![scene.clone()];
    while let Some(set) = sets.pop() {
        if !seen.insert(set.address()) {
            continue;
        }
        rigid_bodies(&set, &mut found)?;
        sets.extend(set.follow("set")?.filter(|set| set.type_name() == "Scene"));
        let mut objects = Vec::new();
        for base in set.list("base")? {
            objects.extend(base.follow("object")?);
        }
        let collections = set.follow("master_collection")?;
        for object in objects_of(collections.into_iter().collect(), objects)? {
            object_simulations(scene, &object, &mut found)?;
        }
    }
    Ok(found)
}

/// All objects in collections, their children, and collections that objects are instances of; each once.
fn objects_of<'f>(
    mut collections: Vec<Item<'f>>,
    mut pending: Vec<Item<'f>>,
) -> Result<Vec<Item<'f>>, BlendError> {
    let mut seen = HashSet::new();
    let mut objects = Vec::new();
    loop {
        if let Some(object) = pending.pop() {
            if object.type_name() == "Object" && seen.insert(object.address()) {
                collections.extend(object.follow("dup_group")?);
                objects.push(object);
            }
        } else if let Some(collection) = collections.pop() {
            if seen.insert(collection.address()) {
                for member in collection.list("gobject")? {
                    pending.extend(member.follow("ob")?);
                }
                for child in collection.list("children")? {
                    collections.extend(child.follow("collection")?);
                }
            }
        } else {
            return Ok(objects);
        }
    }
}

fn rigid_bodies(scene: &Item<'_>, found: &mut Vec<UnbakedSimulation>) -> Result<(), BlendError> {
    let Some(world) = scene.follow("rigidbody_world")? else {
        return Ok(());
    };
    let Some(group) = world.follow("group")? else {
        return Ok(());
    };
    if world.flag("flag", WORLD_MUTED).unwrap_or_default() {
        return Ok(());
    }
    let mut moves = false;
    for object in objects_of(vec![group], Vec::new())? {
        // Type 0 is active, 1 passive.
        moves |= object
            .follow("rigidbody_object")?
            .is_some_and(|body| body.int("type") == Some(0));
    }
    // The cache moved into a shared structure in 2.80.
    let shared = world.follow("shared")?.unwrap_or(world);
    if moves && let Some(start_frame) = unbaked_cache(&shared, "pointcache")? {
        let owner = scene.id_name()?.unwrap_or_default();
        found.push(UnbakedSimulation {
            owner,
            kind: SimulationKind::RigidBody,
            start_frame,
        });
    }
    Ok(())
}

/// Where the cache that a pointer leads to isn't baked, the frame that it starts from.
fn unbaked_cache(item: &Item<'_>, path: &str) -> Result<Option<i32>, BlendError> {
    let cache = item.follow(path)?;
    Ok(cache
        .filter(|cache| !cache.flag("flag", CACHE_BAKED).unwrap_or_default())
        .map(|cache| frame(cache.int("startframe"))))
}

fn object_simulations(
    scene: &Item<'_>,
    object: &Item<'_>,
    found: &mut Vec<UnbakedSimulation>,
) -> Result<(), BlendError> {
    let owner = object.id_name()?.unwrap_or_default();
    let mut add = |kind, start_frame: Option<i32>| {
        if let Some(start_frame) = start_frame {
            found.push(UnbakedSimulation {
                owner: owner.clone(),
                kind,
                start_frame,
            });
        }
    };
    for modifier in object.list("modifiers")? {
        if !modifier
            .flag("modifier.mode", MODIFIER_RENDER)
            .unwrap_or(true)
        {
            continue;
        }
        match modifier.type_name() {
            "ClothModifierData" => add(
                SimulationKind::Cloth,
                unbaked_cache(&modifier, "point_cache")?,
            ),
            "SoftbodyModifierData" => {
                if let Some(soft) = object.follow("soft")? {
                    let shared = soft.follow("shared")?.unwrap_or(soft);
                    add(
                        SimulationKind::SoftBody,
                        unbaked_cache(&shared, "pointcache")?,
                    );
                }
            }
            "ParticleSystemModifierData" => {
                if let Some(system) = modifier.follow("psys")? {
                    let (kind, start_frame) = particles(&system)?;
                    add(kind, start_frame);
                }
            }
            "DynamicPaintModifierData" => {
                if let Some(canvas) = modifier.follow("canvas")? {
                    for surface in canvas.list("surfaces")? {
                        let active = surface.flag("flags", SURFACE_ACTIVE).unwrap_or_default();
                        if active && surface.int("format") != Some(IMAGE_SEQUENCE) {
                            add(
                                SimulationKind::DynamicPaint,
                                unbaked_cache(&surface, "pointcache")?,
                            );
                        }
                    }
                }
            }
            "FluidModifierData" => {
                let domain = modifier.follow("domain")?;
                let replay = domain.filter(|domain| domain.int("cache_type") == Some(0));
                add(
                    SimulationKind::Fluid,
                    replay.map(|domain| frame(domain.int("cache_frame_start"))),
                );
            }
            // Smoke before 2.82.
            "SmokeModifierData" => {
                if let Some(domain) = modifier.follow("domain")? {
                    add(
                        SimulationKind::Fluid,
                        unbaked_cache(&domain, "point_cache[0]")?,
                    );
                }
            }
            "NodesModifierData" => add(
                SimulationKind::GeometryNodes,
                nodes_modifier(scene, &modifier)?,
            ),
            _ => {}
        }
    }
    Ok(())
}

fn particles(system: &Item<'_>) -> Result<(SimulationKind, Option<i32>), BlendError> {
    let Some(settings) = system.follow("part")? else {
        return Ok((SimulationKind::Particles, None));
    };
    if settings.int("type") == Some(HAIR) {
        let moves = system.flag("flag", HAIR_DYNAMICS).unwrap_or_default();
        // Hair moves as cloth, but keeps its frames in the particles' own cache.
        let start_frame = if moves {
            unbaked_cache(system, "pointcache")?
        } else {
            None
        };
        return Ok((SimulationKind::Hair, start_frame));
    }
    // Without physics a particle's place follows from its birth.
    let moves = settings.int("phystype") != Some(0);
    let start_frame = if moves {
        unbaked_cache(system, "pointcache")?
    } else {
        None
    };
    Ok((SimulationKind::Particles, start_frame))
}

fn nodes_modifier(scene: &Item<'_>, modifier: &Item<'_>) -> Result<Option<i32>, BlendError> {
    let Some(tree) = modifier.follow("node_group")? else {
        return Ok(None);
    };
    if !has_simulation(&tree, &mut HashSet::new())? {
        return Ok(None);
    }
    let default_start = if scene
        .flag("flag", CUSTOM_SIMULATION_RANGE)
        .unwrap_or_default()
    {
        frame(scene.int("simulation_frame_start"))
    } else {
        frame(scene.int("r.sfra"))
    };
    if !modifier.has("bakes") {
        // 3.6 and 4.0: all zones of a modifier are baked into one folder.
        let folder = bake_folder(modifier, "simulation_bake_directory")?;
        let baked = folder.is_some_and(|folder| {
            folder.read_dir().is_ok_and(|mut zones| {
                zones.any(|zone| zone.is_ok_and(|zone| has_entries(&zone.path().join("meta"))))
            })
        });
        return Ok((!baked).then_some(default_start));
    }
    let (mut zones, mut start) = (0, None);
    for bake in modifier.follow_array("bakes", modifier.int("bakes_num"))? {
        let Some(id) = bake.int("id") else { continue };
        // Bake nodes have such entries, too; without a bake they pass on what they get.
        if baked_node(&tree, id, 0)?.is_some_and(|idname| idname != "GeometryNodeSimulationOutput")
        {
            continue;
        }
        zones += 1;
        if !is_baked(modifier, &bake, id)? {
            let custom = bake.flag("flag", CUSTOM_BAKE_RANGE).unwrap_or_default();
            let from = if custom {
                frame(bake.int("frame_start"))
            } else {
                default_start
            };
            start = Some(start.map_or(from, |start: i32| start.min(from)));
        }
    }
    Ok(if zones == 0 {
        Some(default_start)
    } else {
        start
    })
}

/// Whether a node tree or a group in it holds a simulation zone.
fn has_simulation(tree: &Item<'_>, seen: &mut HashSet<u64>) -> Result<bool, BlendError> {
    let mut trees = vec![tree.clone()];
    while let Some(tree) = trees.pop() {
        if !seen.insert(tree.address()) {
            continue;
        }
        for node in tree.list("nodes")? {
            if node.text("idname")?.as_deref() == Some("GeometryNodeSimulationOutput") {
                return Ok(true);
            }
            trees.extend(
                node.follow("id")?
                    .filter(|id| id.type_name() == "bNodeTree"),
            );
        }
    }
    Ok(false)
}

/// The kind of the node that an entry of a tree's nested nodes stands for, in whatever group it lies.
fn baked_node(tree: &Item<'_>, id: i64, depth: u32) -> Result<Option<String>, BlendError> {
    let entries = tree.follow_array("nested_node_refs", tree.int("nested_node_refs_num"))?;
    let Some(entry) = entries.iter().find(|entry| entry.int("id") == Some(id)) else {
        return Ok(None);
    };
    let node_id = entry.int("path.node_id");
    for node in tree.list("nodes")? {
        if node.int("identifier") != node_id {
            continue;
        }
        return match node
            .follow("id")?
            .filter(|id| id.type_name() == "bNodeTree")
        {
            Some(group) if depth < MAX_DEPTH => {
                let inner = entry.int("path.id_in_node").unwrap_or_default();
                baked_node(&group, inner, depth + 1)
            }
            _ => node.text("idname"),
        };
    }
    Ok(None)
}

fn is_baked(modifier: &Item<'_>, bake: &Item<'_>, id: i64) -> Result<bool, BlendError> {
    if let Some(packed) = bake.follow("packed")? {
        return Ok(packed.int("meta_files_num").unwrap_or(1) > 0);
    }
    let folder = if bake.flag("flag", CUSTOM_BAKE_PATH).unwrap_or_default() {
        bake_folder(bake, "directory")?
    } else {
        bake_folder(modifier, "simulation_bake_directory")?
            .map(|folder| folder.join(id.to_string()))
    };
    Ok(folder.is_some_and(|folder| has_entries(&folder.join("meta"))))
}

/// The folder that a field names, `//` resolved. Only paths of this computer's own kind lead anywhere.
fn bake_folder(item: &Item<'_>, field: &str) -> Result<Option<PathBuf>, BlendError> {
    let Some(stored) = item.text(field)?.filter(|stored| !stored.is_empty()) else {
        return Ok(None);
    };
    Ok(Some(match stored.strip_prefix("//") {
        Some(relative) => {
            let folder = item.file().path().parent().unwrap_or(Path::new(""));
            relative
                .split(['/', '\\'])
                .fold(folder.to_owned(), |folder, part| folder.join(part))
        }
        None => PathBuf::from(stored),
    }))
}

fn has_entries(folder: &Path) -> bool {
    folder
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
}
