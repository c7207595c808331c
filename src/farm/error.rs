// SPDX-License-Identifier: Apache-2.0
//! What can go wrong between here and a farm.
//!
//! To add one: say what happened, then what to do, the URL last; no source, for `reason` already holds the cause in
//! words and a transport error's own text would show the full address.

use std::path::PathBuf;

use thiserror::Error;

/// An error of the farm client. URLs in it carry no credentials.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum FarmError {
    /// The farm's address cannot be used.
    #[error(
        "the farm's address cannot be used: {reason}; write it like https://farm.example.com: {url:?}"
    )]
    BadUrl {
        /// The address as it was given, without credentials.
        url: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The token, or name and password, have characters that no HTTP header may carry.
    #[error(
        "the token or password for the farm has characters that cannot be sent; copy it again from where it was issued"
    )]
    BadToken,

    /// A header's name that no HTTP request may carry.
    #[error("no request can carry a header named {name:?}; write it like X-Api-Key")]
    BadHeader {
        /// The name.
        name: String,
    },

    /// Credentials would go unencrypted to another computer.
    #[error(
        "the farm's credentials would go there unencrypted, for everybody on the way to read; use an https:// address, or \
         allow it where the network is trusted (allow_plain_http, FARMHAND_ALLOW_PLAIN_HTTP=1): {url}"
    )]
    PlainHttp {
        /// The farm's address.
        url: String,
    },

    /// The file of those who may vouch for the farm cannot be used.
    #[error("the CA file cannot be used: {reason}; name a PEM file with the CA's certificate: {}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },

    /// The proxy's address cannot be used.
    #[error(
        "the proxy's address cannot be used: {reason}; write it like http://proxy.example.com:3128: {url:?}"
    )]
    BadProxy {
        /// The address as it was given, without credentials.
        url: String,
        /// What is wrong with it.
        reason: String,
    },

    /// The proxy wants to know who asks (407).
    #[error(
        "the proxy on the way to the farm asks for a name and password; put them into the proxy's address, like \
         http://name:password@proxy.example.com:3128: {url}"
    )]
    ProxyRefused {
        /// The URL that was asked.
        url: String,
    },

    /// Nobody that this computer trusts vouches for the farm.
    #[error(
        "the farm's certificate is not trusted: {reason}; where the farm has a CA of its own, name its file (ca_file, \
         FARMHAND_CA_FILE): {url}"
    )]
    Untrusted {
        /// What is wrong with the certificate.
        reason: String,
        /// The URL that was asked.
        url: String,
    },

    /// Something answers, but it is no Flamenco Manager.
    #[error(
        "no Flamenco Manager answers there: {reason}; check the address, and its path where a proxy has one: {url}"
    )]
    NotAManager {
        /// What it answered instead.
        reason: String,
        /// The URL that was asked.
        url: String,
    },

    /// The Manager is older than what Farmhand knows.
    #[error(
        "the farm runs Flamenco {version}, and Farmhand needs 3.7 or newer; have its operator update the Manager and its \
         workers: {url}"
    )]
    TooOld {
        /// The Manager's version.
        version: String,
        /// The URL that was asked.
        url: String,
    },

    /// An id or name that cannot stand in a URL.
    #[error("{what} cannot be {value:?}; take it from the farm's own list")]
    BadId {
        /// What the value should have been, like "a job's id".
        what: &'static str,
        /// The value.
        value: String,
    },

    /// The HTTP client could not be set up, mostly for want of the system's certificates.
    #[error(
        "secure connections cannot be set up: {reason}; install the system's CA certificates: {url}"
    )]
    Setup {
        /// The cause.
        reason: String,
        /// The farm's address.
        url: String,
    },

    /// No connection came about. Nothing was sent.
    #[error(
        "the farm cannot be reached: {reason}; check that it runs and that this is its address: {url}"
    )]
    Unreachable {
        /// The cause.
        reason: String,
        /// The URL that was asked.
        url: String,
    },

    /// The answer took too long.
    #[error(
        "the farm did not answer within {timeout_secs} s; try again, or look at how busy it is: {url}"
    )]
    Timeout {
        /// How long was waited.
        timeout_secs: f64,
        /// The URL that was asked.
        url: String,
    },

    /// The connection broke before the answer was whole.
    #[error(
        "the connection to the farm broke before its answer was whole: {reason}; try again: {url}"
    )]
    Interrupted {
        /// The cause.
        reason: String,
        /// The URL that was asked.
        url: String,
    },

    /// The farm wants to know who asks, or refuses that one (401, 403).
    #[error("the farm refuses access ({status}); give it a valid token: {url}")]
    Unauthorized {
        /// The HTTP status.
        status: u16,
        /// The URL that was asked.
        url: String,
    },

    /// The farm points to another address, such as a page to log in (3xx).
    #[error(
        "the farm points elsewhere ({status}), to {target}; use that address if it is the farm, or give a token if it is \
         a page to log in: {url}"
    )]
    Moved {
        /// The HTTP status.
        status: u16,
        /// Where it points to, without query and credentials.
        target: String,
        /// The URL that was asked.
        url: String,
    },

    /// There is no such thing on the farm (404).
    #[error(
        "the farm does not have it: {message}; list what it has, it may have been deleted: {url}"
    )]
    NotFound {
        /// The Manager's words.
        message: String,
        /// The URL that was asked.
        url: String,
    },

    /// The job was made for an earlier version of its job type (412).
    #[error("the job type changed since it was read: {message}; send the job again: {url}")]
    StaleJobType {
        /// The Manager's words.
        message: String,
        /// The URL that was asked.
        url: String,
    },

    /// The farm understood, and refuses (other 4xx).
    #[error("the farm refuses ({status}): {message}; change what it names and try again: {url}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The Manager's words.
        message: String,
        /// The URL that was asked.
        url: String,
    },

    /// The farm, or a proxy before it, failed (5xx).
    #[error(
        "the farm failed ({status}): {message}; try again, then look at the Manager's log: {url}"
    )]
    ServerFailed {
        /// The HTTP status.
        status: u16,
        /// The Manager's words.
        message: String,
        /// The URL that was asked.
        url: String,
    },

    /// What answered is no Flamenco Manager, or one of another kind.
    #[error(
        "the answer cannot be understood: {reason}; check that this is a Flamenco 3 Manager: {url}"
    )]
    BadAnswer {
        /// What was wrong with the answer.
        reason: String,
        /// The URL that was asked.
        url: String,
    },

    /// A job was sent, its answer was lost, and the farm's list does not show it.
    #[error(
        "the answer to the job was lost ({reason}), and the farm does not list it; look at the farm's jobs before \
         sending it again: {url}"
    )]
    SubmissionUnsettled {
        /// How the answer was lost.
        reason: String,
        /// The URL that the job was sent to.
        url: String,
    },
}

impl FarmError {
    /// Whether the farm itself could not be asked, as opposed to an answer that says no.
    pub fn is_offline(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Interrupted { .. }
        ) || matches!(
            self,
            Self::ServerFailed {
                status: 502..=504,
                ..
            }
        )
    }

    /// Whether the request may have been carried out though no answer tells.
    pub fn is_lost_answer(&self) -> bool {
        matches!(
            self,
            Self::Timeout { .. } | Self::Interrupted { .. } | Self::BadAnswer { .. }
        ) || matches!(
            self,
            Self::ServerFailed {
                status: 502 | 504,
                ..
            }
        )
    }

    /// How an answer was lost, without the way out.
    pub(super) fn brief(&self) -> String {
        match self {
            Self::Timeout { timeout_secs, .. } => format!("none came within {timeout_secs} s"),
            Self::ServerFailed {
                status, message, ..
            } => format!("{status}: {message}"),
            Self::Interrupted { reason, .. } | Self::BadAnswer { reason, .. } => reason.clone(),
            other => other.to_string(),
        }
    }

    /// Whether the request certainly was not carried out, and may be a moment later.
    pub(super) fn was_not_carried_out(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Refused { status: 429, .. }
        )
    }

    /// Whether the same request may well be answered a moment later.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Interrupted { .. } => true,
            Self::ServerFailed { status, .. } => matches!(status, 500 | 502 | 503 | 504),
            Self::Refused { status, .. } => *status == 429,
            _ => false,
        }
    }
}
