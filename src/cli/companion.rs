// SPDX-License-Identifier: Apache-2.0
//! `farmhand companion`: what stands beside a Manager in the cluster, and what its workers ask of it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::json;

use super::context::Context;
use super::failure::{Exit, Failure};
use super::options::JsonOption;
use crate::companion::wanted::Policy;
use crate::companion::{
    self, CompanionError, CompanionOptions, DrainOptions, GpuOptions, KubernetesOptions,
    LeaseOptions,
};

/// Where a pod finds its service account, unless `FARMHAND_SERVICE_ACCOUNT_DIR` says otherwise.
const ACCOUNT_DIR: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// What `farmhand companion` takes.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Options {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    serve: ServeArguments,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// Ask for an identity for this worker, and print its home, for `FLAMENCO_HOME`
    Lease(LeaseArguments),
    /// Let this worker's frame in flight end, before it is ended
    Drain(DrainArguments),
}

#[derive(Args, Debug)]
struct ServeArguments {
    /// The Manager's address
    #[arg(long, value_name = "URL", env = "FARMHAND_COMPANION_MANAGER")]
    manager: Option<String>,
    /// The share, mounted where the Linux workers have it
    #[arg(long, value_name = "DIR", env = "FARMHAND_COMPANION_SHARE")]
    share: Option<PathBuf>,
    /// Where to listen
    #[arg(
        long,
        value_name = "ADDR",
        env = "FARMHAND_COMPANION_LISTEN",
        default_value = "127.0.0.1:8090"
    )]
    listen: SocketAddr,
    /// A file with the token that every call but /healthz has to bring
    #[arg(long, value_name = "FILE", env = "FARMHAND_COMPANION_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Never want fewer workers
    #[arg(
        long,
        value_name = "N",
        env = "FARMHAND_COMPANION_MIN_WORKERS",
        default_value_t = 0
    )]
    min_workers: usize,
    /// Never want more workers
    #[arg(
        long,
        value_name = "N",
        env = "FARMHAND_COMPANION_MAX_WORKERS",
        default_value_t = 10
    )]
    max_workers: usize,
    /// The most workers for the jobs of one user
    #[arg(long, value_name = "N", env = "FARMHAND_COMPANION_MAX_PER_USER")]
    max_per_user: Option<usize>,
    /// The most workers for the jobs of one project
    #[arg(long, value_name = "N", env = "FARMHAND_COMPANION_MAX_PER_PROJECT")]
    max_per_project: Option<usize>,
    /// How long after it came in a job should be done, in seconds
    #[arg(long, value_name = "S", env = "FARMHAND_COMPANION_TARGET_SECS", default_value_t = 3600.0, value_parser = seconds)]
    target_secs: f64,
    /// What starting a worker and loading a scene take while nothing is measured, in seconds
    #[arg(long, value_name = "S", env = "FARMHAND_COMPANION_LOAD_SECS", default_value_t = 60.0, value_parser = seconds)]
    load_secs: f64,
    /// For how long nothing goes down after something went up, in seconds
    #[arg(long, value_name = "S", env = "FARMHAND_COMPANION_HOLD_SECS", default_value_t = 300.0, value_parser = seconds)]
    hold_secs: f64,
    /// The GPUs of each worker
    #[arg(
        long,
        value_name = "N",
        env = "FARMHAND_COMPANION_GPUS_PER_WORKER",
        default_value_t = 1
    )]
    gpus_per_worker: u32,
    /// The address of Prometheus
    #[arg(
        long,
        value_name = "URL",
        env = "FARMHAND_COMPANION_PROMETHEUS",
        requires = "gpu_query"
    )]
    prometheus: Option<String>,
    /// What Prometheus is asked for the use of GPUs: it answers 0 to 1, or 0 to 100
    #[arg(long, value_name = "PROMQL", env = "FARMHAND_COMPANION_GPU_QUERY")]
    gpu_query: Option<String>,
    /// The namespace of the workers' pods; without it Kubernetes is not asked
    #[arg(
        long,
        value_name = "NS",
        env = "FARMHAND_COMPANION_KUBERNETES_NAMESPACE",
        requires = "worker_selector"
    )]
    kubernetes_namespace: Option<String>,
    /// The labels of the workers' pods
    #[arg(
        long,
        value_name = "LABELS",
        env = "FARMHAND_COMPANION_WORKER_SELECTOR"
    )]
    worker_selector: Option<String>,
}

#[derive(Args, Debug)]
struct LeaseArguments {
    /// The companion's address
    #[arg(long, value_name = "URL", env = "FARMHAND_COMPANION_URL")]
    companion: String,
    /// A file with its token
    #[arg(long, value_name = "FILE", env = "FARMHAND_COMPANION_TOKEN_FILE")]
    token_file: Option<PathBuf>,
    /// Who asks; the host's name when absent
    #[arg(long, value_name = "NAME", env = "FARMHAND_POD_NAME")]
    pod: Option<String>,
    /// For how long to wait for the companion, in seconds
    #[arg(long, value_name = "S", default_value_t = 300)]
    patience_secs: u64,
    #[command(flatten)]
    json: JsonOption,
}

#[derive(Args, Debug)]
struct DrainArguments {
    /// The Manager's address
    #[arg(long, value_name = "URL", env = "FARMHAND_COMPANION_MANAGER")]
    manager: String,
    /// The worker's home
    #[arg(long, value_name = "DIR", env = "FLAMENCO_HOME")]
    home: PathBuf,
    /// The file that a lane looks for before each frame; the worker has to be started with the same in its environment
    #[arg(long, value_name = "FILE", env = "FARMHAND_DRAIN_FILE")]
    drain_file: Option<PathBuf>,
    /// For how long the frame may still take, in seconds: some less than the pod's grace
    #[arg(
        long,
        value_name = "S",
        env = "FARMHAND_DRAIN_GRACE_SECS",
        default_value_t = 300
    )]
    grace_secs: u64,
}

impl Options {
    /// Whether this process is to become the companion itself, which keeps a log.
    pub fn is_to_serve(&self) -> bool {
        self.verb.is_none()
    }
}

/// Is the companion, or does what a worker asks for.
pub async fn run(options: Options, context: &mut Context) -> Result<Exit, Failure> {
    match options.verb {
        None => serve(options.serve).await,
        Some(Verb::Lease(arguments)) => lease(arguments, context).await,
        Some(Verb::Drain(arguments)) => drain(arguments, context).await,
    }
}

async fn serve(arguments: ServeArguments) -> Result<Exit, Failure> {
    let missing = |what: &str| Failure::usage(format!("{what} is not given"));
    let manager_url = arguments.manager.ok_or_else(|| missing("--manager URL"))?;
    let share_dir = arguments.share.ok_or_else(|| missing("--share DIR"))?;
    if arguments.min_workers > arguments.max_workers {
        return Err(Failure::usage(format!(
            "--min-workers {} is more than --max-workers {}",
            arguments.min_workers, arguments.max_workers
        )));
    }
    if !share_dir.is_dir() {
        return Err(Failure::failed(format!(
            "the share is no folder on this computer: {}",
            share_dir.display()
        ))
        .hint("mount it where the workers have it"));
    }
    let pods = arguments
        .kubernetes_namespace
        .zip(arguments.worker_selector);
    let kubernetes = pods
        .map(|(namespace, selector)| {
            Ok::<_, Failure>(KubernetesOptions {
                namespace,
                selector,
                api_url: api_url()?,
                account_dir: variable("FARMHAND_SERVICE_ACCOUNT_DIR")
                    .unwrap_or_else(|| ACCOUNT_DIR.to_owned())
                    .into(),
            })
        })
        .transpose()?;
    let options = CompanionOptions {
        manager_url,
        share_dir,
        listen: arguments.listen,
        token_file: arguments.token_file,
        policy: Policy {
            min_workers: arguments.min_workers,
            max_workers: arguments.max_workers,
            max_per_user: arguments.max_per_user,
            max_per_project: arguments.max_per_project,
            target_secs: arguments.target_secs,
            load_secs: arguments.load_secs,
            hold_secs: arguments.hold_secs,
        },
        gpus_per_worker: arguments.gpus_per_worker,
        gpus: arguments
            .prometheus
            .zip(arguments.gpu_query)
            .map(|(prometheus_url, query)| GpuOptions {
                prometheus_url,
                query,
            }),
        kubernetes,
    };
    companion::serve(options).await?;
    Ok(Exit::Done)
}

async fn lease(arguments: LeaseArguments, context: &mut Context) -> Result<Exit, Failure> {
    let options = LeaseOptions {
        companion_url: arguments.companion,
        token_file: arguments.token_file,
        pod: arguments.pod.map_or_else(host_name, Ok)?,
        patience: Duration::from_secs(arguments.patience_secs),
    };
    let lent = companion::lease(&options).await?;
    if arguments.json.json {
        context.terminal.json(&json!(lent));
    } else {
        context.terminal.data(&lent.home);
    }
    Ok(Exit::Done)
}

async fn drain(arguments: DrainArguments, context: &mut Context) -> Result<Exit, Failure> {
    let options = DrainOptions {
        manager_url: arguments.manager,
        home: arguments.home,
        drain_file: arguments.drain_file,
        grace: Duration::from_secs(arguments.grace_secs),
    };
    if companion::drain(&options).await? {
        context
            .terminal
            .note("The worker has nothing in work any more.");
        return Ok(Exit::Done);
    }
    Err(Failure::failed(format!(
        "the worker's frame took longer than {} s: it is rendered again",
        arguments.grace_secs
    )))
}

/// Where Kubernetes tells its pods that its API is.
fn api_url() -> Result<String, Failure> {
    let host = variable("KUBERNETES_SERVICE_HOST").ok_or_else(|| {
        Failure::usage("KUBERNETES_SERVICE_HOST is not set: this process is in no pod")
            .hint("leave --kubernetes-namespace out where there is no Kubernetes")
    })?;
    let port = variable("KUBERNETES_SERVICE_PORT").unwrap_or_else(|| "443".to_owned());
    Ok(if host.contains(':') {
        format!("https://[{host}]:{port}")
    } else {
        format!("https://{host}:{port}")
    })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn host_name() -> Result<String, Failure> {
    sysinfo::System::host_name()
        .map_err(|_| Failure::usage("this computer has no name; name the pod with --pod"))
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(secs) if secs.is_finite() && secs >= 0.0 => Ok(secs),
        _ => Err("not a number of seconds".to_owned()),
    }
}

impl From<CompanionError> for Failure {
    fn from(error: CompanionError) -> Self {
        let exit = match error {
            CompanionError::Farm(error) => return error.into(),
            CompanionError::Open { .. }
            | CompanionError::BadPod { .. }
            | CompanionError::NoServiceAccount { .. }
            | CompanionError::NoWorker { .. } => Exit::Usage,
            CompanionError::Neighbour { .. } | CompanionError::NotLent { .. } => Exit::Unreachable,
            _ => Exit::Failed,
        };
        Self::caused(exit, &error)
    }
}
