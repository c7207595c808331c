// SPDX-License-Identifier: Apache-2.0
//! Walks over every world that can come about, depth first, and holds the properties against each.
//!
//! A world that comes back on the path that leads to it would be a circle: lanes that never end. There must be none,
//! and then every path ends, so that each lane can end from wherever it is.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::machine::Without;
use super::moves::{Moves, Setting};
use super::properties;
use super::world::World;

/// A violated property, and how it came about.
#[derive(Debug)]
pub struct Violation {
    pub property: String,
    pub story: Vec<String>,
}

/// How much was explored.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extent {
    pub worlds: usize,
    pub ends: usize,
    pub most_renders: u8,
    pub most_failures: u8,
}

/// Explores every world of a setting.
pub fn explore(setting: Setting, without: Option<Without>) -> Result<Extent, Violation> {
    let mut search = Search {
        moves: Moves::new(setting, without),
        path: Vec::new(),
    };
    search.run().map_err(|property| Violation {
        property,
        story: search.story(),
    })
}

struct Step {
    world: World,
    fingerprint: u64,
    /// What is left to go on with.
    rest: Vec<World>,
}

struct Search {
    moves: Moves,
    path: Vec<Step>,
}

impl Search {
    fn run(&mut self) -> Result<Extent, String> {
        let mut extent = Extent::default();
        let mut seen: HashSet<u64, BuildHasherDefault<AsIs>> = HashSet::default();
        let mut on_path: HashSet<u64, BuildHasherDefault<AsIs>> = HashSet::default();
        let mut coming = Some(self.moves.first_world());
        let mut found = Vec::new();
        loop {
            if let Some(world) = coming.take() {
                let fingerprint = fingerprint(&world);
                if on_path.contains(&fingerprint) {
                    self.path.push(Step {
                        world,
                        fingerprint,
                        rest: Vec::new(),
                    });
                    return Err("every lane ends".to_owned());
                }
                if seen.insert(fingerprint) {
                    found.clear();
                    self.moves.next(&world, false, &mut found);
                    let rest: Vec<World> = found.iter().map(|(next, _)| *next).collect();
                    extent.worlds += 1;
                    extent.most_renders = extent.most_renders.max(world.renders);
                    extent.most_failures = extent
                        .most_failures
                        .max(world.failures.into_iter().max().unwrap_or(0));
                    on_path.insert(fingerprint);
                    self.path.push(Step {
                        world,
                        fingerprint,
                        rest,
                    });
                    properties::hold(&self.moves, &world)?;
                    extent.ends += usize::from(properties::is_end(&world));
                }
            }
            let Some(step) = self.path.last_mut() else {
                return Ok(extent);
            };
            coming = step.rest.pop();
            if coming.is_none() {
                on_path.remove(&step.fingerprint);
                self.path.pop();
            }
        }
    }

    /// Tells the path step by step, by finding each move again.
    fn story(&mut self) -> Vec<String> {
        let worlds: Vec<World> = self.path.iter().map(|step| step.world).collect();
        let mut story = Vec::new();
        for pair in worlds.windows(2) {
            let mut found = Vec::new();
            self.moves.next(&pair[0], true, &mut found);
            let told = found.into_iter().find(|(next, _)| *next == pair[1]);
            story.push(told.map_or_else(|| "?".to_owned(), |(_, text)| text));
        }
        story.extend(worlds.last().map(|world| format!("{world:?}")));
        story
    }
}

/// A hash of 64 bits stands for the world: among the some ten million worlds of the largest setting, the chance that any
/// two share one is about one in a hundred thousand.
fn fingerprint(world: &World) -> u64 {
    let mut hasher = Mixer(0);
    world.hash(&mut hasher);
    hasher.finish()
}

/// Multiplies and folds, word by word.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn finish(&self) -> u64 {
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
        mixed ^ (mixed >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u16(&mut self, value: u16) {
        self.write_u64(value.into());
    }

    fn write_isize(&mut self, value: isize) {
        self.write(&value.to_le_bytes());
    }

    fn write_u64(&mut self, value: u64) {
        let mixed = (self.0.rotate_left(23) ^ value.wrapping_add(0x9e37_79b9_7f4a_7c15))
            .wrapping_mul(0xa076_1d64_78bd_642f);
        self.0 = mixed ^ (mixed >> 29);
    }
}

/// Takes a fingerprint for its own hash.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only whole words are kept")
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}
