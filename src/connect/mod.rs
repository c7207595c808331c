// SPDX-License-Identifier: Apache-2.0
//! Which farm a name means, and how to get in: the settings, the environment and what the caller says, in one place.
//!
//! A token comes from whoever comes first: the caller; the farm's entry in the settings (a file, or a variable of the
//! environment); `FARMHAND_TOKEN`. That belongs to the farm that `FARMHAND_FARM` names where that is set, so that it
//! is never shown to another.

use std::path::PathBuf;

use thiserror::Error;

use crate::config::{Auth, Dirs, FarmEntry, Farms, FarmsError, LOCAL, SecretError, read_secret};
use crate::farm::{ClientOptions, Credentials, Proxy, Secret};

/// Why it is not known which farm is meant, or how to get in.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The list of farms.
    #[error(transparent)]
    Farms(#[from] FarmsError),
    /// A file with a token.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A variable that should hold a token is not set.
    #[error(
        "the token for the farm {farm:?} should be in the environment variable {variable}, which is not set; set it, or \
         name a file with farmhand farms add --replace"
    )]
    NoVariable {
        /// The farm's name.
        farm: String,
        /// The variable.
        variable: String,
    },
    /// An entry lacks what its kind of authorization needs.
    #[error("the farm {farm:?} lacks {what}; add it with farmhand farms add --replace")]
    Lacks {
        /// The farm's name.
        farm: String,
        /// What it lacks.
        what: &'static str,
    },
}

/// What the caller says, before settings and environment are asked.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// A farm's name, its address, or `local`; the usual farm where there is none.
    pub farm: Option<String>,
    /// Who asks.
    pub credentials: Option<Credentials>,
    /// A PEM file with those who may vouch for the farm.
    pub ca_file: Option<PathBuf>,
    /// By which way.
    pub proxy: Option<Proxy>,
    /// Credentials may go unencrypted.
    pub allow_plain_http: bool,
}

/// The farm that is meant.
#[derive(Clone, Debug)]
pub struct Target {
    /// The name that `--farm` takes: `local`, a name of the settings, or an address.
    pub name: String,
    /// Whether this farm is meant where none is named.
    pub is_usual: bool,
    /// How it is asked; none stands for this computer.
    pub options: Option<ClientOptions>,
}

/// The variables of the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The environment of this process.
pub fn of_process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The farm that the caller means.
pub fn target(
    given: Given,
    dirs: &Dirs,
    environment: Environment<'_>,
) -> Result<Target, ConnectError> {
    let variable = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
    let farms = Farms::load(dirs)?;
    let of_environment = variable("FARMHAND_FARM").map(|farm| farm.trim().to_owned());
    let usual = of_environment
        .clone()
        .or_else(|| farms.default.clone())
        .unwrap_or_else(|| LOCAL.to_owned());
    let wanted = given.farm.as_deref().unwrap_or(&usual).trim().to_owned();
    let (name, entry) = entry_of(&farms, &wanted)?;
    let is_usual = entry_of(&farms, &usual).is_ok_and(|(usual, _)| usual == name);
    let Some(entry) = entry else {
        return Ok(Target {
            name,
            is_usual,
            options: None,
        });
    };
    let is_of_environment = of_environment
        .is_none_or(|farm| entry_of(&farms, &farm).is_ok_and(|(named, _)| named == name));
    let mut options = ClientOptions::new(&entry.url);
    options.credentials = match given.credentials {
        Some(credentials) => Some(credentials),
        None => match secret(&name, &entry, &variable)? {
            Some(secret) => Some(credentials(&name, &entry, secret)?),
            None => variable("FARMHAND_TOKEN")
                .filter(|_| is_of_environment)
                .map(|token| credentials(&name, &entry, Secret::new(&token)))
                .transpose()?,
        },
    };
    options.ca_file = given
        .ca_file
        .or(entry.ca_file)
        .or_else(|| variable("FARMHAND_CA_FILE").map(PathBuf::from));
    options.proxy = given
        .proxy
        .or_else(|| entry.proxy.as_deref().map(proxy))
        .unwrap_or_default();
    options.allow_plain_http = given.allow_plain_http
        || entry.allow_plain_http
        || variable("FARMHAND_ALLOW_PLAIN_HTTP").is_some_and(|value| value.trim() == "1");
    Ok(Target {
        name,
        is_usual,
        options: Some(options),
    })
}

/// A proxy as people write it: an address, or `none`.
pub fn proxy(written: &str) -> Proxy {
    match written.trim() {
        "none" => Proxy::Direct,
        address => Proxy::At(Secret::new(address)),
    }
}

/// The farm's own name and its entry; no entry stands for this computer.
fn entry_of(farms: &Farms, wanted: &str) -> Result<(String, Option<FarmEntry>), FarmsError> {
    if wanted == LOCAL {
        return Ok((LOCAL.to_owned(), None));
    }
    if let Some((name, entry)) = farms.at(wanted) {
        return Ok((name.clone(), Some(entry.clone())));
    }
    // What looks like an address is left to the client, which says what is wrong with it.
    if wanted.contains([':', '/', '.']) {
        let entry = FarmEntry {
            url: wanted.to_owned(),
            ..FarmEntry::default()
        };
        return Ok((wanted.trim_end_matches('/').to_owned(), Some(entry)));
    }
    let entry = farms.get(wanted)?;
    Ok((wanted.to_owned(), Some(entry.clone())))
}

fn secret(
    name: &str,
    entry: &FarmEntry,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Secret>, ConnectError> {
    if let Some(path) = &entry.token_file {
        return Ok(Some(Secret::new(&read_secret(path)?)));
    }
    let Some(token_env) = &entry.token_env else {
        return Ok(None);
    };
    match variable(token_env) {
        Some(token) => Ok(Some(Secret::new(&token))),
        None => Err(ConnectError::NoVariable {
            farm: name.to_owned(),
            variable: token_env.clone(),
        }),
    }
}

fn credentials(name: &str, entry: &FarmEntry, secret: Secret) -> Result<Credentials, ConnectError> {
    let lacks = |what| ConnectError::Lacks {
        farm: name.to_owned(),
        what,
    };
    Ok(match entry.auth {
        Auth::Bearer => Credentials::Bearer(secret),
        Auth::Basic => Credentials::Basic {
            user: entry.user.clone().ok_or_else(|| lacks("a user's name"))?,
            password: secret,
        },
        Auth::Header => Credentials::Header {
            name: entry
                .header
                .clone()
                .ok_or_else(|| lacks("a header's name"))?,
            value: secret,
        },
    })
}

#[cfg(test)]
mod tests;
