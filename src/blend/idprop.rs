// SPDX-License-Identifier: Apache-2.0
//! ID properties: what add-ons and engines keep in a data-block, such as the settings of Cycles.

use super::bytes::ByteOrder;
use super::error::BlendError;
use super::item::Item;

/// The kinds of properties, as in Blender's `eIDPropertyType`.
const STRING: i64 = 0;
const INT: i64 = 1;
const FLOAT: i64 = 2;
const GROUP: i64 = 6;
const DOUBLE: i64 = 8;
const BOOLEAN: i64 = 10;

/// A group of properties.
#[derive(Debug, Clone)]
pub struct Properties<'f>(Vec<Item<'f>>);

/// The value of one property.
#[derive(Debug, Clone, PartialEq)]
pub enum Property {
    /// A whole number; enumerations are such numbers.
    Int(i64),
    /// A number that may be a fraction.
    Float(f64),
    /// Yes or no; files before 4.1 hold them as whole numbers.
    Boolean(bool),
    /// Text.
    Text(String),
}

impl<'f> Properties<'f> {
    /// The settings that `name` (an engine) keeps in a data-block: in its system properties from 5.0 on, in its custom
    /// properties before. None where it keeps none, and all is at its defaults.
    pub fn of_engine(id: &Item<'f>, name: &str) -> Result<Option<Self>, BlendError> {
        for field in ["id.system_properties", "id.properties"] {
            let Some(root) = id.follow(field)? else {
                continue;
            };
            if let Some(group) = Self(root.list("data.group")?).group(name)? {
                return Ok(Some(group));
            }
        }
        Ok(None)
    }

    /// The group of that name within this one.
    pub fn group(&self, name: &str) -> Result<Option<Self>, BlendError> {
        match self.find(name)? {
            Some(property) if property.int("type") == Some(GROUP) => {
                property.list("data.group").map(Self).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// The value of that name.
    pub fn value(&self, name: &str) -> Result<Option<Property>, BlendError> {
        let Some(property) = self.find(name)? else {
            return Ok(None);
        };
        Ok(match property.int("type") {
            Some(INT) => property.int("data.val").map(Property::Int),
            Some(BOOLEAN) => property
                .int("data.val")
                .map(|value| Property::Boolean(value & 0xff != 0)),
            // A float lies in the bits of the first number.
            Some(FLOAT) => property.int("data.val").map(|bits| {
                let bits = u32::try_from(bits & 0xffff_ffff).unwrap_or_default();
                Property::Float(f32::from_bits(bits).into())
            }),
            Some(DOUBLE) => {
                property
                    .int("data.val")
                    .zip(property.int("data.val2"))
                    .map(|(first, second)| {
                        let (low, high) = if property.file().header().byte_order == ByteOrder::Big {
                            (second, first)
                        } else {
                            (first, second)
                        };
                        let bits = (high & 0xffff_ffff) << 32 | (low & 0xffff_ffff);
                        Property::Float(f64::from_bits(bits.cast_unsigned()))
                    })
            }
            Some(STRING) => property
                .pointer("data.pointer")
                .map_or(Ok(None), |address| {
                    property.file().find_text(address, property.owner())
                })?
                .map(Property::Text),
            _ => None,
        })
    }

    /// A whole number, or a yes as 1.
    pub fn int(&self, name: &str) -> Result<Option<i64>, BlendError> {
        Ok(match self.value(name)? {
            Some(Property::Int(value)) => Some(value),
            Some(Property::Boolean(value)) => Some(value.into()),
            _ => None,
        })
    }

    fn find(&self, name: &str) -> Result<Option<&Item<'f>>, BlendError> {
        for property in &self.0 {
            if property.text("name")?.as_deref() == Some(name) {
                return Ok(Some(property));
            }
        }
        Ok(None)
    }
}
