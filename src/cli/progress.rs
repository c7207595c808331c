// SPDX-License-Identifier: Apache-2.0
//! A job in work, drawn as bars where they can be drawn and said in plain lines where not.

use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::style::{Style, bar};
use super::terminal::Terminal;
use super::text;
use crate::lanes::{FilmStatus, FrameInWork, JobProgress, Stage};

/// A plain line is said after so much time, if anything has moved.
const LINE_INTERVAL: Duration = Duration::from_secs(10);
/// A plain line is said after so many parts of the whole, however fast they come.
const LINE_PARTS: u64 = 10;
/// Frames in work that are drawn below the bar.
const FRAMES_SHOWN: usize = 4;

/// How a job in work is shown.
pub enum View {
    /// Bars that are drawn again and again in one place.
    Bars(Box<Bars>),
    /// A line now and then.
    Lines(Lines),
    /// Nothing: the caller writes JSON.
    Silent,
}

/// The bars of one job.
pub struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    frames: Vec<ProgressBar>,
    style: Style,
}

/// What has been said so far.
pub struct Lines {
    last: Instant,
    part: u64,
    said: String,
}

impl View {
    /// Bars where the terminal can draw them, else lines.
    pub fn of(terminal: &Terminal) -> Self {
        if !terminal.bars {
            return Self::Lines(Lines {
                last: Instant::now(),
                part: 0,
                said: String::new(),
            });
        }
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(12));
        let total = all.add(ProgressBar::new_spinner());
        total.set_style(line_style("{spinner:.cyan} {msg}"));
        total.enable_steady_tick(Duration::from_millis(120));
        Self::Bars(Box::new(Bars {
            all,
            total,
            frames: Vec::new(),
            style: terminal.err_style,
        }))
    }

    /// Shows where the job is now.
    pub fn update(
        &mut self,
        terminal: &mut Terminal,
        status: &str,
        progress: &JobProgress,
        now_unix_secs: f64,
    ) {
        match self {
            Self::Bars(bars) => bars.update(status, progress, now_unix_secs),
            Self::Lines(lines) => lines.update(terminal, status, progress),
            Self::Silent => {}
        }
    }

    /// Takes the bars away; what is said next stands in their place.
    pub fn clear(self) {
        if let Self::Bars(bars) = self {
            bars.total.disable_steady_tick();
            for line in bars.frames.iter().chain([&bars.total]) {
                line.finish_and_clear();
            }
            // What stands below the bars is drawn next, and a terminal that refuses to clear has no better place for it.
            let _ = bars.all.clear();
        }
    }
}

impl Bars {
    fn update(&mut self, status: &str, progress: &JobProgress, now_unix_secs: f64) {
        self.total
            .set_message(headline(status, progress, self.style));
        let shown = progress.in_work.len().min(FRAMES_SHOWN);
        while self.frames.len() > shown {
            if let Some(extra) = self.frames.pop() {
                extra.finish_and_clear();
                self.all.remove(&extra);
            }
        }
        while self.frames.len() < shown {
            let line = self.all.add(ProgressBar::new_spinner());
            line.set_style(line_style("  {msg}"));
            self.frames.push(line);
        }
        for (line, frame) in self.frames.iter().zip(&progress.in_work) {
            line.set_message(self.style.dim(&frame_line(frame, now_unix_secs)));
        }
    }
}

impl Lines {
    fn update(&mut self, terminal: &mut Terminal, status: &str, progress: &JobProgress) {
        let part = (progress.frames_done * LINE_PARTS)
            .checked_div(progress.frames_total)
            .unwrap_or(0);
        if part == self.part && self.last.elapsed() < LINE_INTERVAL {
            return;
        }
        let line = plain_line(status, progress);
        if line != self.said {
            terminal.note(&line);
            self.said = line;
        }
        self.part = part;
        self.last = Instant::now();
    }
}

/// The lines are not filled up to the terminal's edge: the `^C` that a terminal echoes there would wrap, and the line
/// above it could not be taken back.
fn line_style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}

/// The bar of a whole job with its numbers.
fn headline(status: &str, progress: &JobProgress, style: Style) -> String {
    let total = progress.frames_total.max(1);
    let filled = bar(progress.frames_done, total, 30);
    let mut parts = vec![
        style.busy(&filled),
        style.bold(&format!(
            "{}/{}",
            text::thousands(progress.frames_done),
            text::thousands(progress.frames_total)
        )),
        "frames".to_owned(),
    ];
    if progress.frames_failed > 0 {
        parts.push(style.bad(&format!("{} failed", progress.frames_failed)));
    }
    let mood = mood(status, progress);
    parts.push(style.dim("·"));
    parts.push(mood);
    parts.join(" ")
}

fn plain_line(status: &str, progress: &JobProgress) -> String {
    let failed = if progress.frames_failed > 0 {
        format!(", {} failed", progress.frames_failed)
    } else {
        String::new()
    };
    format!(
        "{}/{} frames{failed}, {}",
        progress.frames_done,
        progress.frames_total,
        mood(status, progress)
    )
}

/// Time left where it is known, else what the job is waiting for.
pub fn mood(status: &str, progress: &JobProgress) -> String {
    if status != "active" {
        return match status {
            "queued" => "waiting for a free slot".to_owned(),
            "cancel-requested" => "stopping".to_owned(),
            "requeueing" => "going back into the queue".to_owned(),
            other => other.replace('-', " "),
        };
    }
    if let Some(left) = progress.seconds_left {
        return format!("{} left", text::duration_range(left.low, left.high));
    }
    if progress.frames_open() == 0 && progress.frames_failed > 0 {
        return "trying what failed once more".to_owned();
    }
    if let Some(film) = &progress.film
        && film.status == FilmStatus::Encoding
    {
        return "putting the film together".to_owned();
    }
    if progress.frames_open() == 0 && progress.frames_total > 0 {
        return "finishing".to_owned();
    }
    if progress
        .in_work
        .iter()
        .any(|frame| frame.stage != Stage::Loading)
    {
        return "first frames, no estimate yet".to_owned();
    }
    "opening the scene".to_owned()
}

/// One frame in work: its number, its samples, how long it has taken.
pub fn frame_line(frame: &FrameInWork, now_unix_secs: f64) -> String {
    let doing = match (frame.stage, frame.samples_done, frame.samples_total) {
        (Stage::Loading, ..) => "opening the scene".to_owned(),
        (Stage::Saving, ..) => "saving".to_owned(),
        (Stage::Rendering, Some(done), Some(total)) if total > 0 => {
            format!(
                "{} sample {done} of {total}",
                bar(done.into(), total.into(), 10)
            )
        }
        (Stage::Rendering, ..) => "rendering".to_owned(),
        (Stage::Idle | Stage::Encoding, ..) => "between frames".to_owned(),
    };
    let seconds = (now_unix_secs - frame.started_unix_secs).max(0.0);
    if frame.started_unix_secs > 0.0 && frame.stage != Stage::Idle {
        format!(
            "frame {:<5} {doing} · {}",
            frame.frame,
            text::duration(seconds)
        )
    } else {
        format!("frame {:<5} {doing}", frame.frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lanes::SecondsLeft;

    fn progress() -> JobProgress {
        JobProgress {
            frames_total: 24,
            frames_done: 12,
            seconds_left: Some(SecondsLeft {
                low: 130.0,
                high: 170.0,
            }),
            ..JobProgress::default()
        }
    }

    #[test]
    fn the_headline_says_how_far_and_how_long() {
        let line = headline("active", &progress(), Style::new(false));
        assert_eq!(
            line,
            "███████████████░░░░░░░░░░░░░░░ 12/24 frames · 2 to 3 min left"
        );
    }

    #[test]
    fn failed_frames_are_never_hidden() {
        let failing = JobProgress {
            frames_failed: 2,
            ..progress()
        };
        assert_eq!(
            plain_line("active", &failing),
            "12/24 frames, 2 failed, 2 to 3 min left"
        );
    }

    #[test]
    fn a_frame_in_work_shows_its_samples() {
        let frame = FrameInWork {
            frame: 13,
            lane: 0,
            started_unix_secs: 100.0,
            samples_done: Some(32),
            samples_total: Some(64),
            stage: Stage::Rendering,
        };
        assert_eq!(
            frame_line(&frame, 104.2),
            "frame 13    █████░░░░░ sample 32 of 64 · 4.2 s"
        );
    }

    #[test]
    fn a_waiting_job_says_what_it_waits_for() {
        assert_eq!(
            mood("queued", &JobProgress::default()),
            "waiting for a free slot"
        );
        assert_eq!(
            mood(
                "active",
                &JobProgress {
                    frames_total: 3,
                    ..JobProgress::default()
                }
            ),
            "opening the scene"
        );
    }
}
