// SPDX-License-Identifier: Apache-2.0
//! What the rule promises.

use proptest::prelude::*;

use super::*;

fn policy() -> Policy {
    Policy {
        max_workers: 20,
        ..Policy::default()
    }
}

/// A job of frames of a minute each.
fn job(frames: u64) -> JobLoad {
    JobLoad {
        helpers: usize::try_from(frames).unwrap().min(50),
        frames_left: frames,
        work_secs: Some(60.0 * f64::from(u32::try_from(frames).unwrap())),
        frame_secs: 60.0,
        ..JobLoad::default()
    }
}

fn seen(jobs: Vec<JobLoad>, busy: usize) -> Seen {
    Seen {
        jobs,
        busy,
        there: busy,
        may_fall: true,
        ..Seen::default()
    }
}

#[test]
fn nothing_to_do_wants_nobody() {
    assert_eq!(needed(&policy(), &[], 0, 0, 0.0), (0, Because::NothingToDo));
}

#[test]
fn as_few_are_wanted_as_have_the_job_done_in_time() {
    // 300 minutes of work in an hour, of which a new worker loses a minute and the last frame is cut off.
    assert_eq!(
        needed(&policy(), &[job(300)], 0, 0, 0.0),
        (6, Because::Target)
    );
    assert_eq!(
        needed(&policy(), &[job(300)], 6, 6, 0.0),
        (6, Because::Target)
    );
    // Those that are asked for already and still start are not asked for once more.
    assert_eq!(
        needed(&policy(), &[job(300)], 0, 6, 30.0),
        (6, Because::Target)
    );
    assert_eq!(needed(&policy(), &[job(1)], 0, 0, 0.0).0, 1);
}

#[test]
fn a_late_job_gets_no_more_than_are_worth_their_load() {
    let late = JobLoad {
        age_secs: 1e6,
        ..job(100)
    };
    // 6,000 seconds of work, two loads' worth (120 s) for each.
    assert_eq!(
        needed(
            &Policy {
                max_workers: 500,
                ..policy()
            },
            &[JobLoad {
                helpers: 100,
                ..late
            }],
            0,
            0,
            0.0
        )
        .0,
        50
    );
}

#[test]
fn a_job_of_which_nothing_is_known_is_measured_by_three() {
    let unknown = JobLoad {
        work_secs: None,
        ..job(1000)
    };
    assert_eq!(
        needed(&policy(), &[unknown], 0, 0, 0.0),
        (3, Because::Measuring)
    );
}

#[test]
fn users_and_projects_get_no_more_than_their_share() {
    let of = |user: &str| JobLoad {
        user: Some(user.to_owned()),
        project: Some("film".to_owned()),
        ..job(5000)
    };
    let limits = |per_user, per_project| Policy {
        max_per_user: per_user,
        max_per_project: per_project,
        ..policy()
    };
    let jobs = [of("ada"), of("ada"), of("bob")];
    assert_eq!(
        needed(&limits(Some(3), None), &jobs, 0, 0, 0.0),
        (6, Because::Helpers)
    );
    assert_eq!(
        needed(&limits(None, Some(4)), &jobs, 0, 0, 0.0),
        (4, Because::Helpers)
    );
    assert_eq!(
        needed(&limits(None, None), &jobs, 0, 0, 0.0),
        (20, Because::MaxWorkers)
    );
}

#[test]
fn it_goes_up_at_once_and_down_after_the_hold() {
    let mut wanting = Wanting::new(policy());
    assert_eq!(wanting.look(0.0, &seen(Vec::new(), 0)).0, 0);
    assert_eq!(wanting.look(2.0, &seen(vec![job(300)], 0)).0, 6);
    assert_eq!(
        wanting.look(200.0, &seen(Vec::new(), 0)),
        (6, Because::Hold)
    );
    assert_eq!(
        wanting.look(301.9, &seen(Vec::new(), 0)),
        (6, Because::Hold)
    );
    assert_eq!(
        wanting.look(302.0, &seen(Vec::new(), 0)),
        (0, Because::NothingToDo)
    );
}

#[test]
fn nobody_who_is_busy_is_sent_away() {
    let mut wanting = Wanting::new(policy());
    wanting.look(0.0, &seen(vec![job(300)], 0));
    for tick in 0..2000 {
        let (number, _) = wanting.look(f64::from(tick), &seen(vec![job(2)], 5));
        assert!(number >= 5, "{number} at {tick}");
    }
    assert_eq!(wanting.number(), Some(5));
}

#[test]
fn idle_gpus_hold_it_and_never_from_nothing() {
    let mut wanting = Wanting::new(policy());
    let idle = |jobs, busy| Seen {
        gpus: Gpus::Used(0.1),
        ..seen(jobs, busy)
    };
    wanting.look(0.0, &seen(Vec::new(), 0));
    assert_eq!(wanting.look(1.0, &idle(vec![job(300)], 0)).0, 6);
    assert_eq!(
        wanting.look(2.0, &idle(vec![job(900)], 6)),
        (6, Because::IdleGpus)
    );
    let used = Seen {
        gpus: Gpus::Used(0.9),
        ..seen(vec![job(900)], 6)
    };
    assert!(wanting.look(3.0, &used).0 > 6);
}

#[test]
fn without_prometheus_it_stays_for_the_hold_and_then_goes_on() {
    let mut wanting = Wanting::new(policy());
    let blind = |jobs, busy| Seen {
        gpus: Gpus::Unknown,
        ..seen(jobs, busy)
    };
    wanting.look(0.0, &seen(vec![job(300)], 0));
    assert_eq!(
        wanting.look(10.0, &blind(vec![job(900)], 6)),
        (6, Because::PrometheusAway)
    );
    assert_eq!(
        wanting.look(305.0, &blind(vec![job(60)], 1)),
        (6, Because::PrometheusAway)
    );
    assert!(wanting.look(311.0, &blind(vec![job(900)], 6)).0 > 6);
    let mut asleep = Wanting::new(policy());
    asleep.look(0.0, &blind(Vec::new(), 0));
    assert_eq!(asleep.look(1.0, &blind(vec![job(300)], 0)).0, 6);
}

#[test]
fn it_does_not_fall_while_busy_pods_cannot_be_marked() {
    let mut wanting = Wanting::new(policy());
    wanting.look(0.0, &seen(vec![job(300)], 0));
    let unmarked = Seen {
        may_fall: false,
        ..seen(Vec::new(), 0)
    };
    assert!(wanting.would_fall(400.0, &unmarked));
    assert_eq!(wanting.look(400.0, &unmarked), (6, Because::PodsUnknown));
    assert_eq!(wanting.look(402.0, &seen(Vec::new(), 0)).0, 0);
}

#[test]
fn after_a_restart_what_is_there_stays_for_the_hold() {
    let mut wanting = Wanting::new(policy());
    let there = Seen {
        there: 7,
        ..seen(Vec::new(), 0)
    };
    assert_eq!(wanting.look(0.0, &there), (7, Because::Hold));
    assert_eq!(wanting.look(299.0, &there).0, 7);
    assert_eq!(wanting.look(300.0, &there).0, 0);
}

fn any_load() -> impl Strategy<Value = JobLoad> {
    (
        0_u64..3000,
        0_usize..60,
        0.01..900.0_f64,
        0.0..10_000.0_f64,
        prop_oneof![Just(None), (0.0..200.0_f64).prop_map(Some)],
        any::<bool>(),
        prop_oneof![Just(None), "[ab]".prop_map(Some)],
    )
        .prop_map(
            |(frames, lanes, secs, age_secs, load_secs, known, user)| JobLoad {
                project: user.clone(),
                user,
                age_secs,
                helpers: lanes.min(usize::try_from(frames).unwrap()),
                frames_left: frames,
                work_secs: known.then(|| secs * f64::from(u32::try_from(frames).unwrap())),
                frame_secs: secs,
                load_secs,
            },
        )
}

fn any_seen() -> impl Strategy<Value = Seen> {
    (
        proptest::collection::vec(any_load(), 0..5),
        0_usize..30,
        0_usize..30,
        prop_oneof![
            Just(Gpus::Unasked),
            Just(Gpus::Unknown),
            (0.0..1.0_f64).prop_map(Gpus::Used)
        ],
        any::<bool>(),
    )
        .prop_map(|(jobs, busy, more, gpus, may_fall)| Seen {
            jobs,
            busy,
            there: busy + more,
            gpus,
            may_fall,
        })
}

proptest! {
    #[test]
    fn it_stays_within_its_limits_and_never_turns_twice_within_the_hold(
        looks in proptest::collection::vec((0.5..200.0_f64, any_seen()), 1..60),
        limits in (0_usize..5, 0_usize..20),
    ) {
        let policy = Policy { min_workers: limits.0, max_workers: limits.0 + limits.1, ..Policy::default() };
        let mut wanting = Wanting::new(policy.clone());
        let (mut now_secs, mut before, mut rose_secs) = (0.0, None, f64::NEG_INFINITY);
        for (pause_secs, seen) in looks {
            now_secs += pause_secs;
            let (number, because) = wanting.look(now_secs, &seen);
            prop_assert!(number <= policy.max_workers, "{} {:?}", number, because);
            prop_assert!(number >= policy.min_workers, "{} {:?}", number, because);
            prop_assert!(number >= seen.busy.min(policy.max_workers), "{} {:?}", number, because);
            if let Some(before) = before {
                if number < before {
                    prop_assert!(now_secs - rose_secs >= policy.hold_secs, "fell too early");
                    prop_assert!(seen.may_fall);
                }
                if number > before {
                    rose_secs = now_secs;
                }
            }
            before = Some(number);
        }
    }

    #[test]
    fn with_nothing_to_do_it_is_zero_after_the_hold(
        looks in proptest::collection::vec((0.5..200.0_f64, any_seen()), 0..20),
    ) {
        let mut wanting = Wanting::new(Policy::default());
        let mut now_secs = 0.0;
        for (pause_secs, seen) in looks {
            now_secs += pause_secs;
            wanting.look(now_secs, &seen);
        }
        let idle = seen(Vec::new(), 0);
        wanting.look(now_secs + 1.0, &idle);
        prop_assert_eq!(wanting.look(now_secs + 1.0 + Policy::default().hold_secs, &idle).0, 0);
    }

    #[test]
    fn more_frames_never_ask_for_fewer_workers(
        load in any_load(),
        more in 1_u64..500,
        lanes in 0_usize..60,
        others in proptest::collection::vec(any_load(), 0..3),
        busy in 0_usize..20,
        idle in 0_usize..20,
        starting_secs in 0.0..60.0_f64,
    ) {
        let with = |frames: u64| {
            let scale = f64::from(u32::try_from(frames).unwrap());
            let mut jobs = vec![JobLoad {
                helpers: lanes.min(usize::try_from(frames).unwrap()),
                frames_left: frames,
                work_secs: load.work_secs.map(|_| load.frame_secs * scale),
                ..load.clone()
            }];
            jobs.extend(others.iter().cloned());
            needed(&policy(), &jobs, busy, busy + idle, starting_secs).0
        };
        prop_assert!(with(load.frames_left) <= with(load.frames_left + more));
    }
}
