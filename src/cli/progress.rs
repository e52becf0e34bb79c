use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use leadoff::table::inert;

/// A line on the terminal that says what is being done, and how fast files are read; silent where nobody looks.
pub struct Progress(ProgressBar);

impl Progress {
    pub fn new() -> Self {
        let bar = ProgressBar::new_spinner().with_style(style(SPINNER));
        if !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }
}

const SPINNER: &str = "{spinner} {msg} ({elapsed})";
const BAR: &str = "{spinner} {msg} [{bar:20}] {percent} %, {binary_bytes_per_sec}, {eta} left";

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl leadoff::pipeline::Progress for Progress {
    fn say(&self, what: String) {
        self.0.set_style(style(SPINNER));
        self.0.set_message(inert(&what).into_owned());
    }

    fn reading(&self, at: &leadoff::data::Progress) {
        let message = format!("reading {}: {} rows", inert(at.input), HumanCount(at.rows));
        if self.0.length() != Some(at.total) {
            self.0.reset();
            self.0.set_style(style(BAR));
            self.0.set_length(at.total);
        }
        self.0.set_position(at.bytes);
        self.0.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
