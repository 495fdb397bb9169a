//! How many room keys have arrived.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use lifeboat_report::grouped;
use lifeboat_rescue::GossipProgress;

use super::{TICK, forecast::bar, target};

/// One line that moves until this is dropped.
#[derive(Debug)]
pub(crate) struct GossipLine(ProgressBar);

impl GossipLine {
    /// Shows it on a terminal.
    pub(crate) fn show(gossip: &GossipProgress) -> Self {
        let line = ProgressBar::with_draw_target(None, target());
        let (gossip, since) = (gossip.clone(), Instant::now());
        let show = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            // A line that cannot be drawn is drawn again in a moment.
            let _ = out.write_str(&words(&gossip, since.elapsed().as_secs()));
        };
        // The template is our own.
        if let Ok(style) = ProgressStyle::with_template("{spinner} {words}") {
            line.set_style(style.with_key("words", show));
        }
        line.enable_steady_tick(TICK);
        Self(line)
    }
}

impl Drop for GossipLine {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn words(gossip: &GossipProgress, seconds: u64) -> String {
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
        "room keys   {}   {}/{} arrived   {seconds} s   {end}",
        bar(arrived, wanted),
        grouped(arrived),
        grouped(wanted)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_claimed_before_it_is_known() {
        assert_eq!(words(&GossipProgress::default(), 3), "asking who is there");
    }
}
