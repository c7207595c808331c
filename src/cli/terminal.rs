// SPDX-License-Identifier: Apache-2.0
//! The one place that writes for people: data on standard output, everything else on standard error.

use std::io::{IsTerminal, Write};

use super::style::Style;

/// Where a command writes, and what may be drawn there.
pub struct Terminal {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// How data on standard output is coloured.
    pub out_style: Style,
    /// How messages on standard error are coloured.
    pub err_style: Style,
    /// Progress bars may be drawn: standard error is a terminal that can move its cursor.
    pub bars: bool,
    /// Somebody sits here and can answer a question.
    pub interactive: bool,
    out_closed: bool,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Terminal")
            .field("bars", &self.bars)
            .field("interactive", &self.interactive)
            .finish_non_exhaustive()
    }
}

impl Terminal {
    /// The terminal of this process. Colours follow `NO_COLOR` (<https://no-color.org>) and `TERM=dumb`.
    pub fn of_process() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        let out_is_terminal = std::io::stdout().is_terminal();
        let err_is_terminal = std::io::stderr().is_terminal();
        Self {
            out: Box::new(std::io::stdout()),
            err: Box::new(std::io::stderr()),
            out_style: Style::new(out_is_terminal && !plain && !dumb),
            err_style: Style::new(err_is_terminal && !plain && !dumb),
            bars: err_is_terminal && !dumb,
            interactive: std::io::stdin().is_terminal() && err_is_terminal,
            out_closed: false,
        }
    }

    /// A terminal without colours, bars or a person, that writes to the given places.
    pub fn plain(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Self {
        Self {
            out,
            err,
            out_style: Style::new(false),
            err_style: Style::new(false),
            bars: false,
            interactive: false,
            out_closed: false,
        }
    }

    /// Writes one line of data to standard output.
    pub fn data(&mut self, line: impl AsRef<str>) {
        if self.out_closed {
            return;
        }
        // A reader such as `head` may have gone; that is its right, and there is nobody left to tell.
        let written = writeln!(self.out, "{}", line.as_ref()).and_then(|()| self.out.flush());
        self.out_closed = written.is_err();
    }

    /// Writes a value as JSON, indented, to standard output.
    pub fn json(&mut self, value: &serde_json::Value) {
        self.data(format!("{value:#}"));
    }

    /// Writes a value as one line of JSON to standard output, for readers that take line by line.
    pub fn json_line(&mut self, value: &serde_json::Value) {
        self.data(value.to_string());
    }

    /// Writes one line for people to standard error.
    pub fn note(&mut self, line: impl AsRef<str>) {
        let _ = writeln!(self.err, "{}", line.as_ref()).and_then(|()| self.err.flush());
    }

    /// Asks a yes-or-no question on standard error; anything but a clear yes is a no.
    pub fn confirm(&mut self, question: &str) -> bool {
        if !self.interactive {
            return false;
        }
        let _ = write!(self.err, "{question} [y/N] ").and_then(|()| self.err.flush());
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer).is_ok()
            && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
    }

    /// The reader of standard output has gone; a command that streams may end.
    pub fn reader_gone(&self) -> bool {
        self.out_closed
    }
}
