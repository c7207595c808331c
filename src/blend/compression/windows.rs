// SPDX-License-Identifier: Apache-2.0
//! What was read of a file lately. Small blocks are read two or three times, first their heads and then their content,
//! and each time one after the other: so what was read for the one serves the other.

/// Bytes that are kept in all; where it is more, what was kept is given up and begun anew.
const MAX_KEPT: usize = 24 * 1024 * 1024;

/// Parts of the unpacked file, in its order; some may overlap.
#[derive(Debug, Default)]
pub(super) struct Windows {
    kept: Vec<Window>,
    bytes: usize,
    /// The number of the one that was read from last.
    last: usize,
}

#[derive(Debug)]
struct Window {
    start: u64,
    bytes: Vec<u8>,
}

impl Window {
    fn get(&self, position: u64, length: usize) -> Option<&[u8]> {
        let start = usize::try_from(position.checked_sub(self.start)?).ok()?;
        self.bytes.get(start..start.checked_add(length)?)
    }
}

impl Windows {
    /// Fills the buffer from `position` on, where a window holds all of it.
    pub fn read(&mut self, position: u64, buffer: &mut [u8]) -> bool {
        for number in [self.last, self.last + 1] {
            let window = self.kept.get(number);
            if let Some(part) = window.and_then(|window| window.get(position, buffer.len())) {
                buffer.copy_from_slice(part);
                self.last = number;
                return true;
            }
        }
        let behind = self.kept.partition_point(|window| window.start <= position);
        let Some(number) = behind.checked_sub(1) else {
            return false;
        };
        let window = self.kept.get(number);
        let Some(part) = window.and_then(|window| window.get(position, buffer.len())) else {
            return false;
        };
        buffer.copy_from_slice(part);
        self.last = number;
        true
    }

    /// The window that was read from last: where it begins, and its length.
    pub fn last(&self) -> (u64, u64) {
        let last = self.kept.get(self.last);
        last.map_or((0, 0), |window| (window.start, window.bytes.len() as u64))
    }

    /// Keeps what was read from `start` on.
    pub fn keep(&mut self, start: u64, bytes: Vec<u8>) {
        self.bytes += bytes.len();
        if self.bytes > MAX_KEPT {
            self.kept.clear();
            self.bytes = bytes.len();
        }
        let number = self.kept.partition_point(|window| window.start < start);
        self.kept.insert(number, Window { start, bytes });
        self.last = number;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_wherever_it_was_read() {
        let mut windows = Windows::default();
        windows.keep(100, vec![1; 50]);
        windows.keep(400, vec![4; 50]);
        windows.keep(200, vec![2; 50]);
        let mut read = |position, length| {
            let mut buffer = vec![0; length];
            windows
                .read(position, &mut buffer)
                .then(|| buffer.first().copied())
        };
        assert_eq!(read(100, 50), Some(Some(1)));
        assert_eq!(read(449, 1), Some(Some(4)));
        assert_eq!(read(210, 40), Some(Some(2)));
        for (position, length) in [(0, 1), (99, 2), (149, 2), (260, 1), (449, 2), (u64::MAX, 9)] {
            assert_eq!(read(position, length), None, "{position}");
        }
        assert_eq!(windows.last(), (200, 50));
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut windows = Windows::default();
        for number in 0..100 {
            windows.keep(number * 1_000_000, vec![0; 1_000_000]);
            assert!(
                windows
                    .kept
                    .iter()
                    .map(|one| one.bytes.len())
                    .sum::<usize>()
                    <= MAX_KEPT
            );
        }
        assert!(windows.read(99_000_000, &mut [0; 1_000]));
    }
}
