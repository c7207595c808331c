// SPDX-License-Identifier: Apache-2.0
//! What the Blender that will render can do, as its probe says (`docs/lanes.md`).

use serde::{Deserialize, Serialize};

/// What a Blender can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Abilities {
    /// Its version, such as `4.5.1`.
    pub blender_version: String,
    /// The identifiers of its render engines.
    pub engines: Vec<String>,
    /// The identifiers of the denoisers that Cycles has in it.
    pub denoisers: Vec<String>,
    /// What Cycles can render on.
    pub devices: Vec<Device>,
}

/// Something that Cycles can render on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Device {
    /// `CPU`, `CUDA`, `OPTIX`, `HIP`, `ONEAPI` or `METAL`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its name.
    pub name: String,
}

impl Abilities {
    /// The version's first two numbers, where it has them.
    pub fn version(&self) -> Option<(u32, u32)> {
        let mut numbers = self.blender_version.split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    }

    /// Whether anything else than a CPU can render.
    pub fn has_gpu(&self) -> bool {
        self.devices.iter().any(|device| device.kind != "CPU")
    }
}
