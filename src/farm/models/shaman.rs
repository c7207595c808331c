// SPDX-License-Identifier: Apache-2.0
//! Shaman, the Manager's store of files by content.

use serde::{Deserialize, Serialize};

use super::null_as_empty;
use super::words::open_words;

open_words! {
    /// What the store knows of a file.
    ShamanFileStatus {
        /// The store does not have it.
        Missing = "unknown",
        /// Somebody sends it right now.
        Uploading = "uploading",
        /// The store has it.
        Stored = "stored",
    }
}

/// A file of a checkout.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShamanFileSpec {
    /// The SHA-256 of the contents, in lower-case hexadecimal digits.
    #[serde(rename = "sha")]
    pub sha256: String,
    /// The file's size.
    #[serde(rename = "size")]
    pub size_bytes: u64,
    /// Where it belongs in the checkout, relative and with `/`. A Manager accepts `..` here: callers must not.
    pub path: String,
}

/// `POST /api/v3/shaman/checkout/requirements`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShamanRequirementsRequest {
    /// The files that a checkout would need.
    #[serde(deserialize_with = "null_as_empty")]
    pub files: Vec<ShamanFileSpec>,
}

/// A file that the store lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShamanFileSpecWithStatus {
    /// The file.
    #[serde(flatten)]
    pub file: ShamanFileSpec,
    /// Missing, or being sent by somebody.
    pub status: ShamanFileStatus,
}

/// The answer to [`ShamanRequirementsRequest`]: what the store lacks, and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShamanRequirementsResponse {
    /// The files that are not stored.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub files: Vec<ShamanFileSpecWithStatus>,
}

/// `POST /api/v3/shaman/checkout/create`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShamanCheckout {
    /// The files to lay out.
    #[serde(deserialize_with = "null_as_empty")]
    pub files: Vec<ShamanFileSpec>,
    /// The folder asked for, relative to the store's checkouts. A failed checkout erases the folder of this name,
    /// another job's included: it must be unique.
    #[serde(rename = "checkoutPath")]
    pub checkout_path: String,
}

/// The answer to [`ShamanCheckout`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShamanCheckoutResult {
    /// The folder that was really made.
    #[serde(rename = "checkoutPath")]
    pub checkout_path: String,
}

/// `GET /api/v3/shaman/files/{sha256}/{size}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShamanSingleFileStatus {
    /// What the store knows of it.
    pub status: ShamanFileStatus,
}
