// SPDX-License-Identifier: Apache-2.0
//! How one gets in where a proxy stands before the farm. Flamenco itself asks nobody who they are.

use reqwest::RequestBuilder;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::error::FarmError;
use super::secret::Secret;

/// What is sent with each request to the farm, and to nobody else: no redirect is ever followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Bearer …`.
    Bearer(Secret),
    /// `Authorization: Basic …`.
    Basic {
        /// The user's name.
        user: String,
        /// The user's password.
        password: Secret,
    },
    /// A header of any other name.
    Header {
        /// The header's name, like `X-Api-Key`.
        name: String,
        /// What it holds.
        value: Secret,
    },
}

/// Credentials that were found fit to be sent.
#[derive(Clone)]
pub(super) enum Badge {
    /// A header and its value, which is marked as sensitive.
    Header(HeaderName, HeaderValue),
    /// Name and password.
    Basic(String, Secret),
}

impl Badge {
    /// Checks that credentials can stand in a header.
    pub(super) fn of(credentials: &Credentials) -> Result<Self, FarmError> {
        match credentials {
            Credentials::Bearer(token) => Ok(Self::Header(
                AUTHORIZATION,
                sensitive(&format!("Bearer {}", token.expose()))?,
            )),
            // A colon would end the name early: RFC 7617, section 2.
            Credentials::Basic { user, .. } if user.contains(':') => Err(FarmError::BadToken),
            Credentials::Basic { user, password } => {
                Ok(Self::Basic(user.clone(), password.clone()))
            }
            Credentials::Header { name, value } => {
                let header = HeaderName::from_bytes(name.trim().as_bytes())
                    .map_err(|_| FarmError::BadHeader { name: name.clone() })?;
                Ok(Self::Header(header, sensitive(value.expose())?))
            }
        }
    }

    /// Puts them on a request.
    pub(super) fn on(&self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Header(name, value) => request.header(name, value),
            Self::Basic(user, password) => request.basic_auth(user, Some(password.expose())),
        }
    }
}

fn sensitive(text: &str) -> Result<HeaderValue, FarmError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| FarmError::BadToken)?;
    value.set_sensitive(true);
    Ok(value)
}
