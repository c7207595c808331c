// SPDX-License-Identifier: Apache-2.0
//! `--costs FILE`: how long frames are known to take.

use std::collections::BTreeMap;
use std::path::Path;

use super::failure::Failure;

/// Reads a JSON object from frame to seconds.
pub fn read_costs(path: &Path) -> Result<BTreeMap<i32, f64>, Failure> {
    let shown = path.display();
    let bytes = std::fs::read(path)
        .map_err(|error| Failure::usage(format!("the costs cannot be read ({error}): {shown}")))?;
    let costs: BTreeMap<i32, f64> = serde_json::from_slice(&bytes).map_err(|error| {
        Failure::usage(format!("the costs are not understood ({error}): {shown}"))
            .hint("write a JSON object from frame to seconds, such as {\"1\": 4.5, \"2\": 4.7}")
    })?;
    match costs
        .iter()
        .find(|(_, seconds)| !seconds.is_finite() || **seconds < 0.0)
    {
        Some((frame, seconds)) => Err(Failure::usage(format!(
            "frame {frame} cannot take {seconds} seconds: {shown}"
        ))),
        None => Ok(costs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_that_no_frame_can_have_are_refused_with_the_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            read_costs(file.path()).map_err(|failure| failure.message)
        };
        assert_eq!(
            read(r#"{"1": 4.5, "-2": 0}"#),
            Ok(BTreeMap::from([(1, 4.5), (-2, 0.0)]))
        );
        for wrong in [r#"{"1": -1}"#, r#"{"one": 1}"#, "[]", ""] {
            let message = read(wrong).unwrap_err();
            let path = file.path().to_string_lossy().into_owned();
            assert!(message.contains(&path), "{message}");
        }
    }
}
