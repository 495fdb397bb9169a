//! Work whose pieces are counted, in a line.

use std::time::Duration;

use lifeboat_preflight::ark::ArkProgress;
use lifeboat_report::grouped;
use lifeboat_rescue::{DownloadProgress, MiningProgress, UploadProgress};

use super::forecast::{bar, fitted, rate, time_left};

/// Work whose pieces are counted.
pub(crate) trait Counts: Clone + Send + Sync + 'static {
    /// What the pieces are called.
    const THINGS: &'static str;

    /// Returns how many are done, and how many there are; 0 where nobody has said so.
    fn counts(&self) -> [u64; 2];
}

impl Counts for ArkProgress {
    const THINGS: &'static str = "backed-up keys";

    fn counts(&self) -> [u64; 2] {
        [self.entries(), self.expected()]
    }
}

impl Counts for UploadProgress {
    const THINGS: &'static str = "room keys";

    fn counts(&self) -> [u64; 2] {
        [self.added(), self.expected()]
    }
}

impl Counts for DownloadProgress {
    const THINGS: &'static str = "backed-up keys";

    fn counts(&self) -> [u64; 2] {
        [self.entries(), self.expected()]
    }
}

impl Counts for MiningProgress {
    const THINGS: &'static str = "keys read or added";

    fn counts(&self) -> [u64; 2] {
        [self.done(), self.expected()]
    }
}

/// How counted work goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course<'a> {
    /// What is done.
    pub(super) doing: &'a str,
    /// What the pieces are called.
    pub(super) things: &'a str,
    /// How many are done, and how many there are; who says the second may not know it, or lie.
    pub(super) counts: [u64; 2],
    /// Since the first piece was done.
    pub(super) passed: Duration,
    /// Why it does not go on just now; empty where it does.
    pub(super) besides: &'a str,
}

impl Course<'_> {
    /// Says it in a line of so many columns.
    pub(super) fn words(self, columns: usize) -> String {
        let Self {
            doing,
            things,
            counts: [done, all],
            passed,
            besides,
        } = self;
        let (bar, count) = match (done, all) {
            (0, 0) => (String::new(), String::new()),
            _ if all < done => (String::new(), format!("{} {things}", grouped(done))),
            _ => (bar(done, all), format!("{}/{} {things}", grouped(done), grouped(all))),
        };
        let (rate, left) = match besides {
            "" => (rate(done, passed), time_left(done, all, passed)),
            // Neither holds for as long as that is to be said.
            _ => (String::new(), String::new()),
        };
        fitted(columns, [doing, &bar, "", &count, &rate, &left, besides])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saving(counts: [u64; 2], besides: &str) -> Course<'_> {
        Course {
            doing: "saving",
            things: "backed-up keys",
            counts,
            passed: Duration::from_secs(10),
            besides,
        }
    }

    #[test]
    fn why_it_does_not_go_on_stands_in_place_of_how_fast_it_goes() {
        let waits = |counts, columns| saving(counts, "the server asks to wait").words(columns);
        assert_eq!(waits([0, 0], 77), "saving   the server asks to wait");
        let half = format!("{}{}", "█".repeat(10), "░".repeat(10));
        assert_eq!(
            waits([20, 40], 77),
            "saving   20/40 backed-up keys   the server asks to wait"
        );
        assert_eq!(
            waits([20, 40], 100),
            format!("saving   {half}   20/40 backed-up keys   the server asks to wait")
        );
        assert_eq!(
            waits([40, 0], 77),
            "saving   40 backed-up keys   the server asks to wait"
        );
    }

    #[test]
    fn a_count_has_a_rest_only_where_somebody_knows_it() {
        let ark = |done, all| saving([done, all], "").words(100);
        assert_eq!(ark(0, 0), "saving");
        assert_eq!(ark(0, 40), format!("saving   {}   0/40 backed-up keys", "░".repeat(20)));
        let half = format!("{}{}", "█".repeat(10), "░".repeat(10));
        assert_eq!(
            ark(20, 40),
            format!("saving   {half}   20/40 backed-up keys   2/s   about 10 s left")
        );
        for claimed in [0, 39] {
            assert_eq!(ark(40, claimed), "saving   40 backed-up keys   4/s", "{claimed}");
        }
    }

    #[test]
    fn every_count_is_of_its_own_things() {
        let ark = ArkProgress::default();
        ark.expect(7);
        ark.add(3);
        assert_eq!((ark.counts(), ArkProgress::THINGS), ([3, 7], "backed-up keys"));
        let upload = UploadProgress::default();
        assert_eq!((upload.counts(), UploadProgress::THINGS), ([0, 0], "room keys"));
        let download = DownloadProgress::default();
        assert_eq!(
            (download.counts(), DownloadProgress::THINGS),
            ([0, 0], "backed-up keys")
        );
        let mining = MiningProgress::default();
        assert_eq!(
            (mining.counts(), MiningProgress::THINGS),
            ([0, 0], "keys read or added")
        );
    }
}
