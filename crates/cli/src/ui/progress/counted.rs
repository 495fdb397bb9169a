//! Work whose pieces are counted, in a line.

use std::time::Duration;

use lifeboat_preflight::ark::ArkProgress;
use lifeboat_report::grouped;
use lifeboat_rescue::UploadProgress;

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

/// Says how many of all things are done; who says how many there are may not know it, or lie.
pub(super) fn counted(columns: usize, doing: &str, things: &str, [done, all]: [u64; 2], passed: Duration) -> String {
    let rate = rate(done, passed);
    match (done, all) {
        (0, 0) => doing.to_owned(),
        _ if all < done => {
            let count = format!("{} {things}", grouped(done));
            fitted(columns, [doing, "", "", &count, &rate, "", ""])
        }
        _ => {
            let count = format!("{}/{} {things}", grouped(done), grouped(all));
            let left = time_left(done, all, passed);
            fitted(columns, [doing, &bar(done, all), "", &count, &rate, &left, ""])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_a_rest_only_where_somebody_knows_it() {
        let ark = |done, all| counted(100, "saving", "backed-up keys", [done, all], Duration::from_secs(10));
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
    }
}
