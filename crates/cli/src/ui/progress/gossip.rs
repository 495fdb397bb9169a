//! How many room keys have arrived.

use std::{collections::BTreeMap, time::Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use lifeboat_preflight::ruma::OwnedDeviceId;
use lifeboat_report::{Fact, facts::Session, grouped};
use lifeboat_rescue::GossipProgress;

use super::{TICK, forecast::bar, target, unseen};
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
        let named = sessions.known().into_iter().flatten();
        let names: BTreeMap<String, String> = named
            .filter_map(|it| Some((it.device_id.clone(), clean(it.name.as_deref()?, 20))))
            .collect();
        let show = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A line that cannot be drawn is drawn again in a moment.
            let _ = out.write_str(&shown(&words(&gossip, &names, since.elapsed().as_secs())));
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

fn words(gossip: &GossipProgress, names: &BTreeMap<String, String>, seconds: u64) -> String {
    let (arrived, wanted) = (gossip.arrived_so_far(), gossip.wanted());
    if wanted == 0 {
        return "asking who is there".to_owned();
    }
    let end = if gossip.is_stopped() {
        "stopping"
    } else {
        "Ctrl-C ends the waiting"
    };
    format!(
        "room keys   {}   {}/{} arrived{}   {seconds} s   {end}",
        bar(arrived, wanted),
        grouped(arrived),
        grouped(wanted),
        givers(&gossip.given_so_far(), names)
    )
}

/// ` (Laptop 12, Pixel 8 3)`
fn givers(given: &BTreeMap<OwnedDeviceId, u64>, names: &BTreeMap<String, String>) -> String {
    let each = given.iter().map(|(device, count)| {
        let name = names
            .get(device.as_str())
            .cloned()
            .unwrap_or_else(|| clean_id(device.as_str()));
        format!("{name}: {}", grouped(*count))
    });
    let each: Vec<String> = each.collect();
    if each.is_empty() {
        String::new()
    } else {
        format!(" ({})", each.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn givers_are_named() {
        let given = BTreeMap::from([("PIXEL8PHON".into(), 3), ("LAPTOP".into(), 1200)]);
        let names = BTreeMap::from([("PIXEL8PHON".to_owned(), "Pixel 8".to_owned())]);
        assert_eq!(givers(&given, &names), " (LAPTOP: 1\u{a0}200, Pixel 8: 3)");
        assert_eq!(givers(&BTreeMap::new(), &names), "");
    }

    #[test]
    fn nothing_is_claimed_before_it_is_known() {
        assert_eq!(
            words(&GossipProgress::default(), &BTreeMap::new(), 3),
            "asking who is there"
        );
    }
}
