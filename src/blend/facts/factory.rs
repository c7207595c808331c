// SPDX-License-Identifier: Apache-2.0
//! The cube that every new file of Blender begins with.

use crate::blend::error::BlendError;
use crate::blend::file::BlendFile;

/// Whether an untouched default cube is in the file: where it was, of eight corners, with nothing done to it.
pub(super) fn has_default_cube(file: &BlendFile) -> Result<bool, BlendError> {
    for object in file.items("OB")? {
        if object.id_name()?.as_deref() != Some("Cube") {
            continue;
        }
        let at_origin = (0..3).all(|axis| {
            let place = object.float(&format!("loc[{axis}]"));
            place.is_some_and(|place| place.abs() < f64::EPSILON)
        });
        let untouched =
            at_origin && object.pointer("adt").is_none() && object.list("modifiers")?.is_empty();
        let Some(mesh) = object.follow("data")?.filter(|_| untouched) else {
            continue;
        };
        if mesh.type_name() == "Mesh" && mesh.int("totvert") == Some(8) {
            return Ok(true);
        }
    }
    Ok(false)
}
