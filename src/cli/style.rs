// SPDX-License-Identifier: Apache-2.0
//! Colours and marks. Few of them, and none that carries meaning alone.

/// Paints text where colours are welcome, and leaves it alone elsewhere.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    colours: bool,
}

impl Style {
    /// A style that paints (`true`) or leaves text as it is.
    pub const fn new(colours: bool) -> Self {
        Self { colours }
    }

    /// Whether this style paints.
    pub const fn paints(self) -> bool {
        self.colours
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// The name of a thing.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What can be skipped while reading.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// Done, good.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Look at this.
    pub fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// Failed.
    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    /// In work.
    pub fn busy(self, text: &str) -> String {
        self.paint("36", text)
    }

    /// A job's or task's status, in the colour of its mood.
    pub fn status(self, status: &str) -> String {
        self.mood(status, status)
    }

    /// Text about a job or task in that status, in the colour of its mood.
    pub fn mood(self, status: &str, text: &str) -> String {
        match status {
            "completed" => self.good(text),
            "active" | "requeueing" => self.busy(text),
            "failed" => self.bad(text),
            "paused" | "pause-requested" | "cancel-requested" | "under-construction"
            | "soft-failed" => self.warn(text),
            "canceled" => self.dim(text),
            _ => text.to_owned(),
        }
    }
}

/// How far something is, as blocks: a tenth of a block is shown where the terminal paints.
pub fn bar(done: u64, total: u64, width: u32) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let cells = u64::from(width) * 8;
    let filled = (done.min(total) * cells).checked_div(total).unwrap_or(0);
    let whole = filled / 8;
    let part = usize::try_from(filled % 8)
        .ok()
        .and_then(|index| EIGHTHS.get(index))
        .copied()
        .unwrap_or("");
    let blank = u64::from(width) - whole - u64::from(!part.is_empty());
    let repeat = |text: &str, count: u64| text.repeat(usize::try_from(count).unwrap_or(0));
    format!("{}{part}{}", repeat("█", whole), repeat("░", blank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_always_as_wide_as_asked() {
        for done in 0..=41 {
            assert_eq!(bar(done, 40, 10).chars().count(), 10, "{done} of 40");
        }
        assert_eq!(bar(0, 0, 4), "░░░░");
        assert_eq!(bar(40, 40, 4), "████");
    }

    #[test]
    fn without_colours_text_is_left_alone() {
        assert_eq!(Style::new(false).bad("failed"), "failed");
        assert_eq!(Style::new(true).bad("failed"), "\x1b[31mfailed\x1b[0m");
    }
}
