// SPDX-License-Identifier: Apache-2.0
//! `farmhand paths`: where workers see this computer's files, and why.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::{FarmOptions, JsonOption};
use super::reach::Farm;
use super::style::Style;
use crate::config::{PathRule, PathRules};
use crate::job::{JobError, rules_of_settings};
use crate::paths::{PathMap, Platform, Rule, Step, Variables, Verdict, read_path_mapping};
use crate::stage::Site;

/// What `farmhand paths` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Say where workers see a path, which rules were tried for that, and which one decided
    Explain {
        /// The path, whole, as this computer or `--from` has it
        #[arg(value_name = "PATH")]
        path: String,
        /// The platform whose path it is: linux, windows or darwin; this computer's when absent
        #[arg(long, value_name = "PLATFORM")]
        from: Option<Platform>,
        #[command(flatten)]
        farm: FarmOptions,
        #[command(flatten)]
        json: JsonOption,
    },
    /// List the rules in the order in which they are tried
    List {
        #[command(flatten)]
        farm: FarmOptions,
        #[command(flatten)]
        json: JsonOption,
    },
    /// Say where workers see a folder, or name a file of rules (Open Job Description, pathmapping-1.0)
    Add {
        /// The folder, or the file of rules
        #[arg(value_name = "FOLDER|FILE")]
        source: String,
        /// The folder as workers see it
        #[arg(value_name = "WORKER_FOLDER")]
        target: Option<String>,
        /// The platform whose folder it is; that of the computer that uses the rule when absent
        #[arg(long, value_name = "PLATFORM", requires = "target")]
        source_platform: Option<Platform>,
        /// The workers' platform; by the form of their folder when absent
        #[arg(long, value_name = "PLATFORM", requires = "target")]
        target_platform: Option<Platform>,
        /// The only farm that it holds for
        #[arg(long, value_name = "URL", requires = "target")]
        only_for: Option<String>,
    },
    /// Forget what was said of a folder or of a file of rules
    Remove {
        /// The folder, or the file of rules
        #[arg(value_name = "FOLDER|FILE")]
        source: String,
    },
}

/// Does what was asked.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    match options.verb {
        Verb::Explain {
            path,
            from,
            farm,
            json,
        } => {
            let site = site(&farm, context).await?;
            let from = from.unwrap_or(site.here);
            explain(&path, from, &site, json, context)
        }
        Verb::List { farm, json } => {
            let site = site(&farm, context).await?;
            list(&site, json, context);
            Ok(Exit::Done)
        }
        Verb::Add {
            source,
            target,
            source_platform,
            target_platform,
            only_for,
        } => {
            let added = match target {
                Some(target) => Added::Rule(PathRule {
                    source,
                    source_platform: source_platform.map(|platform| platform.as_str().to_owned()),
                    target,
                    target_platform: target_platform.map(|platform| platform.as_str().to_owned()),
                    farm: only_for,
                }),
                None => Added::File(std::path::absolute(&source).unwrap_or(source.into())),
            };
            add(added, context)
        }
        Verb::Remove { source } => remove(&source, context),
    }
}

enum Added {
    Rule(PathRule),
    File(PathBuf),
}

/// What a farm and the settings say; for the farm on this computer the settings alone.
async fn site(options: &FarmOptions, context: &Context) -> Result<Site, Failure> {
    if options.target(&context.dirs)?.options.is_some()
        && let Some(site) = Farm::reach(options, context).await?.site(context).await?
    {
        return Ok(site);
    }
    let rules = rules_of_settings(&context.dirs, "local")?;
    Ok(Site {
        map: PathMap::new(rules).map_err(JobError::from)?,
        variables: Variables::default(),
        here: Platform::current(),
        workers: Platform::current(),
        others: Vec::new(),
        known_workers: Vec::new(),
    })
}

fn explain(
    path: &str,
    from: Platform,
    site: &Site,
    json: JsonOption,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let refused = |error| Failure::caused(Exit::Usage, &error);
    let mut answers = Vec::new();
    for to in Platform::ALL {
        let explanation = site.map.explain(path, from, to).map_err(refused)?;
        answers.push((to, explanation, site.map.map(path, from, to)));
    }
    if json.json {
        let workers: serde_json::Map<String, Value> = answers
            .iter()
            .map(|(to, explanation, mapped)| {
                let (mapped, problem) = match mapped {
                    Ok(mapped) => (mapped.as_ref(), None),
                    Err(error) => (None, Some(error.to_string())),
                };
                let sent = mapped.and_then(|mapped| site.variables.sent(mapped, *to, *to));
                let answer = json!({
                    "path": mapped.map(|mapped| &mapped.path),
                    "sent": sent,
                    "problem": problem,
                    "rules": explanation.steps,
                });
                (to.as_str().to_owned(), answer)
            })
            .collect();
        let normal = answers
            .first()
            .map(|(_, explanation, _)| &explanation.normal);
        context.terminal.json(&json!({
            "path": normal,
            "platform": from,
            "workers": workers,
        }));
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    let mut is_known = false;
    for (to, explanation, mapped) in &answers {
        if explanation.steps.is_empty() {
            continue;
        }
        is_known = true;
        let answer = match mapped {
            Ok(Some(mapped)) => style.bold(&mapped.path),
            Ok(None) => style.bad("not seen"),
            Err(error) => style.bad(&error.to_string()),
        };
        context.terminal.data(format!("{to} workers: {answer}"));
        for step in &explanation.steps {
            context.terminal.data(format!("  {}", line(step, style)));
        }
        if let Ok(Some(mapped)) = mapped {
            let said = match site.variables.sent(mapped, *to, *to) {
                Some(sent) if sent == mapped.path => continue,
                Some(sent) => format!("sent as {sent}, which the farm leaves alone"),
                None => style.bad("the farm's own variables change it on the way"),
            };
            context.terminal.data(format!("  {said}"));
        }
    }
    if !is_known {
        context.terminal.note(format!(
            "There are no rules for paths of {from}. farmhand paths add FOLDER WORKER_FOLDER makes one."
        ));
    }
    Ok(Exit::Done)
}

fn line(step: &Step<'_>, style: Style) -> String {
    let rule = step.rule;
    let text = format!("{} → {}  ({})", rule.source(), rule.target(), rule.origin());
    let why = match step.verdict {
        Verdict::Won => return format!("{} {text}", style.good("✓")),
        Verdict::Shorter => "a longer one decides",
        Verdict::Later => "an earlier one decides",
        Verdict::Elsewhere => "lies elsewhere",
    };
    style.dim(&format!("· {text}: {why}"))
}

fn list(site: &Site, json: JsonOption, context: &mut Context) {
    if json.json {
        let rules: Vec<&Rule> = site.map.rules().collect();
        context.terminal.json(&json!({
            "rules": rules,
            "platform": site.here,
            "workers": std::iter::once(&site.workers).chain(&site.others).collect::<Vec<_>>(),
        }));
        return;
    }
    for rule in site.map.rules() {
        context.terminal.data(format!(
            "{} {} → {} {}  ({})",
            rule.source_platform(),
            rule.source(),
            rule.target_platform(),
            rule.target(),
            rule.origin()
        ));
    }
    if site.map.is_empty() {
        context
            .terminal
            .note("There are no rules. farmhand paths add FOLDER WORKER_FOLDER makes one.");
    }
}

fn add(added: Added, context: &mut Context) -> Result<Exit, Failure> {
    let refused = |error: JobError| Failure::caused(Exit::Usage, &error);
    let mut settings = PathRules::load(&context.dirs).map_err(|error| refused(error.into()))?;
    let before = settings.clone();
    match added {
        Added::File(file) => {
            let text = std::fs::read_to_string(&file).map_err(|source| {
                let path = file.clone();
                refused(JobError::PathFile { path, source })
            })?;
            read_path_mapping(&text, &file.to_string_lossy())
                .map_err(|error| Failure::caused(Exit::Usage, &error))?;
            settings.files.retain(|known| *known != file);
            settings.files.push(file);
        }
        Added::Rule(rule) => settings.put(rule),
    }
    let save = |settings: &PathRules| {
        settings
            .save(&context.dirs)
            .map_err(|error| refused(error.into()))
    };
    save(&settings)?;
    // What can't be used is not kept.
    if let Err(error) = rules_of_settings(&context.dirs, "") {
        save(&before)?;
        return Err(refused(error));
    }
    let file = PathRules::file(&context.dirs);
    context
        .terminal
        .note(format!("Kept in {}.", file.display()));
    Ok(Exit::Done)
}

fn remove(source: &str, context: &mut Context) -> Result<Exit, Failure> {
    let failed = |error| Failure::caused(Exit::Failed, &error);
    let mut settings = PathRules::load(&context.dirs).map_err(failed)?;
    let file = std::path::absolute(source).unwrap_or_else(|_| source.into());
    let files_before = settings.files.len();
    settings.files.retain(|known| *known != file);
    if !settings.forget(source) && files_before == settings.files.len() {
        return Err(Failure::failed(format!("nothing was said of {source}"))
            .hint("farmhand paths list shows what was"));
    }
    settings.save(&context.dirs).map_err(failed)?;
    context.terminal.note(format!("Forgotten: {source}"));
    Ok(Exit::Done)
}
