// SPDX-License-Identifier: Apache-2.0
//! One request, one answer: here transport errors and refusals become a [`FarmError`].

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ETAG, LOCATION, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::de::DeserializeOwned;
use time::OffsetDateTime;
use url::Url;

use super::address::shown;
use super::error::FarmError;
use super::models::ErrorAnswer;
use super::patience::retry_after;

/// No answer of a Manager comes near this; 3,000 jobs are 1.7 MB.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// What hyper-util says where a proxy answers 407 to CONNECT; its type is not public.
const PROXY_ASKS: &str = "proxy authorization required";

/// How much of an answer that is no JSON is shown.
const EXCERPT_CHARS: usize = 120;

/// A request that led to nothing.
pub(super) struct Failed {
    pub(super) error: FarmError,
    /// After how long the farm wants to be asked again.
    pub(super) retry_after: Option<Duration>,
}

impl From<FarmError> for Failed {
    fn from(error: FarmError) -> Self {
        Self {
            error,
            retry_after: None,
        }
    }
}

/// A whole answer.
pub(super) struct Answer {
    status: StatusCode,
    body: Vec<u8>,
    tag: Option<String>,
    url: String,
}

impl Answer {
    /// Reads the answer to its end.
    pub(super) async fn read(mut response: Response, timeout: Duration) -> Result<Self, Failed> {
        let url = shown(response.url());
        let status = response.status();
        if status.is_redirection() {
            return Err(moved(&response, url).into());
        }
        let asked = response.headers().get(RETRY_AFTER);
        let retry_after = asked
            .filter(|_| matches!(status.as_u16(), 429 | 503))
            .and_then(|value| retry_after(value, OffsetDateTime::now_utc()));
        let tag = response.headers().get(ETAG);
        let tag = tag.and_then(|tag| tag.to_str().ok()).map(ToOwned::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| from_reqwest(error, &url, timeout))?
        {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                let reason = format!("it is larger than {MAX_ANSWER_BYTES} bytes");
                return Err(FarmError::BadAnswer { reason, url }.into());
            }
            body.extend_from_slice(&chunk);
        }
        if status.is_success() {
            Ok(Self {
                status,
                body,
                tag,
                url,
            })
        } else {
            let error = refusal(status, &body, url);
            Err(Failed { error, retry_after })
        }
    }

    /// Whether there is nothing to tell (204).
    pub(super) fn is_empty(&self) -> bool {
        self.status == StatusCode::NO_CONTENT
    }

    /// Whether it is a part of what was asked for (206).
    pub(super) fn is_part(&self) -> bool {
        self.status == StatusCode::PARTIAL_CONTENT
    }

    /// What tells this file from another of its name (`ETag`).
    pub(super) fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The body as it came.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.body
    }

    /// The body as text; what is no UTF-8 in a log is shown as such.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON of one shape.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, FarmError> {
        serde_json::from_slice(&self.body).map_err(|error| FarmError::BadAnswer {
            reason: format!("{error} in {:?}", excerpt(&self.body)),
            url: self.url.clone(),
        })
    }
}

/// What went wrong with sending or reading, in our words.
pub(super) fn from_reqwest(error: reqwest::Error, url: &str, timeout: Duration) -> FarmError {
    let url = url.to_owned();
    let error = error.without_url();
    if let Some(reason) = distrust(&error) {
        FarmError::Untrusted { reason, url }
    } else if error.is_connect() {
        if root_cause(&error).contains(PROXY_ASKS) {
            return FarmError::ProxyRefused { url };
        }
        let reason = if error.is_dns() {
            "its name is not known".to_owned()
        } else if error.is_timeout() {
            "no connection came about in time".to_owned()
        } else {
            root_cause(&error)
        };
        FarmError::Unreachable { reason, url }
    } else if error.is_timeout() {
        let timeout_secs = timeout.as_secs_f64();
        FarmError::Timeout { timeout_secs, url }
    } else if error.is_builder() {
        FarmError::Setup {
            reason: root_cause(&error),
            url,
        }
    } else {
        FarmError::Interrupted {
            reason: root_cause(&error),
            url,
        }
    }
}

/// What is wrong with the certificate of whoever answered, if that is the trouble.
fn distrust(error: &reqwest::Error) -> Option<String> {
    let mut source = error.source();
    while let Some(cause) = source {
        // What an `io::Error` wraps is not its source.
        let mut wrapped: Option<&(dyn std::error::Error + 'static)> = Some(cause);
        while let Some(io) = wrapped.and_then(|inner| inner.downcast_ref::<std::io::Error>()) {
            wrapped = io.get_ref().map(|inner| inner as _);
        }
        let tls = wrapped.and_then(|inner| inner.downcast_ref());
        if let Some(rustls::Error::InvalidCertificate(reason)) = tls {
            return Some(reason.to_string());
        }
        source = cause.source();
    }
    None
}

/// The innermost cause, which is the one that says something to people.
fn root_cause(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = cause.to_string();
        source = cause.source();
    }
    text
}

fn moved(response: &Response, url: String) -> FarmError {
    let target = response
        .headers()
        .get(LOCATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| response.url().join(value).ok())
        .map_or_else(|| "nowhere".to_owned(), |target: Url| shown(&target));
    FarmError::Moved {
        status: response.status().as_u16(),
        target,
        url,
    }
}

fn refusal(status: StatusCode, body: &[u8], url: String) -> FarmError {
    let message = match serde_json::from_slice::<ErrorAnswer>(body) {
        Ok(answer) => answer.message,
        Err(_) if body.is_empty() => status
            .canonical_reason()
            .unwrap_or("it gives no reason")
            .to_owned(),
        Err(_) => excerpt(body),
    };
    let status = status.as_u16();
    match status {
        401 | 403 => FarmError::Unauthorized { status, url },
        407 => FarmError::ProxyRefused { url },
        404 => FarmError::NotFound { message, url },
        412 => FarmError::StaleJobType { message, url },
        400..=499 => FarmError::Refused {
            status,
            message,
            url,
        },
        _ => FarmError::ServerFailed {
            status,
            message,
            url,
        },
    }
}

/// The beginning of a body, on one line.
fn excerpt(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let mut words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = words.char_indices().nth(EXCERPT_CHARS) {
        words.truncate(cut);
        words.push('…');
    }
    words
}
