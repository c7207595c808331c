// SPDX-License-Identifier: Apache-2.0
//! Which file of a sequence is shown at which frame of the scene.

/// How a frame of the scene becomes the number in a file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timing {
    /// An image, as a texture, a node, an empty or a background shows it (`BKE_image_user_frame_get`).
    Image {
        /// The frame at which it begins.
        start: i64,
        /// How many frames it has.
        length: i64,
        /// What is added to each number.
        offset: i64,
        /// Whether it begins anew at its end.
        is_cyclic: bool,
    },
    /// A volume (`volume_sequence_frame`).
    Volume {
        /// The frame at which it begins.
        start: i64,
        /// How many frames it has.
        length: i64,
        /// What is added to each number.
        offset: i64,
        /// What is shown before and after it.
        repeat: Repeat,
    },
    /// A movie clip, which begins with the file that it names (`get_sequence_filepath`).
    Clip {
        /// The frame at which it begins.
        start: i64,
        /// What is added to each number.
        offset: i64,
        /// How many frames it had when the file was saved; 0 where that isn't known.
        length: i64,
    },
    /// The number is the scene's frame, as of cache files (`BKE_cachefile_filepath_get`).
    Scene,
    /// Always the same number.
    Fixed(i64),
    /// Something else chooses: a driver, a keyframe, a node.
    Unknown,
}

/// What a sequence shows before its first and after its last frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Repeat {
    /// Nothing.
    Clip,
    /// The first and the last frame.
    Extend,
    /// The sequence again.
    Repeat,
    /// The sequence backwards, then forwards again.
    PingPong,
}

/// What a frame of the scene asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asked {
    /// The file with this number.
    Number(i64),
    /// No file.
    Nothing,
    /// That can't be known.
    Unknown,
}

impl Timing {
    /// What a frame asks for, `named` being the number in the name that is stored.
    pub fn asked(&self, frame: i64, named: i64) -> Asked {
        match *self {
            Self::Image {
                start,
                length,
                offset,
                is_cyclic,
            } => {
                if length <= 0 {
                    return Asked::Number(0);
                }
                let counted = frame - start + 1;
                let shown = if is_cyclic {
                    wrapped(counted, length)
                } else {
                    counted.clamp(0, length)
                };
                // A name holds no number below zero (`BLI_path_sequence_encode`).
                Asked::Number((shown + offset).max(0))
            }
            Self::Volume {
                start,
                length,
                offset,
                repeat,
            } => {
                let counted = frame - start + 1;
                let is_within = (1..=length).contains(&counted);
                let shown = match repeat {
                    _ if length <= 0 => None,
                    Repeat::Clip => is_within.then_some(counted),
                    Repeat::Extend => Some(counted.clamp(1, length)),
                    Repeat::Repeat => Some(wrapped(counted, length)),
                    Repeat::PingPong => {
                        let shown = wrapped(counted, (length * 2 - 2).max(1));
                        Some(if shown > length {
                            length * 2 - shown
                        } else {
                            shown
                        })
                    }
                };
                match shown.map(|shown| shown + offset) {
                    None => Asked::Nothing,
                    // Blender writes such numbers with a sign, which no program that writes volumes does.
                    Some(..0) => Asked::Unknown,
                    Some(number) => Asked::Number(number),
                }
            }
            Self::Clip { start, offset, .. } => {
                Asked::Number((named + frame - start + offset).max(0))
            }
            Self::Scene => Asked::Number(frame),
            Self::Fixed(number) => Asked::Number(number),
            Self::Unknown => Asked::Unknown,
        }
    }

    /// Of a sequence that shows nothing beyond its ends: how many frames it had when the file was saved, 0 where that
    /// isn't known. None of others.
    pub fn saved_length(&self) -> Option<i64> {
        match *self {
            Self::Clip { length, .. } => Some(length),
            Self::Scene => Some(0),
            _ => None,
        }
    }
}

/// 1 to `length`, over and over.
fn wrapped(counted: i64, length: i64) -> i64 {
    (counted - 1).rem_euclid(length) + 1
}
