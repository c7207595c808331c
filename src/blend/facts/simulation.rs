// SPDX-License-Identifier: Apache-2.0
//! Simulations whose frames depend on those before them, and whether they are baked, and for which frames.
//!
//! Whatever is in doubt counts as unbaked: a simulation too many costs a job its parallelism, one too few its
//! pictures. Objects that are hidden or linked from other files aren't told apart: hidden ones are looked into, linked
//! ones lie in another file and aren't.

use std::collections::HashSet;

use serde::Serialize;

use super::scene::frame;
use super::zones::Zones;
use crate::blend::error::BlendError;
use crate::blend::item::Item;

/// `PointCache.flag`: baked, and read from files that another scene baked.
const CACHE_BAKED: i64 = 1;
const CACHE_EXTERNAL: i64 = 1 << 9;
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

/// A simulation that is baked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BakedSimulation {
    /// The object, or the scene for rigid bodies.
    pub owner: String,
    /// What is simulated.
    pub kind: SimulationKind,
    /// The first frame that it is baked for.
    pub start_frame: i32,
    /// The last frame that it is baked for; after it, nothing moves.
    pub end_frame: i32,
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

/// The simulations of a scene.
#[derive(Debug, Default)]
pub(super) struct Simulations {
    pub unbaked: Vec<UnbakedSimulation>,
    pub baked: Vec<BakedSimulation>,
}

/// What a cache holds.
#[derive(Clone, Copy)]
enum Cache {
    /// Nothing that lasts; the simulation starts from this frame.
    Unbaked(i32),
    /// What was baked, from the one frame to the other.
    Baked(i32, i32),
}

impl Simulations {
    fn add(&mut self, owner: &str, kind: SimulationKind, cache: Option<Cache>) {
        let owner = owner.to_owned();
        match cache {
            Some(Cache::Unbaked(start_frame)) => self.unbaked.push(UnbakedSimulation {
                owner,
                kind,
                start_frame,
            }),
            Some(Cache::Baked(start_frame, end_frame)) => self.baked.push(BakedSimulation {
                owner,
                kind,
                start_frame,
                end_frame,
            }),
            None => {}
        }
    }
}

pub(super) fn simulations(scene: &Item<'_>) -> Result<Simulations, BlendError> {
    let mut found = Simulations::default();
    let mut zones = Zones::new(scene);
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
            object_simulations(&object, &mut zones, &mut found)?;
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

fn rigid_bodies(scene: &Item<'_>, found: &mut Simulations) -> Result<(), BlendError> {
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
    if moves {
        let owner = scene.id_name()?.unwrap_or_default();
        let cache = cache(&shared, "pointcache")?;
        found.add(&owner, SimulationKind::RigidBody, cache);
    }
    Ok(())
}

/// The cache that a pointer leads to; none where it is another scene's.
fn cache(item: &Item<'_>, path: &str) -> Result<Option<Cache>, BlendError> {
    let Some(cache) = item.follow(path)? else {
        return Ok(None);
    };
    let is = |flag| cache.flag("flag", flag).unwrap_or_default();
    let start_frame = frame(cache.int("startframe"));
    Ok(if is(CACHE_EXTERNAL) {
        None
    } else if is(CACHE_BAKED) {
        Some(Cache::Baked(start_frame, frame(cache.int("endframe"))))
    } else {
        Some(Cache::Unbaked(start_frame))
    })
}

fn object_simulations<'f>(
    object: &Item<'f>,
    zones: &mut Zones<'f>,
    found: &mut Simulations,
) -> Result<(), BlendError> {
    let owner = object.id_name()?.unwrap_or_default();
    let mut add = |kind, cache| found.add(&owner, kind, cache);
    for modifier in object.list("modifiers")? {
        if !modifier
            .flag("modifier.mode", MODIFIER_RENDER)
            .unwrap_or(true)
        {
            continue;
        }
        match modifier.type_name() {
            "ClothModifierData" => add(SimulationKind::Cloth, cache(&modifier, "point_cache")?),
            "SoftbodyModifierData" => {
                if let Some(soft) = object.follow("soft")? {
                    let shared = soft.follow("shared")?.unwrap_or(soft);
                    add(SimulationKind::SoftBody, cache(&shared, "pointcache")?);
                }
            }
            "ParticleSystemModifierData" => {
                if let Some(system) = modifier.follow("psys")? {
                    let (kind, cache) = particles(&system)?;
                    add(kind, cache);
                }
            }
            "DynamicPaintModifierData" => {
                if let Some(canvas) = modifier.follow("canvas")? {
                    for surface in canvas.list("surfaces")? {
                        let active = surface.flag("flags", SURFACE_ACTIVE).unwrap_or_default();
                        if active && surface.int("format") != Some(IMAGE_SEQUENCE) {
                            add(SimulationKind::DynamicPaint, cache(&surface, "pointcache")?);
                        }
                    }
                }
            }
            "FluidModifierData" => {
                let domain = modifier.follow("domain")?;
                let replay = domain.filter(|domain| domain.int("cache_type") == Some(0));
                add(
                    SimulationKind::Fluid,
                    replay.map(|domain| Cache::Unbaked(frame(domain.int("cache_frame_start")))),
                );
            }
            // Smoke before 2.82.
            "SmokeModifierData" => {
                if let Some(domain) = modifier.follow("domain")? {
                    add(SimulationKind::Fluid, cache(&domain, "point_cache[0]")?);
                }
            }
            "NodesModifierData" => {
                let start_frame = zones.unbaked(&modifier)?;
                add(
                    SimulationKind::GeometryNodes,
                    start_frame.map(Cache::Unbaked),
                );
            }
            _ => {}
        }
    }
    Ok(())
}

fn particles(system: &Item<'_>) -> Result<(SimulationKind, Option<Cache>), BlendError> {
    let Some(settings) = system.follow("part")? else {
        return Ok((SimulationKind::Particles, None));
    };
    if settings.int("type") == Some(HAIR) {
        let moves = system.flag("flag", HAIR_DYNAMICS).unwrap_or_default();
        // Hair moves as cloth, but keeps its frames in the particles' own cache.
        let cache = if moves {
            cache(system, "pointcache")?
        } else {
            None
        };
        return Ok((SimulationKind::Hair, cache));
    }
    // Without physics a particle's place follows from its birth.
    let moves = settings.int("phystype") != Some(0);
    let cache = if moves {
        cache(system, "pointcache")?
    } else {
        None
    };
    Ok((SimulationKind::Particles, cache))
}
