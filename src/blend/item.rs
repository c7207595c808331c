// SPDX-License-Identifier: Apache-2.0
//! One structure of a file, its fields read by name.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::blocks::Block;
use super::dependencies::{Place, StoredPath};
use super::dna::{Field, Kind, Structure};
use super::error::BlendError;
use super::file::{BlendFile, text};

/// Structures begin with a structure that begins with one, and so on: in a forged DNA for ever.
const MAX_NESTED: usize = 8;

/// One structure of a file.
///
/// Fields are named by a path: `r.im_format.imtype` goes into structures, `ptcaches[1]` into arrays. A field that this
/// file's Blender didn't know, or that holds something else, is none: callers say what its absence means.
#[derive(Clone)]
pub struct Item<'f> {
    file: &'f BlendFile,
    /// All structures of the block.
    bytes: Arc<[u8]>,
    start: usize,
    structure: usize,
    owner: usize,
    address: u64,
    /// Where the block's content begins in the unpacked file.
    position: u64,
}

impl<'f> Item<'f> {
    pub(super) fn new(file: &'f BlendFile, bytes: Arc<[u8]>, block: &Block) -> Self {
        Self {
            file,
            bytes,
            start: 0,
            structure: block.structure,
            owner: block.owner,
            address: block.address,
            position: block.position,
        }
    }

    /// The structure that begins at this byte of the block.
    pub(super) fn at(self, start: usize) -> Self {
        Self { start, ..self }
    }

    /// The name of the structure.
    pub fn type_name(&self) -> &'f str {
        self.description().map_or("", |structure| &structure.name)
    }

    /// The address of the block that this lies in, which is how pointers name it.
    pub fn address(&self) -> u64 {
        self.address
    }

    /// Whether the structure has such a field in this file.
    pub fn has(&self, path: &str) -> bool {
        self.offset(path).is_some()
    }

    /// The index of the block of the data-block that this belongs to.
    pub fn owner(&self) -> usize {
        self.owner
    }

    /// The file that this lies in.
    pub fn file(&self) -> &'f BlendFile {
        self.file
    }

    /// A number that isn't a fraction; of `char` fields with a sign, as Blender compiles them on most computers.
    pub fn int(&self, path: &str) -> Option<i64> {
        let (field, bytes) = self.locate(path)?;
        let order = self.file.header().byte_order;
        match field.kind {
            Kind::Signed | Kind::Character => order.signed(bytes, 0, field.element_size),
            Kind::Unsigned => order
                .unsigned(bytes, 0, field.element_size)
                .map(u64::cast_signed),
            _ => None,
        }
    }

    /// A number that may be a fraction.
    pub fn float(&self, path: &str) -> Option<f64> {
        let (field, bytes) = self.locate(path)?;
        let number = self
            .file
            .header()
            .byte_order
            .unsigned(bytes, 0, field.element_size)?;
        match (field.kind, field.element_size) {
            (Kind::Float, 4) => u32::try_from(number)
                .ok()
                .map(|bits| f32::from_bits(bits).into()),
            (Kind::Float, 8) => Some(f64::from_bits(number)),
            _ => None,
        }
    }

    /// Whether any bit of `mask` is set; none where there is no such field.
    pub fn flag(&self, path: &str, mask: i64) -> Option<bool> {
        self.int(path).map(|flags| flags & mask != 0)
    }

    /// Text in an array of `char`, or behind a pointer to `char`.
    pub fn text(&self, path: &str) -> Result<Option<String>, BlendError> {
        match self.locate(path) {
            Some((field, bytes)) if field.kind == Kind::Character => Ok(Some(text(bytes))),
            Some((field, _)) if field.kind == Kind::Pointer && field.type_name == "char" => self
                .pointer(path)
                .map_or(Ok(None), |address| self.file.find_text(address, self.owner)),
            _ => Ok(None),
        }
    }

    /// The bytes of text as [`Self::text`] reads it.
    pub(super) fn stored(&self, path: &str) -> Result<Option<StoredPath>, BlendError> {
        match self.locate(path) {
            Some((field, bytes)) if field.kind == Kind::Character => {
                Ok(Some(StoredPath::new(bytes)))
            }
            Some((field, _)) if field.kind == Kind::Pointer && field.type_name == "char" => {
                match self.pointer(path) {
                    Some(address) => self.file.find_stored(address, self.owner),
                    None => Ok(None),
                }
            }
            _ => Ok(None),
        }
    }

    /// Where text as [`Self::text`] reads it lies in the unpacked file.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        let (field, offset) = self.offset(path)?;
        if field.kind == Kind::Character {
            return Some(Place {
                position: self.position + (self.start + offset) as u64,
                capacity: field.size() as u64,
                is_block: false,
            });
        }
        self.file.place_of_block(self.pointer(path)?, self.owner)
    }

    /// The address that a pointer holds; none where it leads nowhere.
    pub fn pointer(&self, path: &str) -> Option<u64> {
        let (field, bytes) = self.locate(path)?;
        let address = self
            .file
            .header()
            .byte_order
            .unsigned(bytes, 0, field.element_size)?;
        (field.kind == Kind::Pointer && address != 0).then_some(address)
    }

    /// The structure that a pointer leads to, in this file.
    pub fn follow(&self, path: &str) -> Result<Option<Self>, BlendError> {
        self.pointer(path)
            .map_or(Ok(None), |address| self.file.find(address, self.owner))
    }

    /// The structures that a pointer to an array leads to: `count` of them, or fewer where the block holds fewer.
    pub fn follow_array(&self, path: &str, count: Option<i64>) -> Result<Vec<Self>, BlendError> {
        let Some(first) = self.follow(path)? else {
            return Ok(Vec::new());
        };
        let size = first
            .description()
            .map_or(1, |structure| structure.size)
            .max(1);
        let held = first.bytes.len() / size;
        let wanted = count.map_or(held, |count| {
            usize::try_from(count).unwrap_or_default().min(held)
        });
        Ok((0..wanted)
            .map(|index| Self {
                start: index * size,
                ..first.clone()
            })
            .collect())
    }

    /// A structure inside this one.
    pub fn inner(&self, path: &str) -> Option<Self> {
        let (field, offset) = self.offset(path)?;
        let Kind::Structure(structure) = field.kind else {
            return None;
        };
        Some(Self {
            start: self.start + offset,
            structure,
            ..self.clone()
        })
    }

    /// The members of a `ListBase`, in order. A list that runs in circles ends where it meets itself.
    pub fn list(&self, path: &str) -> Result<Vec<Self>, BlendError> {
        let mut members: Vec<Self> = Vec::new();
        let mut seen = HashSet::new();
        let Some(list) = self.inner(path) else {
            return Ok(members);
        };
        let mut next = list.pointer("first");
        while let Some(address) = next.filter(|address| seen.insert(*address)) {
            let Some(member) = self.file.find(address, self.owner)? else {
                break;
            };
            next = member.next_in_list();
            members.push(member);
        }
        Ok(members)
    }

    /// The pointer to the next member of a list: `next`, of the first inner structure where it has none of its own, as
    /// in modifiers and IDs.
    fn next_in_list(&self) -> Option<u64> {
        let mut item = self.clone();
        for _ in 0..MAX_NESTED {
            let first = item.description()?.fields.first()?;
            match first.kind {
                Kind::Pointer => return item.pointer(&first.name).filter(|_| first.name == "next"),
                Kind::Structure(_) => item = item.inner(&first.name)?,
                _ => return None,
            }
        }
        None
    }

    /// The name of a data-block without the two letters of its kind; works on what another file holds, too.
    pub fn id_name(&self) -> Result<Option<String>, BlendError> {
        let name = match self.text("id.name")? {
            Some(name) => Some(name),
            // What lies in another file is here as a bare ID.
            None if self.type_name() == "ID" => self.text("name")?,
            None => None,
        };
        Ok(name.and_then(|name| name.get(2..).map(ToOwned::to_owned)))
    }

    fn description(&self) -> Option<&'f Structure> {
        self.file.dna().structure(self.structure)
    }

    /// A field and its bytes, from the element that the path names to the field's end.
    fn locate(&self, path: &str) -> Option<(&'f Field, &[u8])> {
        let (field, offset) = self.offset(path)?;
        let indexed = path.ends_with(']');
        let size = if indexed {
            field.element_size
        } else {
            field.size()
        };
        let start = self.start.checked_add(offset)?;
        Some((field, self.bytes.get(start..start.checked_add(size)?)?))
    }

    /// A field and where it begins in this structure.
    fn offset(&self, path: &str) -> Option<(&'f Field, usize)> {
        let mut structure = self.description()?;
        let mut offset = 0;
        let mut steps = path.split('.').peekable();
        while let Some(step) = steps.next() {
            let (name, index) = match step.strip_suffix(']').and_then(|step| step.split_once('[')) {
                Some((name, index)) => (name, index.parse::<usize>().ok()?),
                None => (step, 0),
            };
            let field = structure.field(name).filter(|field| index < field.count)?;
            offset += field.offset + index * field.element_size;
            if steps.peek().is_none() {
                return Some((field, offset));
            }
            let Kind::Structure(inner) = field.kind else {
                return None;
            };
            structure = self.file.dna().structure(inner)?;
        }
        None
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Item({} of block {})",
            self.type_name(),
            self.owner
        )
    }
}
