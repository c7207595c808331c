// SPDX-License-Identifier: Apache-2.0
//! The `farmhand` command: one file for each verb.
//!
//! [`run`] is all of it; the binary and the Python package's console script both call it.

mod blocklist;
mod cancel;
mod check;
mod clean;
#[cfg(feature = "companion")]
mod companion;
mod context;
mod costs;
mod delete;
mod doctor;
mod failure;
mod farms;
mod fetch;
mod findings;
mod follow;
mod frames;
mod job_type;
mod jobs;
mod local;
mod log;
mod one_job;
mod options;
mod paths;
mod pause;
mod picture;
mod plan;
mod priority;
mod progress;
mod reach;
mod relink;
mod render;
mod retry;
mod send;
mod show;
mod style;
mod submit;
mod summary;
mod table;
mod terminal;
mod text;
mod this_computer;
mod trace;
mod watch;
mod workers;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

pub use context::Host;
pub use failure::Exit;
pub use terminal::Terminal;
pub use text::duration_range;

use context::Context;
use failure::Failure;

/// Send Blender scenes to a render farm, and watch them there.
///
/// `farmhand render shot.blend` renders on this computer; `farmhand submit shot.blend --farm URL` sends to a farm.
#[derive(Parser, Debug)]
#[command(name = "farmhand", version, styles = help_styles(), max_term_width = 100, after_help = AFTER_HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done, 1 failed, 2 usage, 3 checks found errors, 4 farm unreachable, 130 interrupted (the job goes on).
Environment: FARMHAND_FARM and FARMHAND_TOKEN choose the farm (FARMHAND_CA_FILE, HTTPS_PROXY and NO_PROXY the way to it), FARMHAND_BLENDER the Blender of this computer,
FARMHAND_HOME the folder for Farmhand's own files, NO_COLOR switches colours off.";

#[derive(Subcommand, Debug)]
enum Command {
    /// Render a scene on this computer, with progress
    Render(render::Options),
    /// Send a scene to a farm
    Submit(submit::Options),
    /// Say what would go wrong with a scene, before sending it
    Check(check::Options),
    /// Name every file that a scene needs: textures, libraries, caches
    Trace(trace::Options),
    /// Find missing files again, and write a scene that names them where they are
    Relink(relink::Options),
    /// List the jobs of a farm
    Jobs(jobs::Options),
    /// Show one job: how far it is, what failed, where its frames are
    Show(one_job::Options),
    /// Follow a job until it ends
    Watch(watch::Options),
    /// List a job's frames with their times
    Frames(frames::Options),
    /// Bring a job's files home from a farm whose share this computer does not see
    Fetch(fetch::Options),
    /// Show what a job's Blender said
    Log(log::Options),
    /// Stop a job; its finished frames stay
    Cancel(one_job::Options),
    /// Hold a job; its finished frames stay
    Pause(one_job::Options),
    /// Let a job go on that was held
    Resume(one_job::Options),
    /// Have the rest of a job rendered that waits after its scouts
    Approve(one_job::Options),
    /// Render a job's failed or missing frames again
    Retry(one_job::Options),
    /// Say which job goes first
    Priority(priority::Options),
    /// Fetch a job's latest picture
    Picture(picture::Options),
    /// Show the workers that a job shuns since they failed at it
    Blocklist(blocklist::Options),
    /// List a farm's workers
    Workers(workers::Options),
    /// Remove a job from the farm's list; its frames stay
    Delete(delete::Options),
    /// Forget jobs that ended long ago; their frames stay
    Clean(clean::Options),
    /// Show how frames would be shared out among workers
    Plan(plan::Options),
    /// Hand out the job type for a Flamenco Manager
    JobType(job_type::Options),
    /// Say where workers see this computer's files, and explain it
    Paths(paths::Options),
    /// Give farms names, and say how to get in
    Farms(farms::Options),
    /// Start, stop and look at the farm on this computer
    Local(local::Options),
    /// Stand beside a Manager in the cluster
    #[cfg(feature = "companion")]
    Companion(companion::Options),
    /// Look for what is missing on this computer, and say how to mend it
    Doctor(doctor::Options),
}

/// Runs one command line, the program's name first, and returns its exit code.
pub fn run(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    terminal: Terminal,
    host: Host,
) -> u8 {
    let mut terminal = terminal;
    let command_line = match parse(args, &terminal) {
        Ok(command_line) => command_line,
        Err(error) => {
            let exit = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Done
            };
            let rendered = error.render();
            let painted = if error.use_stderr() {
                terminal.err_style
            } else {
                terminal.out_style
            }
            .paints();
            let text = if painted {
                rendered.ansi().to_string()
            } else {
                rendered.to_string()
            };
            if error.use_stderr() {
                terminal.note(text.trim_end());
            } else {
                terminal.data(text.trim_end());
            }
            return exit.into();
        }
    };
    let is_to_serve =
        matches!(&command_line.command, Command::Local(options) if options.is_to_serve());
    listen_to_the_log(is_to_serve || is_companion(&command_line.command));
    let (mut context, runtime) = match Context::open(terminal, host) {
        Ok(opened) => opened,
        Err((mut terminal, failure)) => return report(&mut terminal, &failure).into(),
    };
    let result = match &command_line.command {
        Command::Local(options) if is_to_serve => local::serve(options, &context),
        _ => runtime.block_on(dispatch(command_line.command, &mut context)),
    };
    // Nothing that still runs in the background may hold the prompt back.
    runtime.shutdown_background();
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => report(&mut context.terminal, &failure).into(),
    }
}

#[cfg(feature = "companion")]
fn is_companion(command: &Command) -> bool {
    matches!(command, Command::Companion(options) if options.is_to_serve())
}

#[cfg(not(feature = "companion"))]
fn is_companion(_: &Command) -> bool {
    false
}

fn parse(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    terminal: &Terminal,
) -> Result<CommandLine, clap::Error> {
    let choice = if terminal.err_style.paints() {
        clap::ColorChoice::Always
    } else {
        clap::ColorChoice::Never
    };
    let matches = CommandLine::command()
        .color(choice)
        .try_get_matches_from(args)?;
    CommandLine::from_arg_matches(&matches)
}

async fn dispatch(command: Command, context: &mut Context) -> Result<Exit, Failure> {
    match command {
        Command::Render(options) => render::run(options, context).await,
        Command::Submit(options) => submit::run(options, context).await,
        Command::Check(options) => check::run(options, context).await,
        Command::Trace(options) => trace::run(options, context).await,
        Command::Relink(options) => relink::run(options, context).await,
        Command::Jobs(options) => jobs::run(options, context).await,
        Command::Show(options) => show::run(options, context).await,
        Command::Watch(options) => watch::run(options, context).await,
        Command::Frames(options) => frames::run(options, context).await,
        Command::Fetch(options) => fetch::run(options, context).await,
        Command::Log(options) => log::run(options, context).await,
        Command::Cancel(options) => cancel::run(options, context).await,
        Command::Pause(options) => pause::pause(options, context).await,
        Command::Resume(options) => pause::resume(options, context).await,
        Command::Approve(options) => pause::approve(options, context).await,
        Command::Retry(options) => retry::run(options, context).await,
        Command::Priority(options) => priority::run(options, context).await,
        Command::Picture(options) => picture::run(options, context).await,
        Command::Blocklist(options) => blocklist::run(options, context).await,
        Command::Workers(options) => workers::run(options, context).await,
        Command::Delete(options) => delete::run(options, context).await,
        Command::Clean(options) => clean::run(options, context).await,
        Command::Plan(options) => plan::run(&options, context),
        Command::JobType(options) => job_type::run(&options, context),
        Command::Paths(options) => paths::run(options, context).await,
        Command::Farms(options) => farms::run(options, context).await,
        Command::Local(options) => local::run(options, context).await,
        #[cfg(feature = "companion")]
        Command::Companion(options) => companion::run(options, context).await,
        Command::Doctor(options) => doctor::run(options, context).await,
    }
}

fn report(terminal: &mut Terminal, failure: &Failure) -> Exit {
    let style = terminal.err_style;
    if failure.exit == Exit::Done {
        terminal.note(format!("{} {}", style.good("✓"), failure.message));
        return failure.exit;
    }
    terminal.note(format!("{} {}", style.bad("error:"), failure.message));
    if let Some(hint) = &failure.hint {
        terminal.note(format!("{} {hint}", style.busy(" help:")));
    }
    failure.exit
}

/// Diagnostics go to standard error where `FARMHAND_LOG` asks for them (`debug`, `farmhand::farm=trace`); the farm on
/// this computer keeps a log in any case.
fn listen_to_the_log(is_to_serve: bool) {
    let asked = std::env::var("FARMHAND_LOG")
        .ok()
        .filter(|asked| !asked.is_empty());
    let Some(wanted) = asked.or_else(|| is_to_serve.then(|| "info".to_owned())) else {
        return;
    };
    let filter = tracing_subscriber::EnvFilter::new(wanted);
    // A program that embeds this one may have its own listener already; then that one stays.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

fn help_styles() -> clap::builder::Styles {
    use clap::builder::styling::{AnsiColor, Effects, Style, Styles};
    Styles::styled()
        .header(Style::new().effects(Effects::BOLD))
        .usage(Style::new().effects(Effects::BOLD))
        .literal(AnsiColor::Cyan.on_default())
        .placeholder(Style::new().effects(Effects::DIMMED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_is_defined_once_and_without_contradiction() {
        CommandLine::command().debug_assert();
    }
}
