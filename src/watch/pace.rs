// SPDX-License-Identifier: Apache-2.0
//! How long to wait before the farm is asked again.

use std::time::Duration;

/// The pause before anything is asked, whoever nudges.
pub(super) const SHORTEST: Duration = Duration::from_millis(100);
const LIVE: Duration = Duration::from_millis(500);
const IDLE: Duration = Duration::from_secs(2);
const UNSEEN: Duration = Duration::from_secs(10);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(5);

/// Somebody looks as long as the last look is not older than this.
pub(super) const LOOK_LASTS: Duration = Duration::from_secs(5);

/// How long a new stream of events is waited for before the farm is asked for everything, which it would be once more then.
pub(super) const HEAD_START: Duration = Duration::from_secs(1);
/// A stream that lasted for so long was a good one.
pub(super) const STEADY_STREAM: Duration = Duration::from_mins(1);
const FIRST_STREAM_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_STREAM_PAUSE: Duration = Duration::from_mins(1);
/// A farm that has no stream may have one after an update.
const NO_STREAM_PAUSE: Duration = Duration::from_mins(5);

/// A round may take this part of the time: listing 3,000 jobs costs a Manager 96 ms and 1.7 MB.
const SHARE_OF_TIME: u32 = 10;

/// How the last round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With an answer.
    Answered {
        /// Whether some job may change by itself.
        is_moving: bool,
    },
    /// The farm is not running: looking is cheap.
    Stopped,
    /// Without an answer.
    Failed {
        /// How many rounds in a row, from 1.
        in_a_row: u32,
    },
}

/// The pause after a round that took so long, when somebody looked so long ago.
pub(super) fn pause(ended: Ended, took: Duration, looked_ago: Duration) -> Duration {
    let is_seen = looked_ago <= LOOK_LASTS;
    match ended {
        Ended::Answered { is_moving } => {
            let wanted = match (is_seen, is_moving) {
                (true, true) => LIVE,
                (true, false) => IDLE,
                (false, _) => UNSEEN,
            };
            wanted.max(took * SHARE_OF_TIME).min(UNSEEN.max(took))
        }
        Ended::Stopped if is_seen => LIVE,
        Ended::Stopped => UNSEEN,
        Ended::Failed { in_a_row } => {
            let back_off = LIVE * 2_u32.saturating_pow(in_a_row.saturating_sub(1).min(16));
            back_off.min(if is_seen { LONGEST_BACK_OFF } else { UNSEEN })
        }
    }
}

/// The pause before the next stream of events is tried, after so many tries in a row that led to none that lasted. `is_offline`
/// where the farm was away, as opposed to one that has no stream.
pub(super) fn before_next_stream(failures: u32, is_offline: bool) -> Duration {
    if is_offline {
        let back_off =
            FIRST_STREAM_PAUSE * 2_u32.saturating_pow(failures.saturating_sub(1).min(16));
        back_off.min(LONGEST_STREAM_PAUSE)
    } else {
        NO_STREAM_PAUSE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIVE_ROUND: Ended = Ended::Answered { is_moving: true };
    const NOW: Duration = Duration::ZERO;
    const LONG_AGO: Duration = Duration::from_mins(10);

    #[test]
    fn a_live_job_that_somebody_looks_at_is_asked_for_twice_a_second() {
        assert_eq!(pause(LIVE_ROUND, Duration::from_millis(3), NOW), LIVE);
        assert_eq!(pause(Ended::Answered { is_moving: false }, NOW, NOW), IDLE);
        assert_eq!(pause(LIVE_ROUND, NOW, LONG_AGO), UNSEEN);
    }

    #[test]
    fn a_farm_that_answers_slowly_is_asked_seldom() {
        assert_eq!(
            pause(LIVE_ROUND, Duration::from_millis(96), NOW),
            Duration::from_millis(960)
        );
        assert_eq!(pause(LIVE_ROUND, Duration::from_secs(8), NOW), UNSEEN);
    }

    #[test]
    fn a_silent_farm_is_asked_less_and_less_yet_never_given_up() {
        let pauses = |looked_ago| {
            [1, 2, 3, 4, 5, u32::MAX]
                .map(|in_a_row| pause(Ended::Failed { in_a_row }, NOW, looked_ago))
        };
        assert_eq!(
            pauses(NOW).map(|pause| pause.as_millis()),
            [500, 1000, 2000, 4000, 5000, 5000]
        );
        assert_eq!(pauses(LONG_AGO).last(), Some(&UNSEEN));
    }

    #[test]
    fn a_lost_stream_is_tried_again_soon_and_one_that_there_is_none_of_seldom() {
        let pauses = [1, 2, 3, 7, u32::MAX].map(|failures| before_next_stream(failures, true));
        assert_eq!(pauses.map(|pause| pause.as_secs()), [1, 2, 4, 60, 60]);
        assert_eq!(before_next_stream(1, false), NO_STREAM_PAUSE);
    }
}
