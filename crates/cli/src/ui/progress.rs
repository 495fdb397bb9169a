//! One line of progress on stderr while a command works, and one for each phase where there are several.

mod audit;
mod counted;
mod forecast;
mod gossip;
mod reset;
mod waiting;

use std::{
    io::{self, IsTerminal},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lifeboat_preflight::{FetchProgress, ForecastProgress, Step, Waiting, Watch};

pub(crate) use self::audit::Accounts;
pub(crate) use self::gossip::GossipLine;
pub(crate) use self::reset::ResetVoice;
use self::{
    counted::Counts,
    forecast::{Lines, place},
    waiting::telling,
};
use super::{
    prompt::Unseen,
    signs::{shown, turning},
};

/// How often a line moves.
const TICK: Duration = Duration::from_millis(100);

/// A line that moves while a command works, on a terminal only; it disappears when this is dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    forecast: Option<ForecastProgress>,
    waiting: Waiting,
    lines: OnceLock<Lines>,
    _unseen: Option<Unseen>,
}

impl Progress {
    /// Begins with `doing`.
    pub(crate) fn begin(doing: &'static str) -> Self {
        let bar = ProgressBar::with_draw_target(None, target());
        bar.set_style(turning(ProgressStyle::default_spinner()));
        bar.set_message(doing);
        bar.enable_steady_tick(TICK);
        Self {
            bar,
            forecast: None,
            waiting: Waiting::default(),
            lines: OnceLock::new(),
            _unseen: unseen(),
        }
    }

    /// Shows how far the forecast is, once everything else is known.
    pub(crate) fn with_forecast(mut self, forecast: Option<&ForecastProgress>) -> Self {
        self.forecast = forecast.cloned();
        self
    }

    /// Says besides when the server asks to wait.
    pub(crate) fn with_waiting(mut self, waiting: &Waiting) -> Self {
        self.bar.set_style(telling(waiting));
        self.waiting = waiting.clone();
        self
    }

    /// Shows how many of all pieces are done.
    pub(crate) fn counting<P: Counts>(self, counts: &P) -> Self {
        let doing = self.bar.message();
        self.bar.finish_and_clear();
        self.lines
            .get_or_init(|| Lines::of_counts(&place(), &doing, counts, &self.waiting));
        self
    }

    /// Shows how far the reading of history is.
    pub(crate) fn with_history(self, reading: &ForecastProgress) -> Self {
        self.bar.finish_and_clear();
        self.lines.get_or_init(|| Lines::of_history(&place(), reading));
        self
    }

    /// Shows how far the fetching of room keys is.
    pub(crate) fn with_keys(self, fetching: &FetchProgress) -> Self {
        self.bar.finish_and_clear();
        self.lines.get_or_init(|| Lines::of_fetch(&place(), fetching));
        self
    }

    /// Says what is done now.
    pub(crate) fn tell(&self, doing: String) {
        self.bar.set_message(shown(&doing).into_owned());
    }

    /// Tells whether anybody sees it move.
    pub(crate) fn moves(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// Says what is done now.
    pub(crate) fn say(&self, doing: &'static str) {
        self.bar.set_message(doing);
    }
}

impl Watch for Progress {
    fn saw(&self, step: Step) {
        match (step, &self.forecast) {
            (Step::Probed, _) => self.say("looking at what the key opens"),
            (Step::Deriving, _) => self.say("deriving the key from your passphrase"),
            (Step::Tried, None) => self.say("judging"),
            (Step::Tried, Some(forecast)) => {
                self.bar.finish_and_clear();
                self.lines.get_or_init(|| Lines::of_forecast(&place(), forecast));
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Whether nothing is to move.
static HUSHED: AtomicBool = AtomicBool::new(false);

/// Has nothing move on stderr from now on.
pub(crate) fn hush() {
    HUSHED.store(true, Ordering::SeqCst);
}

/// Keeps what is typed off the screen while a line moves there: a `^C` or an Enter would leave a piece of it behind.
fn unseen() -> Option<Unseen> {
    (!target().is_hidden()).then(Unseen::begin)
}

fn target() -> ProgressDrawTarget {
    if io::stderr().is_terminal() && !HUSHED.load(Ordering::SeqCst) {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    }
}
