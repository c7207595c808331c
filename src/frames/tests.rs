// SPDX-License-Identifier: Apache-2.0
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn set(text: &str) -> FrameSet {
    text.parse().unwrap()
}

fn frames(text: &str) -> Vec<i32> {
    set(text).iter().collect()
}

#[test]
fn frames_ranges_and_steps_are_read() {
    assert_eq!(frames("1-3, 7, 10-16:3"), [1, 2, 3, 7, 10, 13, 16]);
    assert_eq!(frames("10-16x3"), [10, 13, 16]);
    assert_eq!(frames("1-10:4"), [1, 5, 9]);
    assert_eq!(frames("-3"), [-3]);
    assert_eq!(frames("-3--1"), [-3, -2, -1]);
    assert_eq!(frames("-2-1"), [-2, -1, 0, 1]);
    assert_eq!(frames(" 1 - 3 ,\t7 "), [1, 2, 3, 7]);
    assert_eq!(frames("1 - 5 : 2"), [1, 3, 5]);
    assert_eq!(frames("-10 - -5 X 5"), [-10, -5]);
}

#[test]
fn duplicates_and_overlaps_are_merged_and_order_is_made() {
    assert_eq!(set("20, 1-10, 5-15, 20").to_string(), "1-15, 20");
    assert_eq!(set("3,2,1").to_string(), "1-3");
    assert_eq!(set("1-9:2, 2-10:2").to_string(), "1-10");
    assert_eq!(set("1-9:4, 3-7:4").to_string(), "1-9:2");
    assert_eq!(set("1-100:3, 1-100").to_string(), "1-100");
}

#[test]
fn the_canonical_form_is_the_shortest_that_people_would_write() {
    assert_eq!(set("1,2,3,5,7,9").to_string(), "1-3, 5-9:2");
    assert_eq!(set("1, 5").to_string(), "1, 5");
    assert_eq!(set("1,2").to_string(), "1-2");
    assert_eq!(set("1,3,4,5").to_string(), "1, 3-5");
    assert_eq!(set("1-2:1").to_string(), "1-2");
    assert_eq!(set("7-7:5").to_string(), "7");
    assert_eq!(set("-10--5").to_string(), "-10--5");
    assert_eq!(set("1-4:100").to_string(), "1");
}

#[test]
fn bad_text_is_refused_with_the_value_and_the_way_out() {
    for (text, message) in [
        (
            "",
            "no frames are given; write for example 1-250, or 1-10, 20, 30-100:2",
        ),
        (
            "  ",
            "no frames are given; write for example 1-250, or 1-10, 20, 30-100:2",
        ),
        (
            "10-1",
            "the range \"10-1\" ends before it begins; write 1-10",
        ),
        (
            "-1--5",
            "the range \"-1--5\" ends before it begins; write -5--1",
        ),
        (
            "a",
            "\"a\" is no frame; write a frame (20), a range (1-10) or a range with a step (1-10:2)",
        ),
        (
            "1-10:0",
            "\"1-10:0\" has a step of zero; a step is 1 or more, as in 1-10:2",
        ),
        (
            "1-10:-2",
            "\"1-10:-2\" is no frame; write a frame (20), a range (1-10) or a range with a step (1-10:2)",
        ),
        (
            "5:2",
            "\"5:2\" gives a step to a single frame; a step belongs to a range, as in 1-10:2",
        ),
        (
            "1,,2",
            "there is a comma without a frame beside it in \"1,,2\"; write for example 1-10, 20",
        ),
        (
            "3000000000",
            "\"3000000000\" lies outside of the frames that Blender knows; frames go from -1048574 to 1048574",
        ),
    ] {
        assert_eq!(text.parse::<FrameSet>().unwrap_err().to_string(), message);
    }
    for text in [
        "1-", "-", "--", "1--", "1-2-3", "1 2", "1.5", "1-10:2:3", "1-10:", "+1", "٣", "1–10",
        "1-10y2",
    ] {
        assert!(
            matches!(text.parse::<FrameSet>(), Err(FramesError::NotAFrame { .. })),
            "{text}"
        );
    }
}

#[test]
fn a_message_quotes_no_more_than_a_line() {
    let message = "é"
        .repeat(10_000)
        .parse::<FrameSet>()
        .unwrap_err()
        .to_string();
    assert!(message.chars().count() < 200, "{message}");
}

#[test]
fn ten_million_frames_are_held_without_listing_them() {
    for (text, count) in [
        ("-5000000-5000000", 10_000_001),
        ("1-20000000:2", 10_000_000),
        ("1-10000000:2, 2-10000000:2", 10_000_000),
        ("-2147483648-2147483647", 1 << 32),
        ("-2147483648-2147483647:2, -2147483648-2147483647", 1 << 32),
    ] {
        let set = set(text);
        assert_eq!(set.len(), count, "{text}");
        assert!(set.runs.len() < 3, "{text}");
        assert!(set.contains(set.last().unwrap()));
        assert_eq!(set.nth(count - 1), set.last());
        assert_eq!(set.nth(count), None);
        assert_eq!(set.iter().next_back(), set.last());
        assert_eq!(
            set.split_into(7).iter().map(FrameSet::len).sum::<u64>(),
            count
        );
    }
}

#[test]
fn ranges_that_interleave_without_end_are_refused() {
    let error = "-2147483648-2147483647:2, -2147483648-2147483647:3"
        .parse::<FrameSet>()
        .unwrap_err();
    assert!(matches!(error, FramesError::TooScattered { .. }), "{error}");
}

#[test]
fn many_thousand_items_are_read() {
    let text: Vec<String> = (0..20_000)
        .map(|index| format!("{}-{}:3", index * 7 % 5_000, 5_000 + index))
        .collect();
    assert_eq!(set(&text.join(",")).last(), Some(24_997));
}

#[test]
fn chunks_are_contiguous_and_differ_by_one_at_most() {
    let text = |parts| {
        set("1-10, 20-28:2")
            .split_into(parts)
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(text(4), ["1-4", "5-8", "9-10, 20, 22", "24-28:2"]);
    assert_eq!(text(1), ["1-10, 20-28:2"]);
    assert_eq!(text(99).len(), 15);
    assert!(text(0).is_empty());
    assert!(FrameSet::default().split_into(3).is_empty());
}

#[test]
fn a_set_travels_as_text() {
    let json = serde_json::to_string(&set("3,1,2")).unwrap();
    assert_eq!(json, "\"1-3\"");
    assert_eq!(serde_json::from_str::<FrameSet>(&json).unwrap(), set("1-3"));
    let empty = serde_json::to_string(&FrameSet::default()).unwrap();
    assert_eq!(
        serde_json::from_str::<FrameSet>(&empty).unwrap(),
        FrameSet::default()
    );
    assert!(
        serde_json::from_str::<FrameSet>("\"10-1\"")
            .unwrap_err()
            .to_string()
            .contains("write 1-10")
    );
}

#[test]
fn a_range_from_numbers_is_checked_like_text() {
    assert_eq!(FrameSet::from_range(1, 10, 2).unwrap(), set("1-9:2"));
    assert!(matches!(
        FrameSet::from_range(2, 1, 1),
        Err(FramesError::Reversed { .. })
    ));
    assert!(matches!(
        FrameSet::from_range(1, 2, 0),
        Err(FramesError::ZeroStep { .. })
    ));
}

/// Items close enough to each other that they meet.
fn items() -> impl Strategy<Value = Vec<(i32, i32, u32)>> {
    prop::collection::vec((-60..60_i32, 0..50_i32, 1..9_u32), 1..8)
}

fn parsed(items: &[(i32, i32, u32)]) -> (FrameSet, BTreeSet<i32>) {
    let text: Vec<String> = items
        .iter()
        .map(|(first, length, step)| format!("{first}-{}:{step}", first + length))
        .collect();
    let frames = items
        .iter()
        .flat_map(|(first, length, step)| (*first..=first + length).step_by(*step as usize));
    (set(&text.join(", ")), frames.collect())
}

proptest! {
    #[test]
    fn a_set_holds_what_its_items_say(items in items()) {
        let (set, frames) = parsed(&items);
        prop_assert!(set.iter().eq(frames.iter().copied()));
        prop_assert!(set.iter().rev().eq(frames.iter().rev().copied()));
        prop_assert_eq!(set.len(), frames.len() as u64);
        prop_assert_eq!(set.first(), frames.first().copied());
        prop_assert_eq!(set.last(), frames.last().copied());
        for frame in -70..120 {
            prop_assert_eq!(set.contains(frame), frames.contains(&frame));
        }
        for (position, frame) in frames.iter().enumerate() {
            prop_assert_eq!(set.nth(position as u64), Some(*frame));
        }
    }

    #[test]
    fn equal_frames_make_equal_sets_and_equal_text(items in items()) {
        let (set, frames) = parsed(&items);
        let listed = FrameSet::from_frames(frames.into_iter().rev());
        prop_assert_eq!(&listed, &set);
        prop_assert_eq!(set.to_string().parse::<FrameSet>().unwrap(), set);
    }

    #[test]
    fn union_and_difference_are_those_of_sets(left in items(), right in items()) {
        let ((left, left_frames), (right, right_frames)) = (parsed(&left), parsed(&right));
        prop_assert_eq!(left.union(&right).unwrap(), FrameSet::from_frames(&left_frames | &right_frames));
        prop_assert_eq!(left.difference(&right), FrameSet::from_frames(&left_frames - &right_frames));
    }

    #[test]
    fn chunks_laid_end_to_end_are_the_set(items in items(), parts in 1..20_usize) {
        let (set, _) = parsed(&items);
        let chunks = set.split_into(parts);
        prop_assert!(chunks.iter().flat_map(FrameSet::iter).eq(set.iter()));
        let sizes: Vec<u64> = chunks.iter().map(FrameSet::len).collect();
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        prop_assert!(chunks.iter().all(|chunk| *chunk == FrameSet::from_frames(chunk.iter())));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[-0-9:x, a]{0,24}|.{0,24}") {
        let _ = text.parse::<FrameSet>();
    }
}
