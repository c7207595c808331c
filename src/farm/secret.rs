// SPDX-License-Identifier: Apache-2.0
//! A token that never shows.

use sha2::{Digest as _, Sha256};

/// A secret. It has no `Display`, and its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret into keeping; white space around it is dropped, for files end in a new line.
    pub fn new(secret: &str) -> Self {
        Self(secret.trim().to_owned())
    }

    /// The secret itself, for the one header that carries it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

/// Compares in a time that does not tell how much of the secret was right.
pub fn is_same_secret(given: &[u8], secret: &str) -> bool {
    let (given, secret) = (Sha256::digest(given), Sha256::digest(secret));
    given
        .iter()
        .zip(secret)
        .fold(0, |differences, (left, right)| differences | (left ^ right))
        == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_secret_is_the_same() {
        assert!(is_same_secret(b"abc", "abc"));
        assert!(!is_same_secret(b"ab", "abc"));
        assert!(!is_same_secret(b"", "abc"));
    }
}
