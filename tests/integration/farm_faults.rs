// SPDX-License-Identifier: Apache-2.0
//! The client against farms that misbehave: silent, cut off, half an answer, failures, pages instead of answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use farmhand::farm::models::{JobStatus, SubmittedJob};
use farmhand::farm::{Client, ClientOptions, FarmError, SUBMISSION_ID_KEY, Secret};
use farmhand::watch::companion;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::farm_server::{Act, Farm, Reply, WireFarm, client, hasty, wire};

const VERSION: &str = r#"{"version": "3.9", "shortversion": "3.9", "name": "farm", "git": "x"}"#;
const JOB_ID: &str = "1987aa8c-5a6d-4f76-8352-8d8598ea5330";

fn submitted(submission_id: Option<&str>) -> SubmittedJob {
    let mut job: SubmittedJob = serde_json::from_value(
        json!({"name": "shot", "type": "farmhand-render", "submitter_platform": "linux"}),
    )
    .unwrap();
    let id = submission_id.map(|id| (SUBMISSION_ID_KEY.to_owned(), id.to_owned()));
    job.metadata.extend(id);
    job
}

fn job_answer(submission_id: &str) -> Value {
    json!({
        "id": JOB_ID, "name": "shot", "type": "farmhand-render", "priority": 50, "status": "queued",
        "activity": "", "created": "2026-01-02T03:04:05Z", "updated": "2026-01-02T03:04:05Z",
        "steps_completed": 0, "steps_total": 0, "metadata": {SUBMISSION_ID_KEY: submission_id},
    })
}

/// A client with the time to ask three times.
fn calm(url: &str) -> Client {
    let mut options = hasty(url);
    options.timeout = Duration::from_secs(20);
    Client::new(&options).unwrap()
}

#[tokio::test]
async fn a_farm_that_accepts_and_never_answers_is_a_time_out() {
    for act in [
        Act::Silence,
        Act::SendAndHold(wire("200 OK", VERSION)[..60].to_owned()),
        Act::Drip,
    ] {
        let farm = WireFarm::start(vec![act.clone()]).await;
        let began = Instant::now();
        let error = client(&farm.url).version().await.unwrap_err();
        let url = format!("{}/api/v3/version", farm.url);
        assert_eq!(
            error,
            FarmError::Timeout {
                timeout_secs: 0.4,
                url
            },
            "{act:?}"
        );
        assert!(began.elapsed() < Duration::from_secs(3), "{act:?}");
        assert_eq!(farm.asked().len(), 1, "a time-out is not repeated");
    }
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_unreachable_and_says_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url).version().await.unwrap_err();
    let FarmError::Unreachable { reason, url: named } = &error else {
        panic!("{error:?}")
    };
    assert!(reason.contains("refused"), "{reason}");
    assert_eq!(named, &format!("{url}/api/v3/version"));
    assert!(error.is_offline());
}

#[tokio::test]
async fn a_farm_that_speaks_no_tls_is_unreachable_by_https_and_says_so() {
    let farm = WireFarm::start(vec![Act::Cut]).await;
    let Ok(asking) = Client::new(&hasty(&farm.url.replace("http://", "https://"))) else {
        eprintln!("skipped: this computer has no CA certificates");
        return;
    };
    let error = asking.without_retries().version().await.unwrap_err();
    assert!(
        matches!(&error, FarmError::Timeout { .. }),
        "its first bytes are no HTTP: {error:?}"
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream
                .write_all(wire("400 Bad Request", "").as_bytes())
                .await;
        }
    });
    let error = Client::new(&hasty(&url))
        .unwrap()
        .without_retries()
        .version()
        .await
        .unwrap_err();
    assert!(matches!(&error, FarmError::Unreachable { .. }), "{error:?}");
    serving.abort();
}

#[tokio::test]
async fn a_cut_connection_is_asked_again_where_that_is_harmless() {
    let good = Act::Send(wire("200 OK", VERSION));
    for act in [
        Act::Cut,
        Act::Send(wire("200 OK", VERSION)[..120].to_owned()),
    ] {
        let farm = WireFarm::start(vec![act.clone(), good.clone()]).await;
        assert_eq!(
            client(&farm.url).version().await.unwrap().name,
            "farm",
            "{act:?}"
        );
        assert_eq!(farm.asked(), ["GET /api/v3/version"; 2]);

        let farm = WireFarm::start(vec![act.clone(), good.clone()]).await;
        let error = client(&farm.url)
            .without_retries()
            .version()
            .await
            .unwrap_err();
        assert!(
            matches!(error, FarmError::Interrupted { .. }),
            "{act:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn a_failing_farm_is_asked_three_times_and_then_named() {
    let failing = Act::Send(wire(
        "500 Internal Server Error",
        r#"{"code": 500, "message": "disk full"}"#,
    ));
    let farm = WireFarm::start(vec![failing.clone()]).await;
    let error = calm(&farm.url).version().await.unwrap_err();
    let url = format!("{}/api/v3/version", farm.url);
    assert_eq!(
        error,
        FarmError::ServerFailed {
            status: 500,
            message: "disk full".to_owned(),
            url
        }
    );
    assert_eq!(farm.asked().len(), 3);

    let busy = Act::Send(wire("503 Service Unavailable", ""));
    let farm = WireFarm::start(vec![busy, Act::Send(wire("204 No Content", ""))]).await;
    client(&farm.url)
        .set_job_status(JOB_ID, JobStatus::CancelRequested, "test")
        .await
        .unwrap();
    assert_eq!(farm.asked().len(), 2);
}

#[tokio::test]
async fn requeueing_is_not_asked_twice_once_it_may_have_arrived() {
    let farm = WireFarm::start(vec![Act::Cut]).await;
    let asking = client(&farm.url);
    asking
        .set_job_status(JOB_ID, JobStatus::Requeueing, "test")
        .await
        .unwrap_err();
    companion::retry(&asking, JOB_ID).await.unwrap_err();
    assert_eq!(farm.asked().len(), 2);
}

#[tokio::test]
async fn a_job_without_failed_frames_goes_on_where_it_was_unless_it_is_complete_or_under_way() {
    for (companion_says, status, goes_on) in [
        (422, "canceled", true),
        (404, "failed", true),
        (404, "paused", true),
        (409, "canceled", false),
        (422, "completed", false),
        (404, "active", false),
    ] {
        let farm = Farm::start(move |request| {
            if request.path.ends_with("/retry") {
                return Reply::json(companion_says, &json!({"code": 0, "message": "no"}));
            }
            if request.path.ends_with("/setstatus") {
                return Reply::empty(204);
            }
            let mut job = job_answer("abc");
            job["status"] = status.into();
            Reply::json(200, &job)
        })
        .await;
        let outcome = companion::retry_or_requeue(&client(&farm.url), JOB_ID).await;
        let asked = farm.received();
        let last = asked.last().unwrap();
        if goes_on {
            assert_eq!(outcome, Ok(Vec::new()), "{companion_says} {status}");
            assert_eq!(last.json()["status"], "requeueing");
        } else {
            outcome.unwrap_err();
            assert!(
                !last.path.ends_with("/setstatus"),
                "{companion_says} {status}"
            );
        }
    }
}

#[tokio::test]
async fn a_patient_client_waits_for_as_long_as_it_says() {
    let farm = WireFarm::start(vec![Act::Silence]).await;
    let patient = client(&farm.url).patient(Duration::from_millis(600));
    let error = patient.version().await.unwrap_err();
    assert!(
        matches!(error, FarmError::Timeout { timeout_secs, .. } if timeout_secs > 0.5),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_refused_job_is_sent_once() {
    let failing = Act::Send(wire(
        "500 Internal Server Error",
        r#"{"code": 500, "message": "no"}"#,
    ));
    let farm = WireFarm::start(vec![failing]).await;
    let error = client(&farm.url)
        .submit(&submitted(Some("abc")))
        .await
        .unwrap_err();
    assert!(
        matches!(error, FarmError::ServerFailed { status: 500, .. }),
        "{error:?}"
    );
    assert_eq!(farm.asked(), ["POST /api/v3/jobs"]);
}

#[tokio::test]
async fn a_job_whose_answer_was_lost_is_found_by_its_submission_id_and_never_sent_twice() {
    let list = json!({"jobs": [job_answer("another"), job_answer("abc")]}).to_string();
    let empty = Act::Send(wire("200 OK", r#"{"jobs": []}"#));
    let listed = Act::Send(wire("200 OK", &list));
    let broken = Act::Send(wire("502 Bad Gateway", "<html>nginx</html>"));
    let half = Act::Send(wire("200 OK", &job_answer("abc").to_string())[..150].to_owned());
    let submissions = [Act::Cut, Act::Silence, half, broken].map(|lost| {
        let acts = vec![lost.clone(), Act::Cut, empty.clone(), listed.clone()];
        tokio::spawn(async move {
            let farm = WireFarm::start(acts).await;
            let job = client(&farm.url)
                .submit(&submitted(Some("abc")))
                .await
                .unwrap();
            assert_eq!(job.metadata[SUBMISSION_ID_KEY], "abc", "{lost:?}");
            let looks = ["GET /api/v3/jobs"; 3];
            assert_eq!(
                farm.asked(),
                [&["POST /api/v3/jobs"][..], &looks[..]].concat(),
                "{lost:?}"
            );
        })
    });
    for submission in submissions {
        submission.await.unwrap();
    }
}

#[tokio::test]
async fn a_job_whose_answer_was_lost_and_that_is_nowhere_is_left_to_people() {
    let empty = Act::Send(wire("200 OK", r#"{"jobs": []}"#));
    let farm = WireFarm::start(vec![Act::Cut, empty]).await;
    for submission_id in [Some("abc"), None] {
        let error = client(&farm.url)
            .submit(&submitted(submission_id))
            .await
            .unwrap_err();
        let FarmError::SubmissionUnsettled { url, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(url, &format!("{}/api/v3/jobs", farm.url));
    }
    let posts = farm
        .asked()
        .iter()
        .filter(|line| line.starts_with("POST"))
        .count();
    assert_eq!(posts, 2, "one for each job");
}

#[tokio::test]
async fn a_job_that_never_left_is_sent_when_the_farm_is_there_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let options = ClientOptions {
        retries: 8,
        submit_timeout: Duration::from_secs(20),
        ..hasty(&format!("http://{address}"))
    };
    let asking = Client::new(&options).unwrap();
    let sending = tokio::spawn(async move { asking.submit(&submitted(Some("abc"))).await });
    let router = axum::Router::new().fallback(|| async { axum::Json(job_answer("abc")) });
    let listener = TcpListener::bind(address).await.unwrap();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    assert_eq!(sending.await.unwrap().unwrap().id, JOB_ID);
    serving.abort();
}

#[tokio::test]
async fn what_is_no_manager_is_told_from_one() {
    let page = Act::Send(wire("200 OK", "<!doctype html>\n<title>Some page</title>"));
    let farm = WireFarm::start(vec![page]).await;
    let error = client(&farm.url).version().await.unwrap_err();
    let FarmError::BadAnswer { reason, url } = &error else {
        panic!("{error:?}")
    };
    assert!(
        reason.contains("<!doctype html> <title>Some page"),
        "{reason}"
    );
    assert_eq!(url, &format!("{}/api/v3/version", farm.url));

    let farm = Farm::start(|_| Reply::json(200, &json!({"version": 3}))).await;
    let error = client(&farm.url).version().await.unwrap_err();
    assert!(matches!(error, FarmError::BadAnswer { .. }), "{error:?}");
}

#[tokio::test]
async fn a_redirect_is_told_and_not_followed() {
    let followed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&followed);
    let farm = Farm::start(move |request| {
        if request.path == "/login" {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let headers = vec![("location", "/login?state=hunter2".to_owned())];
        Reply {
            status: 302,
            headers,
            body: Vec::new(),
        }
    })
    .await;
    for error in [
        client(&farm.url).version().await.unwrap_err(),
        client(&farm.url)
            .submit(&submitted(Some("abc")))
            .await
            .unwrap_err(),
    ] {
        let FarmError::Moved {
            status: 302,
            target,
            ..
        } = &error
        else {
            panic!("{error:?}")
        };
        assert_eq!(target, &format!("{}/login", farm.url));
    }
    assert_eq!(followed.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn an_id_that_would_make_another_call_is_never_sent() {
    let farm = Farm::start(|_| Reply::empty(204)).await;
    let asking = client(&farm.url);
    for id in ["", "..", "a/b", "a?b", "ä", "a b"] {
        let errors = [
            asking.job(id).await.map(drop).unwrap_err(),
            asking.delete_job(id).await.unwrap_err(),
            asking.task_log_text(id).await.map(drop).unwrap_err(),
            companion::job_progress(&asking, id)
                .await
                .map(drop)
                .unwrap_err(),
        ];
        for error in errors {
            assert!(
                matches!(&error, FarmError::BadId { value, .. } if value == id),
                "{error:?}"
            );
        }
    }
    assert!(asking.job_type("..").await.is_err());
    assert!(farm.received().is_empty());
}

#[tokio::test]
async fn a_log_elsewhere_is_not_fetched() {
    let elsewhere = Farm::start(|_| Reply::empty(200)).await;
    let url = format!("{}/log.txt", elsewhere.url);
    let farm = Farm::start(move |_| {
        Reply::json(
            200,
            &json!({"task_id": "t", "job_id": "j", "url": url, "size": 1}),
        )
    })
    .await;
    let error = client(&farm.url).task_log_text("t").await.unwrap_err();
    assert!(matches!(error, FarmError::BadAnswer { .. }), "{error:?}");
    assert!(elsewhere.received().is_empty());
}

#[tokio::test]
async fn a_task_or_job_that_has_nothing_yet_is_none() {
    let farm = Farm::start(|_| Reply::empty(204)).await;
    let asking = client(&farm.url);
    assert_eq!(asking.task_log_text("t").await.unwrap(), None);
    assert_eq!(asking.task_log_tail("t").await.unwrap(), None);
    assert_eq!(asking.job_last_rendered("j").await.unwrap(), None);
}

#[tokio::test]
async fn the_token_goes_to_the_farm_and_shows_nowhere_else() {
    const TOKEN: &str = "hunter2-token";
    const PASSWORD: &str = "hunter2-password";
    let with_credentials = |url: &str| url.replace("http://", &format!("http://ada:{PASSWORD}@"));
    let shown = Arc::new(Mutex::new(Vec::new()));
    let show = |text: String| shown.lock().unwrap().push(text);

    let farm = Farm::start(|request| match request.headers.get("authorization") {
        Some(value) if value == "Bearer hunter2-token" => {
            Reply::json(200, &serde_json::from_str(VERSION).unwrap())
        }
        Some(value) if value.to_str().unwrap().starts_with("Basic ") => Reply::empty(403),
        _ => Reply::empty(401),
    })
    .await;
    let token = Secret::new(&format!("{TOKEN}\n"));
    show(format!("{token:?}"));
    for url in [farm.url.clone(), with_credentials(&farm.url)] {
        let options = hasty(&url).token(token.clone());
        show(format!("{options:?}"));
        let asking = Client::new(&options).unwrap();
        show(format!("{asking:?} {}", asking.base_url()));
        asking.version().await.unwrap();
    }
    for (url, status) in [(farm.url.clone(), 401), (with_credentials(&farm.url), 403)] {
        let error = client(&url).version().await.unwrap_err();
        let FarmError::Unauthorized { status: told, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*told, status);
        show(format!("{error} {error:?}"));
    }

    let acts = [
        Act::Silence,
        Act::Cut,
        Act::Drip,
        Act::Send("rubbish".to_owned()),
        Act::Send(wire("200 OK", "no json")),
        Act::Send(wire("404 Not Found", "")),
        Act::Send(wire("412 Precondition Failed", "")),
        Act::Send(wire("418 I'm a teapot", "")),
        Act::Send(wire("500 Internal Server Error", "")),
        Act::Send(wire(
            "302 Found\r\nlocation: http://ada:hunter2-password@other/?t=hunter2-token",
            "",
        )),
    ];
    for act in acts {
        let wire_farm = WireFarm::start(vec![act]).await;
        for options in [
            hasty(&with_credentials(&wire_farm.url)),
            hasty(&with_credentials(&wire_farm.url)).token(token.clone()),
        ] {
            let asking = Client::new(&options).unwrap().without_retries();
            let error = asking.version().await.unwrap_err();
            show(format!("{error} {error:?}"));
            let error = asking.submit(&submitted(None)).await.unwrap_err();
            show(format!("{error} {error:?}"));
        }
    }
    for url in [
        "http://ada:hunter2-password@127.0.0.1:9",
        "ada:hunter2-password@host",
        "ftp://ada:hunter2-password@x",
    ] {
        match Client::new(&hasty(url).token(token.clone())) {
            Ok(asking) => {
                let error = asking.without_retries().version().await.unwrap_err();
                show(format!("{error} {error:?}"));
            }
            Err(error) => show(format!("{error} {error:?}")),
        }
    }
    let error = Client::new(&hasty(&farm.url).token(Secret::new("hunter2\u{7}token"))).unwrap_err();
    assert_eq!(error, FarmError::BadToken);
    show(format!("{error} {error:?}"));

    for text in shown.lock().unwrap().iter() {
        assert!(!text.contains("hunter2"), "{text}");
    }
}
