// SPDX-License-Identifier: Apache-2.0
//! This computer as commands see it: its Blender, and its farm, awake or asleep.

use std::path::PathBuf;

use super::context::Context;
use super::failure::{Exit, Failure};
use crate::check::{Abilities, Device};
use crate::config::Dirs;
use crate::farm::{Client, ClientOptions, FarmError, Secret};
use crate::job::{Environment, FarmKind};
use crate::local::blender::{self, Blender, BlenderError, Probe, Search};
use crate::local::{self, LocalFarm, StartOptions};

/// A client for the farm on this computer.
pub fn client_of(running: &LocalFarm) -> Result<Client, FarmError> {
    client_at(&running.url, &running.token)
}

/// A client for the farm at that address.
pub fn client_at(url: &str, token: &str) -> Result<Client, FarmError> {
    Client::new(&ClientOptions::new(url).token(Secret::new(token)))
}

/// What this computer can do, asked of its Blender itself: no farm has to be awake for that.
pub async fn environment_without_farm(context: &Context) -> Environment {
    let mut environment = Environment::of_process(FarmKind::Local, local::renderer_source());
    environment.slots = 1;
    environment.abilities = abilities_without_farm(context)
        .await
        .ok()
        .map(|(_, abilities)| abilities);
    environment
}

/// The Blender of this computer and what it can do.
pub async fn abilities_without_farm(context: &Context) -> Result<(PathBuf, Abilities), Failure> {
    let (cache_dir, python) = (context.dirs.cache.clone(), context.host.python.clone());
    aside(move || {
        let blender = Blender::find(&Search::from_environment(python))?;
        let renderer =
            local::renderer_in_cache(&cache_dir).map_err(|source| BlenderError::Cache {
                path: cache_dir.clone(),
                source,
            })?;
        let probe = blender::probe(&blender, &renderer, &cache_dir)?;
        Ok((blender.path, abilities(&probe)))
    })
    .await?
    .map_err(|error: BlenderError| Failure::caused(Exit::Failed, &error))
}

fn abilities(probe: &Probe) -> Abilities {
    Abilities {
        blender_version: probe.blender_version.clone(),
        engines: probe.engines.clone(),
        denoisers: probe.denoisers.clone(),
        devices: probe
            .devices
            .iter()
            .map(|device| Device {
                kind: device.kind.clone(),
                name: device.name.clone(),
            })
            .collect(),
    }
}

/// The farm on this computer, where it is awake.
pub async fn awake(dirs: &Dirs) -> Result<Option<LocalFarm>, Failure> {
    let dirs = dirs.clone();
    Ok(aside(move || local::find(&dirs)).await??)
}

/// Wakes the farm on this computer.
pub async fn wake(slots: Option<u32>, context: &Context) -> Result<LocalFarm, Failure> {
    let (dirs, host) = (context.dirs.clone(), context.host.clone());
    let options = StartOptions {
        launcher: host.launcher,
        slots,
        python: host.python,
        ..StartOptions::default()
    };
    Ok(aside(move || local::start(&options, &dirs)).await??)
}

/// Puts the farm on this computer to sleep; says whether it was awake.
pub async fn put_to_sleep(context: &Context) -> Result<bool, Failure> {
    let dirs = context.dirs.clone();
    Ok(aside(move || local::stop(&dirs)).await??)
}

/// Runs what blocks where it holds nobody up.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Failure::failed(format!("a part of farmhand broke: {error}")))
}
