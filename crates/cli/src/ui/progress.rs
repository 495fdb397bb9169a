//! One line of progress on stderr while a command works.

use std::{
    io::{self, IsTerminal},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lifeboat_preflight::{Step, Watch};

/// A line that moves while a command works, on a terminal only; it disappears when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Begins with `doing`.
    pub(crate) fn begin(doing: &'static str) -> Self {
        let target =
            if io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::default_spinner());
        bar.set_message(doing);
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    /// Says what is done now.
    pub(crate) fn say(&self, doing: &'static str) {
        self.bar.set_message(doing);
    }
}

impl Watch for Progress {
    fn saw(&self, step: Step) {
        self.say(match step {
            Step::Probed => "looking at what the key opens",
            Step::Deriving => "deriving the key from your passphrase",
            Step::Tried => "judging",
        });
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
