// SPDX-License-Identifier: Apache-2.0
use proptest::prelude::*;

use super::*;
use crate::farm::models::{JobStatus, WorkerStatus};

// As a Manager of version 3.9 sent them.
const OPENED: &str =
    r#"0{"sid":"KPzkYhPW1hVdhIiUKlqC","upgrades":[],"pingInterval":30000,"pingTimeout":60000}"#;
const JOB: &str = r#"42["/jobs",{"id":"c8ec83c2-fd94-4631-9e89-040cca64f4bb","name":"shot","previous_status":"queued","priority":50,"refresh_tasks":false,"status":"active","steps_completed":3,"steps_total":40,"type":"farmhand-render","updated":"2026-11-24T06:44:49.058216352Z"}]"#;
const DELETED: &str = r#"42["/jobs",{"id":"c8ec83c2-fd94-4631-9e89-040cca64f4bb","priority":0,"refresh_tasks":false,"status":"","steps_completed":0,"steps_total":0,"type":"","updated":"0001-01-01T00:00:00Z","was_deleted":true}]"#;
const WORKER: &str = r#"42["/workers",{"can_restart":false,"id":"2c9cee7a-5c0c-4f39-a7b3-8e8a5cbb5b5e","last_seen":"2026-11-24T06:44:49Z","name":"one","previous_status":"offline","status":"awake","updated":"2026-11-24T06:44:49Z","version":"3.9-beta1"}]"#;

#[test]
fn what_a_manager_sends_is_understood() {
    let ping_every = Duration::from_secs(30);
    assert_eq!(read(OPENED), Ok(Packet::Open(Rhythm { ping_every })));
    let Ok(Packet::Event(Event::JobChanged(job))) = read(JOB) else {
        panic!("{:?}", read(JOB))
    };
    assert_eq!((job.status, job.steps_completed), (JobStatus::Active, 3));
    let id = "c8ec83c2-fd94-4631-9e89-040cca64f4bb".to_owned();
    assert_eq!(read(DELETED), Ok(Packet::Event(Event::JobDeleted(id))));
    let Ok(Packet::Event(Event::WorkerChanged(worker))) = read(WORKER) else {
        panic!("{:?}", read(WORKER))
    };
    assert_eq!(worker.status, WorkerStatus::Awake);
    let answer = Packet::Answer {
        number: 7,
        said: json!(["ok"]),
    };
    assert_eq!(read(r#"437["ok"]"#), Ok(answer));
    for (text, packet) in [
        ("3", Packet::Other),
        ("40", Packet::Other),
        (r#"42["/status",{"status":"idle"}]"#, Packet::Other),
        (
            r#"42["/lifecycle",{"type":"manager-shutdown"}]"#,
            Packet::Other,
        ),
        ("1", Packet::Close),
        ("41", Packet::Close),
        ("2probe", Packet::Ping("probe".to_owned())),
    ] {
        assert_eq!(read(text), Ok(packet), "{text}");
    }
}

#[test]
fn what_is_sent_is_what_a_manager_reads() {
    assert_eq!(
        subscription(3, "allJobs"),
        r#"423["/subscription",{"op":"subscribe","type":"allJobs"}]"#
    );
    assert_eq!(pong("probe"), "3probe");
}

#[test]
fn what_cannot_be_understood_is_an_error_and_never_less_than_that() {
    for text in [
        "",
        "9",
        "é",
        "4",
        "44",
        "0",
        "0{",
        "42",
        "42[",
        "42[]",
        "42[1]",
        r#"42["/jobs"]"#,
        r#"42["/jobs",{}]"#,
        r#"42["/jobs",{"id":"a"}]"#,
        r#"42["/workers",[]]"#,
        "43[]",
        "4399999999999999999999[]",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
    let deep = format!("42[\"/jobs\",{}", "[".repeat(100_000));
    assert!(read(&deep).is_err());
}

proptest! {
    #[test]
    fn nothing_that_comes_in_makes_it_panic(text in "[0-9]{0,3}[\\[{\"/a-z,:}\\]0-9é]{0,60}") {
        let _ = read(&text);
    }

    #[test]
    fn a_packet_that_was_cut_makes_it_no_panic(end in 0..JOB.len(), start in 0..4_usize) {
        if let Some(part) = JOB.get(start..end) {
            let _ = read(part);
        }
    }
}
