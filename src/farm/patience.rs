// SPDX-License-Identifier: Apache-2.0
//! How long a call may take, and the pauses before it is repeated.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use reqwest::header::HeaderValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::Instant;

/// The longest pause before the first repetition; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The time that one call has, its repetitions included.
pub(super) struct Patience {
    ends: Instant,
    retries_left: u32,
    pause: Duration,
}

impl Patience {
    /// Patience for a call that begins now.
    pub(super) fn new(timeout: Duration, retries: u32) -> Self {
        Self {
            ends: Instant::now() + timeout,
            retries_left: retries,
            pause: FIRST_PAUSE,
        }
    }

    /// How much time is left.
    pub(super) fn left(&self) -> Duration {
        self.ends.saturating_duration_since(Instant::now())
    }

    /// How long to wait before asking again; none where that would be too late, or too often. What the farm asks for
    /// goes before our own idea.
    pub(super) fn next_pause(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        self.retries_left = self.retries_left.checked_sub(1)?;
        let (own, longest) = (spread(self.pause, random()), self.left());
        self.pause *= 2;
        let pause = retry_after.map_or(own, |asked| asked.saturating_add(own / 4));
        (pause < longest).then_some(pause)
    }
}

/// Something between half of a pause and all of it, so that clients that fell out together do not come back together.
fn spread(pause: Duration, random: u64) -> Duration {
    let half = pause / 2;
    let steps = u32::try_from(random % 1024).unwrap_or_default();
    half + half * steps / 1024
}

/// Random enough to spread pauses.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// What `Retry-After` asks for: seconds, or a date (RFC 9110, section 10.2.3).
pub(super) fn retry_after(value: &HeaderValue, now: OffsetDateTime) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(secs) = text.parse() {
        return Some(Duration::from_secs(secs));
    }
    let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    Some((date - now).try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn pauses_are_spread_between_half_and_all() {
        let pause = Duration::from_millis(200);
        assert_eq!(spread(pause, 0), pause / 2);
        for random in 0..2048 {
            assert!((pause / 2..pause).contains(&spread(pause, random)));
        }
    }

    #[test]
    fn what_the_farm_asks_for_is_read_as_seconds_or_as_a_date() {
        let now = datetime!(2026-11-24 12:00 UTC);
        for (text, secs) in [
            ("3", Some(3)),
            (" 0 ", Some(0)),
            ("Tue, 24 Nov 2026 12:01:00 GMT", Some(60)),
            ("Tue, 24 Nov 2026 11:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let value = HeaderValue::from_static(text);
            assert_eq!(
                retry_after(&value, now),
                secs.map(Duration::from_secs),
                "{text}"
            );
        }
    }

    #[test]
    fn nobody_waits_beyond_the_end_of_the_call_or_more_often_than_agreed() {
        let mut patience = Patience::new(Duration::from_secs(100), 2);
        assert_eq!(patience.next_pause(Some(Duration::from_secs(200))), None);
        let pause = patience.next_pause(Some(Duration::from_secs(1))).unwrap();
        assert!(pause >= Duration::from_secs(1) && pause < Duration::from_secs(2));
        assert_eq!(patience.next_pause(None), None);
        assert_eq!(
            Patience::new(Duration::ZERO, 2).next_pause(Some(Duration::MAX)),
            None
        );
    }
}
