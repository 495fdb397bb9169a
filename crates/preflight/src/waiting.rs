//! Whether somebody waits because a server asked for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use tokio::time::sleep;

/// Tells from anywhere whether requests wait because the server asked for it; copies tell of the same requests.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<AtomicU32>);

impl Waiting {
    /// Tells whether a request waits now.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Waits as long as the server asked for.
    pub(crate) async fn out(&self, wait: Duration) {
        let _counted = Counted::begin(&self.0);
        sleep(wait).await;
    }
}

/// One that waits, until this is dropped.
struct Counted<'a>(&'a AtomicU32);

impl<'a> Counted<'a> {
    fn begin(all: &'a AtomicU32) -> Self {
        all.fetch_add(1, Ordering::Relaxed);
        Self(all)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use tokio::{join, time::timeout};

    use super::*;

    #[tokio::test]
    async fn it_is_on_as_long_as_somebody_waits() {
        let waiting = Waiting::default();
        let watch = waiting.clone();
        assert!(!watch.is_on());
        let short = waiting.out(Duration::from_millis(50));
        let ((), on) = join!(short, async { watch.is_on() });
        assert!(on && !watch.is_on());
        let cut = timeout(Duration::from_millis(1), waiting.out(Duration::from_secs(60))).await;
        assert!(cut.is_err() && !watch.is_on());
    }
}
