// SPDX-License-Identifier: Apache-2.0
//! Findings as people read them.

use super::style::Style;
use super::terminal::Terminal;
use crate::check::{Finding, Severity};

/// Of many files the first say what it is about.
const DETAILS_SHOWN: usize = 8;

/// Says each finding on standard error, the gravest first.
pub fn tell(findings: &[Finding], terminal: &mut Terminal) {
    let style = terminal.err_style;
    for line in findings.iter().flat_map(|finding| lines(finding, style)) {
        terminal.note(line);
    }
}

/// A finding and its way out.
pub fn lines(finding: &Finding, style: Style) -> Vec<String> {
    let severity = match finding.severity {
        Severity::Error => style.bad("error"),
        Severity::Warning => style.warn("warning"),
        Severity::Notice => style.busy("note"),
    };
    let mut lines = vec![format!(
        "{severity}: {} {}",
        finding.message,
        style.dim(&format!("[{}]", finding.code))
    )];
    for detail in finding.details.iter().take(DETAILS_SHOWN) {
        lines.push(format!("    {detail}"));
    }
    let more = finding.details.len().saturating_sub(DETAILS_SHOWN);
    if more > 0 {
        lines.push(style.dim(&format!("    and {more} more; --json names all")));
    }
    if let Some(fix) = &finding.fix {
        lines.push(format!("  {} {fix}", style.dim("→")));
    }
    lines
}
