// SPDX-License-Identifier: Apache-2.0
//! `farmhand farms`: the farms that have names.

use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::JsonOption;
use super::table::{Align, Table};
use super::text;
use crate::config::{Auth, FarmEntry, Farms, LOCAL, write_secret};
use crate::connect::{self, Given};
use crate::farm::Client;

/// What `farmhand farms` takes.
#[derive(Args, Debug)]
pub struct Options {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    json: JsonOption,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Give a farm a name, and say how to get in
    Add(Box<AddOptions>),
    /// List the farms
    List {
        #[command(flatten)]
        json: JsonOption,
    },
    /// Forget a farm, and the token that was kept for it
    Remove {
        /// The farm's name
        #[arg(value_name = "NAME")]
        name: String,
    },
    /// Say which farm is meant where none is named
    Default {
        /// The farm's name, or `local` for this computer
        #[arg(value_name = "NAME")]
        name: String,
    },
}

#[derive(Args, Debug)]
#[command(
    after_help = "There is no option for the token itself: a command line is seen by everybody here.\n\
    A file with a token must be its user's alone (chmod 600)."
)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
struct AddOptions {
    /// The name that `--farm` takes
    #[arg(value_name = "NAME")]
    name: String,
    /// The Manager's address, or that of the proxy before it
    #[arg(value_name = "URL")]
    url: String,
    /// How the token is sent
    #[arg(long, value_enum, default_value_t = AuthKind::Bearer)]
    auth: AuthKind,
    /// The user's name, with `--auth basic`
    #[arg(long, value_name = "NAME", required_if_eq("auth", "basic"))]
    user: Option<String>,
    /// The header's name, with `--auth header`
    #[arg(long, value_name = "NAME", required_if_eq("auth", "header"))]
    header: Option<String>,
    /// The file that holds the token or password
    #[arg(long, value_name = "FILE", group = "token")]
    token_file: Option<PathBuf>,
    /// The environment variable that holds it
    #[arg(long, value_name = "VARIABLE", group = "token")]
    token_env: Option<String>,
    /// Read it from standard input, and keep it in a file that is its user's alone
    #[arg(long, group = "token")]
    token_stdin: bool,
    /// A PEM file with the CA of the farm; nobody else may vouch for it then
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
    /// The HTTP proxy on the way there, or `none`; as the environment says when absent
    #[arg(long, value_name = "URL")]
    proxy: Option<String>,
    /// Let the token go unencrypted to another computer, where the network is trusted
    #[arg(long)]
    allow_plain_http: bool,
    /// Make it the farm that is meant where none is named
    #[arg(long)]
    default: bool,
    /// Replace the farm of that name
    #[arg(long)]
    replace: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum AuthKind {
    /// Authorization: Bearer TOKEN
    Bearer,
    /// Authorization: Basic, with a user's name and a password
    Basic,
    /// A header of any other name
    Header,
}

/// Adds, lists, removes, or chooses farms.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    match options.verb {
        None => list(options.json.json, context),
        Some(Verb::List { json }) => list(json.json || options.json.json, context),
        Some(Verb::Add(add)) => self::add(*add, context).await,
        Some(Verb::Remove { name }) => remove(&name, context),
        Some(Verb::Default { name }) => default(&name, context),
    }
}

async fn add(options: AddOptions, context: &mut Context) -> Result<Exit, Failure> {
    let whole = |path: PathBuf| std::path::absolute(&path).unwrap_or(path);
    let mut farms = Farms::load(&context.dirs)?;
    let name = options.name;
    let mut entry = FarmEntry {
        url: options.url,
        auth: match options.auth {
            AuthKind::Bearer => Auth::Bearer,
            AuthKind::Basic => Auth::Basic,
            AuthKind::Header => Auth::Header,
        },
        user: options.user,
        header: options.header,
        token_file: options.token_file.map(whole),
        token_env: options.token_env,
        ca_file: options.ca_file.map(whole),
        proxy: options.proxy,
        allow_plain_http: options.allow_plain_http,
        ..FarmEntry::default()
    };
    farms.add(&name, entry.clone(), options.replace)?;
    if options.token_stdin {
        let mut token = String::new();
        std::io::stdin()
            .read_to_string(&mut token)
            .map_err(|error| Failure::failed(format!("the token cannot be read: {error}")))?;
        entry.token_file = Some(write_secret(&context.dirs, &name, &token)?);
        farms.add(&name, entry, true)?;
    }
    if options.default {
        farms.set_default(&name)?;
    }
    farms.save(&context.dirs)?;
    context.terminal.data(format!(
        "The farm {} is kept in {}.",
        context.terminal.out_style.bold(&name),
        text::path(&Farms::file(&context.dirs))
    ));
    match greeting(&name, context).await {
        Ok(greeting) => context.terminal.note(format!("It answers: {greeting}.")),
        Err(failure) => context.terminal.note(format!(
            "{} {}",
            context
                .terminal
                .err_style
                .warn("It does not let us in yet:"),
            failure.message
        )),
    }
    Ok(Exit::Done)
}

/// What the farm of that name says of itself.
pub async fn greeting(name: &str, context: &Context) -> Result<String, Failure> {
    let client = client_of(name, context)?;
    let version = client.greet().await?;
    Ok(format!("{}, Flamenco {}", version.name, version.version))
}

/// A client for the farm of that name.
pub fn client_of(name: &str, context: &Context) -> Result<Client, Failure> {
    let given = Given {
        farm: Some(name.to_owned()),
        ..Given::default()
    };
    let target = connect::target(given, &context.dirs, &connect::of_process)?;
    let options = target
        .options
        .ok_or_else(|| Failure::usage(format!("{name:?} is this computer, which is no Manager")))?;
    Ok(Client::new(&options)?)
}

fn list(as_json: bool, context: &mut Context) -> Result<Exit, Failure> {
    let farms = Farms::load(&context.dirs)?;
    let default = farms.default.as_deref().unwrap_or(LOCAL);
    if as_json {
        let listed: Vec<Value> = farms
            .farms
            .iter()
            .map(|(name, farm)| {
                json!({"name": name, "url": farm.url, "auth": farm.auth, "default": name == default})
            })
            .collect();
        context.terminal.json(&json!({
            "farms": listed,
            "default": default,
            "file": Farms::file(&context.dirs),
        }));
        return Ok(Exit::Done);
    }
    let style = context.terminal.out_style;
    let mut table = Table::new(&[
        ("FARM", Align::Left),
        ("ADDRESS", Align::Left),
        ("TOKEN", Align::Left),
    ]);
    let here = ("this computer".to_owned(), String::new());
    let named = farms
        .farms
        .iter()
        .map(|(name, farm)| (name.as_str(), (farm.url.clone(), token_of(farm))));
    for (name, (url, token)) in std::iter::once((LOCAL, here)).chain(named) {
        let shown = if name == default {
            format!("{name} *")
        } else {
            name.to_owned()
        };
        table.row(vec![
            (style.bold(&shown), shown),
            (url.clone(), url),
            (style.dim(&token), token),
        ]);
    }
    for line in table.lines(style) {
        context.terminal.data(line);
    }
    context
        .terminal
        .note("* is meant where no farm is named. farmhand doctor looks whether they answer.");
    Ok(Exit::Done)
}

/// Where a farm's token comes from.
fn token_of(farm: &FarmEntry) -> String {
    match (&farm.token_file, &farm.token_env) {
        (Some(path), _) => text::path(path),
        (None, Some(variable)) => format!("${variable}"),
        (None, None) => String::new(),
    }
}

fn remove(name: &str, context: &mut Context) -> Result<Exit, Failure> {
    Farms::forget(&context.dirs, name)?;
    context
        .terminal
        .data(format!("The farm {name} is forgotten; its jobs go on."));
    Ok(Exit::Done)
}

fn default(name: &str, context: &mut Context) -> Result<Exit, Failure> {
    let mut farms = Farms::load(&context.dirs)?;
    farms.set_default(name)?;
    farms.save(&context.dirs)?;
    context
        .terminal
        .data(format!("{name} is meant where no farm is named."));
    Ok(Exit::Done)
}
