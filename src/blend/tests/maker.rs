// SPDX-License-Identifier: Apache-2.0
//! Writes a small .blend file by hand: no Blender of today writes 32-bit or big-endian ones.

use std::collections::HashMap;

/// How numbers and heads are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    pub pointer_size: usize,
    pub big_endian: bool,
    pub large_heads: bool,
}

/// A few structures as Blender has them, with fewer fields.
const STRUCTURES: &[(&str, &[(&str, &str)])] = &[
    ("ListBase", &[("void", "*first"), ("void", "*last")]),
    (
        "IDPropertyData",
        &[
            ("void", "*pointer"),
            ("ListBase", "group"),
            ("int", "val"),
            ("int", "val2"),
        ],
    ),
    (
        "IDProperty",
        &[
            ("IDProperty", "*next"),
            ("IDProperty", "*prev"),
            ("char", "type"),
            ("char", "subtype"),
            ("short", "flag"),
            ("char", "name[64]"),
            ("int", "saved"),
            ("IDPropertyData", "data"),
        ],
    ),
    (
        "ID",
        &[
            ("void", "*next"),
            ("void", "*prev"),
            ("char", "name[66]"),
            ("short", "us"),
            ("IDProperty", "*properties"),
        ],
    ),
    (
        "Object",
        &[
            ("ID", "id"),
            ("float", "mat[4][4]"),
            ("void", "(*callback)()"),
        ],
    ),
    (
        "ImageFormatData",
        &[("char", "imtype"), ("char", "depth"), ("short", "pad")],
    ),
    (
        "RenderData",
        &[
            ("ImageFormatData", "im_format"),
            ("int", "sfra"),
            ("int", "efra"),
            ("int", "frame_step"),
            ("short", "frs_sec"),
            ("short", "pad"),
            ("float", "frs_sec_base"),
            ("char", "pic[1024]"),
        ],
    ),
    (
        "ViewLayer",
        &[
            ("ViewLayer", "*next"),
            ("ViewLayer", "*prev"),
            ("char", "name[64]"),
            ("short", "flag"),
            ("char", "_pad[6]"),
        ],
    ),
    (
        "Scene",
        &[
            ("ID", "id"),
            ("Object", "*camera"),
            ("RenderData", "r"),
            ("ListBase", "view_layers"),
        ],
    ),
    ("Text", &[("ID", "id"), ("char", "*name")]),
    (
        "FileGlobal",
        &[
            ("char", "subvstr[4]"),
            ("short", "subversion"),
            ("short", "pad"),
            ("Scene", "*curscene"),
        ],
    ),
];

/// One scene with two view layers, a camera and settings of Cycles.
pub(crate) fn small_file(layout: Layout) -> Vec<u8> {
    let mut maker = Maker {
        layout,
        bytes: layout.header(),
    };
    maker.block(*b"REND", 0, "", 0, &[0; 8]);
    let global = [
        b"\0\0\0\0".to_vec(),
        layout.number(-7, 2),
        layout.number(0, 2),
        layout.pointer(0x1000),
    ]
    .concat();
    maker.block(*b"GLOB", 0x10, "FileGlobal", 1, &global);
    let render = [
        vec![23, 0, 0, 0],
        layout.number(-5, 4),
        layout.number(70_000, 4),
        layout.number(2, 4),
        layout.number(30, 2),
        layout.number(0, 2),
        layout.number(i64::from(1.5_f32.to_bits()), 4),
        filled("//out/####", 1024),
    ];
    let scene = [
        layout.id("SCHand made", 0x3000),
        layout.pointer(0x2000),
        render.concat(),
        layout.pointer(0x1100),
        layout.pointer(0x1200),
    ];
    maker.block(*b"SC\0\0", 0x1000, "Scene", 1, &scene.concat());
    for (address, next, name, flag) in [(0x1100, 0x1200, "A", 1), (0x1200, 0, "B", 0)] {
        let layer = [
            layout.pointer(next),
            layout.pointer(0),
            filled(name, 64),
            layout.number(flag, 2),
            vec![0; 6],
        ];
        maker.block(*b"DATA", address, "ViewLayer", 1, &layer.concat());
    }
    for (address, next, kind, name, value, group) in [
        (0x3000, 0, 6, "root", 0, 0x3100),
        (0x3100, 0, 6, "cycles", 0, 0x3200),
        (0x3200, 0x3300, 1, "samples", 65_536, 0),
        (0x3300, 0, 10, "use_denoising", 1, 0),
    ] {
        maker.property(address, next, kind, name, value, group);
    }
    let object = [layout.id("OBEye", 0), vec![0; 64], layout.pointer(0)].concat();
    maker.block(*b"OB\0\0", 0x2000, "Object", 1, &object);
    // Addresses are used again within another data-block.
    maker.block(*b"DATA", 0x1100, "Object", 1, &object);
    let text = [layout.id("TXnotes", 0), layout.pointer(0x1100)].concat();
    maker.block(*b"TX\0\0", 0x4000, "Text", 1, &text);
    maker.block(*b"DATA", 0x1100, "", 1, &filled("//notes.txt", 12));
    let dna = maker.dna();
    maker.block(*b"DNA1", 0x20, "", 1, &dna);
    maker.block(*b"ENDB", 0, "", 0, b"");
    maker.bytes
}

struct Maker {
    layout: Layout,
    bytes: Vec<u8>,
}

impl Maker {
    fn block(&mut self, code: [u8; 4], address: u64, structure: &str, count: i64, content: &[u8]) {
        let layout = self.layout;
        let structure = STRUCTURES
            .iter()
            .position(|(name, _)| *name == structure)
            .unwrap_or(0);
        let structure = layout.number(i64::try_from(structure).unwrap(), 4);
        let length = i64::try_from(content.len()).unwrap();
        self.bytes.extend(code);
        if layout.large_heads {
            self.bytes.extend(
                [
                    structure,
                    layout.pointer(address),
                    layout.number(length, 8),
                    layout.number(count, 8),
                ]
                .concat(),
            );
        } else {
            let head = [
                layout.number(length, 4),
                layout.pointer(address),
                structure,
                layout.number(count, 4),
            ];
            self.bytes.extend(head.concat());
        }
        self.bytes.extend(content);
    }

    fn property(&mut self, address: u64, next: u64, kind: i64, name: &str, value: i64, group: u64) {
        let layout = self.layout;
        let property = [
            layout.pointer(next),
            layout.pointer(0),
            layout.number(kind, 1),
            vec![0],
            layout.number(0, 2),
            filled(name, 64),
            layout.number(0, 4),
            layout.pointer(0),
            layout.pointer(group),
            layout.pointer(group),
            layout.number(value, 4),
            layout.number(0, 4),
        ];
        self.block(*b"DATA", address, "IDProperty", 1, &property.concat());
    }

    fn dna(&self) -> Vec<u8> {
        let layout = self.layout;
        let mut names: Vec<&str> = Vec::new();
        let mut types = vec!["char", "short", "int", "float", "void"];
        let mut sizes: HashMap<&str, usize> = HashMap::from([
            ("char", 1),
            ("short", 2),
            ("int", 4),
            ("float", 4),
            ("void", 0),
        ]);
        for (name, fields) in STRUCTURES {
            types.push(name);
            let size = fields.iter().map(|(kind, field)| {
                let elements: usize = field
                    .split('[')
                    .skip(1)
                    .map(|part| part.trim_end_matches(']').parse::<usize>().unwrap())
                    .product();
                let pointer = field.starts_with('*') || field.starts_with('(');
                elements
                    * if pointer {
                        layout.pointer_size
                    } else {
                        sizes[kind]
                    }
            });
            let size = size.sum();
            sizes.insert(name, size);
            names.extend(fields.iter().map(|(_, field)| *field));
        }
        let index = |list: &[&str], name: &str| {
            layout.number(
                i64::try_from(list.iter().position(|known| *known == name).unwrap()).unwrap(),
                2,
            )
        };
        let texts = |tag: &[u8], list: &[&str]| {
            let mut bytes = [tag, &layout.number(i64::try_from(list.len()).unwrap(), 4)].concat();
            bytes.extend(
                list.iter()
                    .flat_map(|text| [text.as_bytes(), b"\0"].concat()),
            );
            aligned(bytes)
        };
        let lengths = types
            .iter()
            .flat_map(|name| layout.number(i64::try_from(sizes[name]).unwrap(), 2))
            .collect();
        let mut structures = [
            b"STRC".to_vec(),
            layout.number(i64::try_from(STRUCTURES.len()).unwrap(), 4),
        ]
        .concat();
        for (name, fields) in STRUCTURES {
            structures.extend(index(&types, name));
            structures.extend(layout.number(i64::try_from(fields.len()).unwrap(), 2));
            for (kind, field) in *fields {
                structures.extend([index(&types, kind), index(&names, field)].concat());
            }
        }
        let lengths = aligned([b"TLEN".to_vec(), lengths].concat());
        aligned(
            [
                b"SDNA".to_vec(),
                texts(b"NAME", &names),
                texts(b"TYPE", &types),
                lengths,
                structures,
            ]
            .concat(),
        )
    }
}

impl Layout {
    fn header(self) -> Vec<u8> {
        if self.large_heads {
            return b"BLENDER17-01v0501".to_vec();
        }
        let pointers = if self.pointer_size == 8 { "-" } else { "_" };
        let order = if self.big_endian { "V" } else { "v" };
        format!("BLENDER{pointers}{order}279").into_bytes()
    }

    fn number(self, number: i64, size: usize) -> Vec<u8> {
        if self.big_endian {
            number.to_be_bytes()[8 - size..].to_vec()
        } else {
            number.to_le_bytes()[..size].to_vec()
        }
    }

    fn pointer(self, address: u64) -> Vec<u8> {
        self.number(address.cast_signed(), self.pointer_size)
    }

    fn id(self, name: &str, properties: u64) -> Vec<u8> {
        [
            self.pointer(0),
            self.pointer(0),
            filled(name, 66),
            self.number(1, 2),
            self.pointer(properties),
        ]
        .concat()
    }
}

fn filled(text: &str, size: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(size, 0);
    bytes
}

fn aligned(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
