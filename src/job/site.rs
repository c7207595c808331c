// SPDX-License-Identifier: Apache-2.0
//! Where a farm's workers see what this computer sees: asked of the Manager, and of the settings.

use super::error::JobError;
use crate::config::{Dirs, PathRules};
use crate::farm::models::{ManagerVariableAudience, WorkerStatus};
use crate::farm::{Client, FarmError};
use crate::paths::{Audience, Origin, PathMap, Platform, Rule, Variables, read_path_mapping};
use crate::stage::{KnownWorker, Site, platforms_of};

/// Workers are asked for their platform one by one; a farm has few of them, if more than one.
const MAX_ASKED_WORKERS: usize = 16;

/// Puts together what a Manager's variables, its shared storage and the settings say of paths. Rules of the settings go first among
/// those about the same folder.
pub async fn ask_site(client: &Client, settings: Vec<Rule>) -> Result<Site, JobError> {
    let here = Platform::current();
    let (linux, windows, mac, known_workers) = tokio::try_join!(
        ask(client, Platform::Linux),
        ask(client, Platform::Windows),
        ask(client, Platform::MacOs),
        known_workers(client),
    )?;
    let mut variables = Variables::default();
    let mut storage = Vec::new();
    for answer in [linux, windows, mac] {
        for (audience, values) in answer.variables {
            for (name, value) in values {
                if value.is_twoway {
                    variables.insert_two_way(audience, answer.platform, name, value.value);
                } else if audience == Audience::Workers {
                    variables.insert_one_way(answer.platform, name, value.value);
                }
            }
        }
        storage.push((answer.platform, answer.storage));
    }
    let mut rules = settings;
    rules.extend(variables.rules());
    let known = PathMap::new(rules.clone())?;
    for (from, (users, _)) in &storage {
        for (to, (_, workers)) in &storage {
            // A Manager without a variable for a platform answers with its own path, which may be none there.
            let Ok(rule) = Rule::new((*from, users), (*to, workers), Origin::SharedStorage) else {
                continue;
            };
            // What a variable says already is better sent by the variable.
            let said = known.map(users, *from, *to).ok().flatten();
            if said.is_none_or(|said| said.path != rule.target()) {
                rules.push(rule);
            }
        }
    }
    let (workers, others) = platforms_of(known_workers.iter());
    let workers = workers.unwrap_or_else(|| {
        let mut known = Platform::ALL
            .into_iter()
            .filter(|platform| variables.has_folders_on(*platform));
        known.next().unwrap_or(Platform::Linux)
    });
    Ok(Site {
        map: PathMap::new(rules)?,
        variables,
        here,
        workers,
        others,
        known_workers,
    })
}

/// The rules that people have set for a farm, and those of the files that they name.
pub fn rules_of_settings(dirs: &Dirs, farm_url: &str) -> Result<Vec<Rule>, JobError> {
    let settings = PathRules::load(dirs)?;
    let file = PathRules::file(dirs).to_string_lossy().into_owned();
    let mut rules = Vec::new();
    for rule in settings.rules {
        let is_meant = |farm: &String| farm.trim_end_matches('/') == farm_url.trim_end_matches('/');
        if !rule.farm.as_ref().is_none_or(is_meant) {
            continue;
        }
        let source = match &rule.source_platform {
            Some(name) => name.parse()?,
            None => Platform::current(),
        };
        let targets = match &rule.target_platform {
            Some(name) => vec![name.parse()?],
            None if rule.target.starts_with('/') => vec![Platform::Linux, Platform::MacOs],
            None => vec![Platform::Windows],
        };
        for target in targets {
            let origin = Origin::Settings { file: file.clone() };
            rules.push(Rule::new(
                (source, &rule.source),
                (target, &rule.target),
                origin,
            )?);
        }
    }
    for path in settings.files {
        let text = std::fs::read_to_string(&path).map_err(|source| JobError::PathFile {
            path: path.clone(),
            source,
        })?;
        rules.extend(read_path_mapping(&text, &path.to_string_lossy())?);
    }
    Ok(rules)
}

/// What a Manager says for one platform.
struct Answer {
    platform: Platform,
    variables: Vec<(Audience, crate::farm::models::ManagerVariables)>,
    /// The shared storage as users and as workers see it.
    storage: (String, String),
}

async fn ask(client: &Client, platform: Platform) -> Result<Answer, JobError> {
    let name = platform.as_str();
    let (users, workers) = (
        ManagerVariableAudience::Users,
        ManagerVariableAudience::Workers,
    );
    Ok(Answer {
        platform,
        variables: vec![
            (Audience::Users, client.variables(&users, name).await?),
            (Audience::Workers, client.variables(&workers, name).await?),
        ],
        storage: (
            client.shared_storage(&users, name).await?.location,
            client.shared_storage(&workers, name).await?.location,
        ),
    })
}

/// The workers that could take a task, each with its platform.
async fn known_workers(client: &Client) -> Result<Vec<KnownWorker>, JobError> {
    let mut workers = client.workers().await?;
    let is_gone =
        |status: &WorkerStatus| matches!(status, WorkerStatus::Offline | WorkerStatus::Error);
    workers.retain(|worker| !is_gone(&worker.status));
    let mut known = Vec::new();
    for worker in workers.iter().take(MAX_ASKED_WORKERS) {
        let worker = match client.worker(&worker.id).await {
            Ok(worker) => worker,
            // It was taken off the list meanwhile.
            Err(FarmError::NotFound { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        if let Ok(platform) = worker.platform.parse() {
            let tags = worker.tags.unwrap_or_default();
            known.push(KnownWorker {
                platform,
                tags: tags.into_iter().map(|tag| tag.name).collect(),
            });
        }
    }
    Ok(known)
}
