// SPDX-License-Identifier: Apache-2.0
//! DNA: the description of all structures that every .blend file carries. Fields are found by name through it, never
//! by offset, so that files of any Blender can be read.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::bytes::ByteOrder;
use super::dependencies::Reaches;
use super::error::Fault;
use super::header::Header;

/// How many DNAs are remembered: a production has files of a few versions.
const MAX_KEPT: usize = 8;
/// The DNA of Blender 5.2 has about 120 kilobytes.
const MAX_KEPT_BYTES: usize = 256 * 1024;
static KEPT: Mutex<VecDeque<Kept>> = Mutex::new(VecDeque::new());

/// A DNA that is remembered. The bytes themselves tell whether it is the same: a hash could be forged.
struct Kept {
    key: (usize, ByteOrder),
    bytes: Box<[u8]>,
    dna: Arc<Dna>,
}

/// The longest names of Blender's have about 70 letters. Each is kept once for every field that has it.
const MAX_NAME: usize = 255;

/// All structures of one file.
#[derive(Debug)]
pub struct Dna {
    structures: Vec<Structure>,
    by_name: HashMap<String, usize>,
    /// What following pointers needs to know of each structure; made when it is first asked for.
    reaches: OnceLock<Reaches>,
}

/// One structure.
#[derive(Debug)]
pub struct Structure {
    /// Its name, such as `Scene`.
    pub name: String,
    /// Its size in bytes.
    pub size: usize,
    /// Its fields, in order.
    pub fields: Vec<Field>,
    by_name: HashMap<String, usize>,
}

/// One field of a structure.
#[derive(Debug)]
pub struct Field {
    /// Its name without stars and dimensions.
    pub name: String,
    /// The name of its type, or of what it points to.
    pub type_name: String,
    /// What it holds.
    pub kind: Kind,
    /// How many stars its name has: 2 for an array of pointers elsewhere, 0 where it is no pointer, or one to code.
    pub stars: usize,
    /// Where it begins within the structure.
    pub offset: usize,
    /// The number of elements of an array, all dimensions together; 1 else.
    pub count: usize,
    /// Bytes per element.
    pub element_size: usize,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A pointer, or a pointer to pointers.
    Pointer,
    /// A whole number with a sign.
    Signed,
    /// A whole number without one.
    Unsigned,
    /// `char`: text, bytes, or small numbers.
    Character,
    /// `float` or `double`.
    Float,
    /// A structure: its index in the DNA.
    Structure(usize),
    /// Something that has no known form.
    Opaque,
}

impl Dna {
    /// The structure of an index, which is what blocks name theirs by.
    pub fn structure(&self, index: usize) -> Option<&Structure> {
        self.structures.get(index)
    }

    /// The index of a structure.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The structures, in order.
    pub fn structures(&self) -> &[Structure] {
        &self.structures
    }

    /// A field and where it begins within a structure, dots leading into inner structures.
    pub(super) fn field_at<'d>(
        &'d self,
        structure: &'d Structure,
        path: &str,
    ) -> Option<(&'d Field, usize)> {
        match path.split_once('.') {
            None => {
                let field = structure.field(path)?;
                Some((field, field.offset))
            }
            Some((first, rest)) => {
                let outer = structure.field(first)?;
                let Kind::Structure(inner) = outer.kind else {
                    return None;
                };
                let (field, offset) = self.field_at(self.structure(inner)?, rest)?;
                Some((field, outer.offset + offset))
            }
        }
    }

    /// Where in each structure pointers to data-blocks and paths lie.
    pub(super) fn reaches(&self) -> &Reaches {
        self.reaches.get_or_init(|| Reaches::of(self))
    }

    /// The DNA in the content of the block `DNA1`. All files that one Blender saved have the same one, which is most of
    /// what opening a small file costs: the last few are remembered by their bytes.
    pub(super) fn shared(bytes: &[u8], header: &Header) -> Result<Arc<Self>, Fault> {
        let key = (header.pointer_size, header.byte_order);
        let is_it = |kept: &Kept| kept.key == key && *kept.bytes == *bytes;
        let locked = || KEPT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = locked().iter().find(|kept| is_it(kept)) {
            return Ok(Arc::clone(&kept.dna));
        }
        let dna = Arc::new(Self::parse(bytes, header)?);
        if bytes.len() <= MAX_KEPT_BYTES {
            let mut list = locked();
            if list.len() >= MAX_KEPT {
                list.pop_front();
            }
            list.push_back(Kept {
                key,
                bytes: bytes.into(),
                dna: Arc::clone(&dna),
            });
        }
        Ok(dna)
    }

    /// Reads the content of the block `DNA1`.
    pub(super) fn parse(bytes: &[u8], header: &Header) -> Result<Self, Fault> {
        let mut reader = Reader {
            bytes,
            position: 0,
            order: header.byte_order,
        };
        reader.expect(b"SDNA")?;
        reader.expect(b"NAME")?;
        let names = reader.texts()?;
        reader.expect(b"TYPE")?;
        let types = reader.texts()?;
        reader.expect(b"TLEN")?;
        let sizes = (0..types.len())
            .map(|_| reader.u16())
            .collect::<Result<Vec<_>, _>>()?;
        reader.align();
        reader.expect(b"STRC")?;
        let count = reader.count(4)?;
        let mut raw = Vec::with_capacity(count);
        for _ in 0..count {
            let kind = reader.u16()?;
            let fields = usize::from(reader.u16()?);
            let fields = (0..fields).map(|_| Ok((reader.u16()?, reader.u16()?)));
            raw.push((kind, fields.collect::<Result<Vec<_>, Fault>>()?));
        }
        let structure_of_type: HashMap<u16, usize> = raw
            .iter()
            .enumerate()
            .map(|(index, (kind, _))| (*kind, index))
            .collect();
        let mut dna = Self {
            structures: Vec::with_capacity(count),
            by_name: HashMap::new(),
            reaches: OnceLock::new(),
        };
        for (kind, raw_fields) in &raw {
            let name = at(&types, *kind)?.clone();
            let size = usize::from(*at(&sizes, *kind)?);
            let mut structure = Structure {
                name,
                size,
                fields: Vec::new(),
                by_name: HashMap::new(),
            };
            let mut offset = 0;
            for (kind, name) in raw_fields {
                let declared = Declared::parse(at(&names, *name)?);
                let type_name = at(&types, *kind)?;
                let type_size = usize::from(*at(&sizes, *kind)?);
                let field = Field {
                    name: declared.name,
                    kind: if declared.pointer {
                        Kind::Pointer
                    } else {
                        structure_of_type
                            .get(kind)
                            .map_or_else(|| Kind::of(type_name), |index| Kind::Structure(*index))
                    },
                    type_name: type_name.clone(),
                    stars: declared.stars,
                    offset,
                    count: declared.count,
                    element_size: if declared.pointer {
                        header.pointer_size
                    } else {
                        type_size
                    },
                };
                let end = field
                    .element_size
                    .checked_mul(field.count)
                    .and_then(|size| size.checked_add(offset));
                offset = end.filter(|end| *end <= structure.size).ok_or_else(|| {
                    Fault::CorruptDna(format!(
                        "the fields of {} are larger than it",
                        structure.name
                    ))
                })?;
                structure
                    .by_name
                    .insert(field.name.clone(), structure.fields.len());
                structure.fields.push(field);
            }
            dna.by_name
                .insert(structure.name.clone(), dna.structures.len());
            dna.structures.push(structure);
        }
        Ok(dna)
    }
}

impl Structure {
    /// The field of that name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.by_name
            .get(name)
            .and_then(|index| self.fields.get(*index))
    }
}

impl Field {
    /// Bytes of the whole field.
    pub fn size(&self) -> usize {
        self.element_size.saturating_mul(self.count)
    }
}

impl Kind {
    fn of(type_name: &str) -> Self {
        match type_name {
            "char" => Self::Character,
            "int8_t" | "short" | "int" | "long" | "int64_t" => Self::Signed,
            "uchar" | "ushort" | "ulong" | "uint64_t" => Self::Unsigned,
            "float" | "double" => Self::Float,
            _ => Self::Opaque,
        }
    }
}

/// What a name like `*mat[4][4]` or `(*test_break)()` declares.
struct Declared {
    name: String,
    pointer: bool,
    stars: usize,
    count: usize,
}

impl Declared {
    fn parse(text: &str) -> Self {
        let pointer = text.starts_with('*') || text.starts_with('(');
        let name: String = text
            .trim_start_matches(['*', '('])
            .chars()
            .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
            .collect();
        let dimensions = text
            .split('[')
            .skip(1)
            .map(|part| part.trim_end_matches(']').parse::<usize>().unwrap_or(1));
        Self {
            name,
            pointer,
            stars: text.bytes().take_while(|byte| *byte == b'*').count(),
            count: dimensions.fold(1, usize::saturating_mul),
        }
    }
}

fn at<T>(list: &[T], index: u16) -> Result<&T, Fault> {
    list.get(usize::from(index))
        .ok_or_else(|| Fault::CorruptDna("a number in it leads nowhere".to_owned()))
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    order: ByteOrder,
}

impl Reader<'_> {
    fn expect(&mut self, tag: &[u8]) -> Result<(), Fault> {
        let found = self.bytes.get(self.position..self.position + tag.len());
        if found != Some(tag) {
            return Err(Fault::CorruptDna(format!(
                "{} is missing",
                String::from_utf8_lossy(tag)
            )));
        }
        self.position += tag.len();
        Ok(())
    }

    fn number(&mut self, size: usize) -> Result<u64, Fault> {
        let number = self.order.unsigned(self.bytes, self.position, size);
        self.position += size;
        number.ok_or_else(|| Fault::CorruptDna("it ends early".to_owned()))
    }

    fn u16(&mut self) -> Result<u16, Fault> {
        self.number(2)
            .map(|number| u16::try_from(number).unwrap_or(u16::MAX))
    }

    /// A number of things of at least `size` bytes each, which can't be more than fit.
    fn count(&mut self, size: usize) -> Result<usize, Fault> {
        let count = usize::try_from(self.number(4)?).unwrap_or(usize::MAX);
        if count > self.bytes.len().saturating_sub(self.position) / size {
            return Err(Fault::CorruptDna("it claims more than it holds".to_owned()));
        }
        Ok(count)
    }

    fn texts(&mut self) -> Result<Vec<String>, Fault> {
        let count = self.count(1)?;
        let mut texts = Vec::with_capacity(count);
        for _ in 0..count {
            let rest = self.bytes.get(self.position..).unwrap_or_default();
            let Some(length) = rest.iter().position(|byte| *byte == 0) else {
                return Err(Fault::CorruptDna("it ends early".to_owned()));
            };
            if length > MAX_NAME {
                return Err(Fault::CorruptDna("a name in it is too long".to_owned()));
            }
            texts
                .push(String::from_utf8_lossy(rest.get(..length).unwrap_or_default()).into_owned());
            self.position += length + 1;
        }
        self.align();
        Ok(texts)
    }

    fn align(&mut self) {
        self.position = self.position.next_multiple_of(4);
    }
}
