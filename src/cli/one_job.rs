// SPDX-License-Identifier: Apache-2.0
//! How commands about one job begin: the farm is reached, and the job found that is meant.

use clap::Args;

use super::context::Context;
use super::failure::Failure;
use super::options::{FarmOptions, JobOption, JsonOption};
use super::reach::Farm;
use super::text;
use crate::farm::models::Job;

/// A job, its farm, and how to answer.
#[derive(Args, Debug)]
pub struct Options {
    #[command(flatten)]
    job: JobOption,
    #[command(flatten)]
    farm: FarmOptions,
    #[command(flatten)]
    json: JsonOption,
}

/// A job that was found at its farm.
pub struct OneJob {
    pub farm: Farm,
    pub job: Job,
    /// Its id as people write it.
    pub id: String,
    /// Answer with JSON instead of text.
    pub json: bool,
}

impl Options {
    /// Reaches the farm and finds the job.
    pub async fn find(self, context: &Context) -> Result<OneJob, Failure> {
        let farm = Farm::reach(&self.farm, context).await?;
        let job = farm.find(&self.job.job).await?;
        Ok(OneJob {
            id: text::short_id(&job.id),
            farm,
            job,
            json: self.json.json,
        })
    }
}

impl OneJob {
    /// A refusal that names the job and its status: `job ID (NAME) is STATUS; WHY`.
    pub fn refused(&self, why: &str) -> Failure {
        Failure::failed(format!(
            "job {} ({}) is {}; {why}",
            self.id, self.job.name, self.job.status
        ))
    }

    /// A command about this job, with its farm where that is not the usual one.
    pub fn command(&self, verb: &str) -> String {
        format!("farmhand {verb} {}{}", self.id, self.farm.option())
    }
}
