// SPDX-License-Identifier: Apache-2.0
//! Which farm, how to get there, and how patiently.

use std::path::PathBuf;
use std::time::Duration;

use super::address::without_credentials;
use super::credentials::Credentials;
use super::secret::Secret;

/// By which way the farm is asked. This computer itself is never asked by a proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// As `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    #[default]
    FromEnvironment,
    /// By none, whatever the environment says.
    Direct,
    /// By the HTTP proxy at that address, `NO_PROXY` notwithstanding; name and password in the address are for the proxy.
    At(Secret),
}

/// Which farm, how to get there, and how patiently.
#[derive(Clone)]
pub struct ClientOptions {
    /// The farm's address; a path prefix in it is kept. Name and password in it are sent as Basic authorization where
    /// there are no other credentials.
    pub base_url: String,
    /// Who asks.
    pub credentials: Option<Credentials>,
    /// Whether credentials may go unencrypted to another computer. Off by default: anybody on the way could use them.
    pub allow_plain_http: bool,
    /// A PEM file with the certificates of those who may vouch for the farm, and then nobody else may; the system's
    /// certificates where there is none.
    pub ca_file: Option<PathBuf>,
    /// By which way.
    pub proxy: Proxy,
    /// For how long a connection may take to come about.
    pub connect_timeout: Duration,
    /// For how long one call may take in all: its answer's last byte, its repetitions and the pauses before them included.
    pub timeout: Duration,
    /// The same for sending a job, which a Manager first compiles into tasks (10,000 tasks: 1.7 s).
    pub submit_timeout: Duration,
    /// How often a call that may be repeated is repeated when the farm cannot be reached.
    pub retries: u32,
}

impl ClientOptions {
    /// The usual patience for the farm at that address.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            credentials: None,
            allow_plain_http: false,
            ca_file: None,
            proxy: Proxy::default(),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(10),
            submit_timeout: Duration::from_mins(1),
            retries: 2,
        }
    }

    /// With that token, as `Authorization: Bearer`.
    #[must_use]
    pub fn token(self, token: Secret) -> Self {
        self.credentials(Credentials::Bearer(token))
    }

    /// With those credentials.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }
}

impl std::fmt::Debug for ClientOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("ClientOptions")
            .field("base_url", &without_credentials(&self.base_url))
            .field("credentials", &self.credentials)
            .field("ca_file", &self.ca_file)
            .field("proxy", &self.proxy)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
