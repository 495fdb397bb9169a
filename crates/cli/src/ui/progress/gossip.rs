//! How many room keys have arrived.

use std::{
    collections::BTreeMap,
    sync::OnceLock,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use lifeboat_preflight::ruma::OwnedDeviceId;
use lifeboat_report::{Fact, facts::Session, grouped};
use lifeboat_rescue::GossipProgress;

use super::{
    TICK,
    forecast::{bar, columns, fitted, rate, time_left},
    target, unseen,
};
use crate::ui::{
    clean::{clean, clean_id},
    prompt::Unseen,
    signs::{shown, turning},
};

/// One line that moves until this is dropped.
#[derive(Debug)]
pub(crate) struct GossipLine {
    bar: ProgressBar,
    _unseen: Option<Unseen>,
}

impl GossipLine {
    /// Shows it on a terminal.
    pub(crate) fn show(gossip: &GossipProgress, sessions: &Fact<Vec<Session>>) -> Self {
        let line = ProgressBar::with_draw_target(None, target());
        let (gossip, since) = (gossip.clone(), Instant::now());
        // Apps have to be opened first: how fast keys come is counted from the first one.
        let first = OnceLock::<Instant>::new();
        let named = sessions.known().into_iter().flatten();
        let names: BTreeMap<String, String> = named
            .filter_map(|it| Some((it.device_id.clone(), clean(it.name.as_deref()?, 20))))
            .collect();
        let show = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let arrived = gossip.arrived_so_far();
            let now = Now {
                arrived,
                wanted: gossip.wanted(),
                givers: givers(&gossip.given_so_far(), &names),
                is_stopped: gossip.is_stopped(),
                waited: since.elapsed(),
                coming: match arrived {
                    0 => Duration::ZERO,
                    _ => first.get_or_init(Instant::now).elapsed(),
                },
            };
            // A line that cannot be drawn is drawn again in a moment.
            let _ = out.write_str(&shown(&now.words(columns())));
        };
        // The template is our own.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {words}") {
            line.set_style(turning(style.with_key("words", show)));
        }
        line.enable_steady_tick(TICK);
        Self {
            bar: line,
            _unseen: unseen(),
        }
    }
}

impl Drop for GossipLine {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How far it is.
#[derive(Debug)]
struct Now {
    arrived: u64,
    wanted: u64,
    givers: String,
    is_stopped: bool,
    /// How long somebody has been waiting.
    waited: Duration,
    /// How long ago the first one came.
    coming: Duration,
}

impl Now {
    fn words(&self, columns: usize) -> String {
        let (arrived, wanted) = (self.arrived, self.wanted);
        if wanted == 0 {
            return "asking who is there".to_owned();
        }
        let rest = match time_left(arrived, wanted, self.coming) {
            unknown if unknown.is_empty() => format!("{} s", self.waited.as_secs()),
            left => left,
        };
        let end = if self.is_stopped {
            "stopping"
        } else {
            "Ctrl-C ends the waiting"
        };
        fitted(
            columns,
            [
                "room keys",
                &bar(arrived, wanted),
                &self.givers,
                &format!("{}/{} arrived", grouped(arrived), grouped(wanted)),
                &rate(arrived, self.coming),
                &rest,
                end,
            ],
        )
    }
}

/// `Laptop: 12, Pixel 8: 3`
fn givers(given: &BTreeMap<OwnedDeviceId, u64>, names: &BTreeMap<String, String>) -> String {
    let each = given.iter().map(|(device, count)| {
        let name = names
            .get(device.as_str())
            .cloned()
            .unwrap_or_else(|| clean_id(device.as_str()));
        format!("{name}: {}", grouped(*count))
    });
    each.collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn givers_are_named() {
        let given = BTreeMap::from([("PIXEL8PHON".into(), 3), ("LAPTOP".into(), 1200)]);
        let names = BTreeMap::from([("PIXEL8PHON".to_owned(), "Pixel 8".to_owned())]);
        assert_eq!(givers(&given, &names), "LAPTOP: 1\u{a0}200, Pixel 8: 3");
        assert_eq!(givers(&BTreeMap::new(), &names), "");
    }

    /// Waits for 40 keys, in a window of this width.
    fn words(columns: usize, arrived: u64, coming: u64) -> String {
        let now = Now {
            arrived,
            wanted: 40,
            givers: if arrived > 0 { "Laptop: 10" } else { "" }.to_owned(),
            is_stopped: arrived == 40,
            waited: Duration::from_secs(60),
            coming: Duration::from_secs(coming),
        };
        now.words(columns)
    }

    #[test]
    fn what_came_how_fast_and_how_long_the_rest_takes_is_said() {
        let (none, some, all) = (bar(0, 40), bar(10, 40), bar(40, 40));
        assert_eq!(
            words(100, 0, 0),
            format!("room keys   {none}   0/40 arrived   60 s   Ctrl-C ends the waiting")
        );
        assert_eq!(
            words(120, 10, 5),
            format!(
                "room keys   {some}   Laptop: 10   10/40 arrived   2/s   about 15 s left   Ctrl-C ends the waiting"
            )
        );
        assert_eq!(
            words(77, 10, 5),
            "room keys   10/40 arrived   2/s   about 15 s left   Ctrl-C ends the waiting"
        );
        assert_eq!(
            words(100, 40, 20),
            format!("room keys   {all}   Laptop: 10   40/40 arrived   2/s   60 s   stopping")
        );
    }

    #[test]
    fn nothing_is_claimed_before_it_is_known() {
        let nothing = Now {
            arrived: 0,
            wanted: 0,
            givers: String::new(),
            is_stopped: false,
            waited: Duration::from_secs(3),
            coming: Duration::ZERO,
        };
        assert_eq!(nothing.words(80), "asking who is there");
    }
}
