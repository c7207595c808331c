// SPDX-License-Identifier: Apache-2.0
//! Simulation zones of geometry nodes, in a modifier's node tree or in the groups within it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::libraries::local_path;
use super::scene::frame;
use crate::blend::error::BlendError;
use crate::blend::item::Item;

/// `Scene.flag`
const CUSTOM_SIMULATION_RANGE: i64 = 1 << 6;
/// `NodesModifierBake.flag`
const CUSTOM_BAKE_RANGE: i64 = 1;
const CUSTOM_BAKE_PATH: i64 = 1 << 1;
/// Node groups that are nested deeper than this run in circles.
const MAX_DEPTH: u32 = 64;
/// The node that ends a zone; its bakes are the zone's.
const ZONE: &str = "GeometryNodeSimulationOutput";

/// What is known of the node trees of a scene. Many objects share a tree, so each is read once.
pub(super) struct Zones<'f> {
    /// The frame that zones start from, where they have no range of their own.
    start_frame: i32,
    trees: HashMap<u64, Rc<Tree<'f>>>,
    /// By a tree's address, whether it or a group in it has a zone.
    zoned: HashMap<u64, bool>,
}

/// One node tree.
#[derive(Default)]
struct Tree<'f> {
    has_zone: bool,
    groups: Vec<Item<'f>>,
    /// By the node's identifier, its kind and the group that it stands for.
    nodes: HashMap<i64, (String, Option<Item<'f>>)>,
    /// By the number that a bake has, the node in this tree and the number in that node's group.
    nested: HashMap<i64, (i64, i64)>,
}

impl<'f> Tree<'f> {
    fn read(tree: &Item<'f>) -> Result<Self, BlendError> {
        let mut known = Self::default();
        for node in tree.list("nodes")? {
            let kind = node.text("idname")?.unwrap_or_default();
            let group = node
                .follow("id")?
                .filter(|id| id.type_name() == "bNodeTree");
            known.has_zone |= kind == ZONE;
            known.groups.extend(group.clone());
            if let Some(identifier) = node.int("identifier") {
                known.nodes.insert(identifier, (kind, group));
            }
        }
        for entry in tree.follow_array("nested_node_refs", tree.int("nested_node_refs_num"))? {
            let path = entry.int("path.node_id").zip(entry.int("path.id_in_node"));
            if let Some((id, path)) = entry.int("id").zip(path) {
                known.nested.insert(id, path);
            }
        }
        Ok(known)
    }
}

impl<'f> Zones<'f> {
    pub fn new(scene: &Item<'f>) -> Self {
        let custom = scene
            .flag("flag", CUSTOM_SIMULATION_RANGE)
            .unwrap_or_default();
        let start = if custom {
            "simulation_frame_start"
        } else {
            "r.sfra"
        };
        Self {
            start_frame: frame(scene.int(start)),
            trees: HashMap::new(),
            zoned: HashMap::new(),
        }
    }

    /// The first frame of a modifier's zones, where there are any and one of them isn't baked.
    pub fn unbaked(&mut self, modifier: &Item<'f>) -> Result<Option<i32>, BlendError> {
        let Some(tree) = modifier.follow("node_group")? else {
            return Ok(None);
        };
        if !self.has_zone(&tree)? {
            return Ok(None);
        }
        if !modifier.has("bakes") {
            return Ok((!is_baked_as_a_whole(modifier)?).then_some(self.start_frame));
        }
        let (mut zones, mut start) = (0, None);
        for bake in modifier.follow_array("bakes", modifier.int("bakes_num"))? {
            let Some(id) = bake.int("id") else { continue };
            // Bake nodes have such entries, too; without a bake they pass on what they get.
            if self.baked_node(&tree, id)?.is_some_and(|kind| kind != ZONE) {
                continue;
            }
            zones += 1;
            if !is_baked(modifier, &bake, id)? {
                let custom = bake.flag("flag", CUSTOM_BAKE_RANGE).unwrap_or_default();
                let from = if custom {
                    frame(bake.int("frame_start"))
                } else {
                    self.start_frame
                };
                start = Some(start.map_or(from, |start: i32| start.min(from)));
            }
        }
        Ok(if zones == 0 {
            Some(self.start_frame)
        } else {
            start
        })
    }

    fn tree(&mut self, tree: &Item<'f>) -> Result<Rc<Tree<'f>>, BlendError> {
        if let Some(known) = self.trees.get(&tree.address()) {
            return Ok(Rc::clone(known));
        }
        let known = Rc::new(Tree::read(tree)?);
        self.trees.insert(tree.address(), Rc::clone(&known));
        Ok(known)
    }

    fn has_zone(&mut self, root: &Item<'f>) -> Result<bool, BlendError> {
        if let Some(known) = self.zoned.get(&root.address()) {
            return Ok(*known);
        }
        let mut found = false;
        let mut seen = HashSet::new();
        let mut pending = vec![root.clone()];
        while let Some(tree) = pending.pop().filter(|_| !found) {
            if seen.insert(tree.address()) {
                let known = self.tree(&tree)?;
                found = known.has_zone;
                pending.extend(known.groups.iter().cloned());
            }
        }
        self.zoned.insert(root.address(), found);
        Ok(found)
    }

    /// The kind of the node that a bake belongs to, in whatever group it lies.
    fn baked_node(&mut self, root: &Item<'f>, id: i64) -> Result<Option<String>, BlendError> {
        let (mut tree, mut id) = (root.clone(), id);
        for _ in 0..MAX_DEPTH {
            let known = self.tree(&tree)?;
            let Some((node, id_in_node)) = known.nested.get(&id) else {
                return Ok(None);
            };
            match known.nodes.get(node) {
                Some((_, Some(group))) => (tree, id) = (group.clone(), *id_in_node),
                Some((kind, None)) => return Ok(Some(kind.clone())),
                None => return Ok(None),
            }
        }
        Ok(None)
    }
}

/// In 3.6 and 4.0 all zones of a modifier are baked into one folder.
fn is_baked_as_a_whole(modifier: &Item<'_>) -> Result<bool, BlendError> {
    let folder = bake_folder(modifier, "simulation_bake_directory")?;
    let zones = folder.and_then(|folder| folder.read_dir().ok());
    Ok(zones.is_some_and(|zones| {
        zones
            .flatten()
            .any(|zone| has_entries(&zone.path().join("meta")))
    }))
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

/// The folder that a field names. Only paths of this computer's own kind lead anywhere.
fn bake_folder(item: &Item<'_>, field: &str) -> Result<Option<PathBuf>, BlendError> {
    let stored = item.text(field)?.unwrap_or_default();
    Ok(local_path(item.file(), &stored))
}

fn has_entries(folder: &Path) -> bool {
    folder
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
}
