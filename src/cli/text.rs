// SPDX-License-Identifier: Apache-2.0
//! Numbers as people say them, and columns that line up.

use std::path::{Path, PathBuf};

/// `1 frame`, `2 frames`.
pub fn count(number: u64, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{} {noun}s", thousands(number))
    }
}

/// `1,234,567`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A time as people say it: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 05 min`, `3 d 4 h`.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "?".to_owned();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1} s");
    }
    let whole = whole_seconds(seconds);
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        3600..86_400 => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
        _ => format!("{} d {} h", whole / 86_400, whole % 86_400 / 3600),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "bounded and not negative"
)]
fn whole_seconds(seconds: f64) -> u64 {
    seconds.clamp(0.0, 1e15).round() as u64
}

/// A time range as people say it: `2 to 3 min`, `about 40 s`; both ends are rounded, for they are guesses.
pub fn duration_range(low_secs: f64, high_secs: f64) -> String {
    if high_secs < 1.5 {
        return "about 1 s".to_owned();
    }
    let (unit_secs, unit) = match high_secs {
        high if high < 90.0 => (1.0, "s"),
        high if high < 5_400.0 => (60.0, "min"),
        high if high < 172_800.0 => (3_600.0, "h"),
        _ => (86_400.0, "d"),
    };
    let low = round_guess(low_secs / unit_secs, false);
    let high = round_guess(high_secs / unit_secs, true);
    if low == high {
        format!("about {high} {unit}")
    } else {
        format!("{low} to {high} {unit}")
    }
}

/// Two digits at most, halves below ten of a coarse unit are not shown: a guess should not look like a clock.
fn round_guess(value: f64, up: bool) -> u64 {
    let step = if value >= 30.0 { 5.0 } else { 1.0 };
    let steps = value / step;
    // An estimate that is a hair over a step is still that step.
    whole_seconds(
        (if up {
            (steps - 0.05).ceil()
        } else {
            steps.floor()
        }) * step,
    )
}

/// A size as people say it: `812 B`, `3.4 MB`.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn size(size_bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if size_bytes < 1000 {
        return format!("{size_bytes} B");
    }
    let mut value = size_bytes as f64;
    let mut shown = "B";
    for unit in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        shown = unit;
    }
    if value < 9.95 {
        format!("{value:.1} {shown}")
    } else {
        format!("{value:.0} {shown}")
    }
}

/// How long ago something was: `just now`, `5 min ago`, `3 h ago`, `2 d ago`.
pub fn ago(seconds: f64) -> String {
    match whole_seconds(seconds) {
        0..10 => "just now".to_owned(),
        whole @ 10..60 => format!("{whole} s ago"),
        whole @ 60..3600 => format!("{} min ago", whole / 60),
        whole @ 3600..86_400 => format!("{} h ago", whole / 3600),
        whole => format!("{} d ago", whole / 86_400),
    }
}

/// A path as short as it can be said here: `~/shots/a.blend`.
pub fn path(local_path: &Path) -> String {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .filter(|home| home.parent().is_some());
    match home
        .as_deref()
        .and_then(|home| local_path.strip_prefix(home).ok())
    {
        Some(rest) if !rest.as_os_str().is_empty() => {
            Path::new("~").join(rest).display().to_string()
        }
        _ => local_path.display().to_string(),
    }
}

/// At most `width` characters; the middle goes, for the ends of names tell most.
pub fn shorten(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width || width < 3 {
        return text.to_owned();
    }
    let tail = (width - 1) / 2;
    let head = width - 1 - tail;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{start}…{end}")
}

/// An identifier as short as people need it: the first eight characters.
pub fn short_id(id: &str) -> String {
    id.chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        assert_eq!(duration(0.44), "0.4 s");
        assert_eq!(duration(12.4), "12 s");
        assert_eq!(duration(200.0), "3 min 20 s");
        assert_eq!(duration(7_500.0), "2 h 05 min");
        assert_eq!(duration(90_000.0), "1 d 1 h");
        assert_eq!(duration(f64::NAN), "?");
    }

    #[test]
    fn a_range_is_rounded_like_the_guess_it_is() {
        assert_eq!(duration_range(0.2, 0.9), "about 1 s");
        assert_eq!(duration_range(11.2, 13.4), "11 to 14 s");
        assert_eq!(duration_range(130.0, 170.0), "2 to 3 min");
        assert_eq!(duration_range(61.0, 61.0), "60 to 65 s");
        assert_eq!(duration_range(7_200.0, 7_200.0), "about 2 h");
    }

    #[test]
    fn sizes_and_counts_are_readable() {
        assert_eq!(size(812), "812 B");
        assert_eq!(size(3_400_000), "3.4 MB");
        assert_eq!(size(999_999), "1.0 MB");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(count(1, "frame"), "1 frame");
        assert_eq!(count(24, "frame"), "24 frames");
    }

    #[test]
    fn a_long_name_loses_its_middle() {
        assert_eq!(shorten("shot_010_lighting_v007", 11), "shot_…_v007");
        assert_eq!(shorten("shot", 11), "shot");
    }
}
