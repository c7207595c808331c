// SPDX-License-Identifier: Apache-2.0
//! Where the client comes from. The farm on this computer has another port and token after each start, so whoever
//! watches it looks for it anew whenever it falls silent.

use std::sync::Arc;

use crate::farm::{Client, FarmError};

/// What a look for the farm found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Found {
    /// A farm to ask.
    Client(Client),
    /// The farm is not running.
    Stopped,
    /// It cannot be told; why, for people.
    Unclear(String),
}

impl From<Result<Client, FarmError>> for Found {
    fn from(made: Result<Client, FarmError>) -> Self {
        match made {
            Ok(client) => Self::Client(client),
            Err(error) => Self::Unclear(error.to_string()),
        }
    }
}

/// Finds the farm, again and again.
#[derive(Clone)]
pub struct Source(Arc<dyn Fn() -> Found + Send + Sync>);

impl Source {
    /// Looks with that function, which must be quick: reading a small file is, asking the network is not.
    pub fn looking(look: impl Fn() -> Found + Send + Sync + 'static) -> Self {
        Self(Arc::new(look))
    }

    pub(super) fn look(&self) -> Found {
        match (self.0)() {
            // Whoever watches asks again by itself.
            Found::Client(client) => Found::Client(client.without_retries()),
            other => other,
        }
    }
}

impl From<Client> for Source {
    fn from(client: Client) -> Self {
        Self::looking(move || Found::Client(client.clone()))
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Source(…)")
    }
}
