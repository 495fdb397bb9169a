//! Ctrl-C and its relatives: stop, but clean up first.

use std::{future::Future, pin::pin};

use futures_util::future::{self, Either};

use crate::failure::Failure;

/// Listens for the user's wish to stop: Ctrl-C, SIGTERM, or the terminal's end.
///
/// From its creation on these signals no longer end the process by themselves.
#[derive(Debug)]
pub(crate) struct Stops {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Stops {
    /// Begins to listen. Needs a running tokio runtime.
    #[cfg(unix)]
    pub(crate) fn listen() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|error| deaf(&error));
        let signals = [
            listen(SignalKind::interrupt())?,
            listen(SignalKind::terminate())?,
            listen(SignalKind::hangup())?,
        ];
        Ok(Self { signals })
    }

    /// Begins to listen. Needs a running tokio runtime.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> Result<Self, Failure> {
        Ok(Self {})
    }

    /// Waits for the next such wish.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => (),
            _ = terminate.recv() => (),
            _ = hangup.recv() => (),
        }
    }

    /// Waits for the next such wish.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            future::pending::<()>().await;
        }
    }

    /// Does `work` unless the user stops it first; then it is dropped where it is.
    pub(crate) async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Stopped> {
        match future::select(pin!(work), pin!(self.next())).await {
            Either::Left((done, _)) => Ok(done),
            Either::Right(((), _)) => Err(Stopped),
        }
    }

    /// Does the same, but asks `end_softly` at the first wish: where that says to go on, only a second wish drops the
    /// work.
    pub(crate) async fn unless_stopped_for_good<T>(
        &mut self,
        work: impl Future<Output = T>,
        end_softly: impl FnOnce() -> Wish,
    ) -> Result<T, Stopped> {
        let mut work = pin!(work);
        match self.unless_stopped(work.as_mut()).await {
            Err(Stopped) if end_softly() == Wish::GoOn => self.unless_stopped(work).await,
            ended => ended,
        }
    }

    /// Does `work` to its end, and tells whether the user wished to stop meanwhile; `told` is called at that moment.
    /// A second wish drops the work.
    pub(crate) async fn finishing<T>(
        &mut self,
        work: impl Future<Output = T>,
        told: impl FnOnce(),
    ) -> Result<(T, Wish), Stopped> {
        let mut work = pin!(work);
        match future::select(work.as_mut(), pin!(self.next())).await {
            Either::Left((done, _)) => return Ok((done, Wish::GoOn)),
            Either::Right(((), _)) => told(),
        }
        self.unless_stopped(work).await.map(|done| (done, Wish::Stop))
    }
}

/// The user stopped the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

/// What the user wished while something had to be brought to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Nothing.
    GoOn,
    /// To stop.
    Stop,
}

#[cfg(unix)]
fn deaf(error: &std::io::Error) -> Failure {
    Failure::failed(
        format!("Lifeboat cannot listen for Ctrl-C: {error}."),
        "Free some memory and try again.",
    )
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::pending};

    use super::*;

    fn raise(signal: &str) {
        let own = std::process::id().to_string();
        let kill = format!("kill {signal} {own}");
        assert!(
            std::process::Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
    }

    /// One test, because signals reach the whole process.
    #[tokio::test]
    async fn stops_are_heard() {
        let mut stops = Stops::listen().unwrap();
        assert_eq!(stops.unless_stopped(async { 7 }).await, Ok(7));

        for signal in ["-INT", "-TERM", "-HUP"] {
            raise(signal);
            assert_eq!(stops.unless_stopped(pending::<()>()).await, Err(Stopped), "{signal}");
        }

        let told = Cell::new(0);
        assert_eq!(stops.finishing(async { 7 }, || told.set(1)).await, Ok((7, Wish::GoOn)));
        assert_eq!(told.get(), 0);

        raise("-INT");
        // Ready only after the wish was heard.
        let work = future::poll_fn(|_| {
            if told.get() == 1 {
                std::task::Poll::Ready(7)
            } else {
                std::task::Poll::Pending
            }
        });
        assert_eq!(stops.finishing(work, || told.set(1)).await, Ok((7, Wish::Stop)));

        raise("-INT");
        let told_at = Cell::new(0);
        let mut second = false;
        let work = future::poll_fn(|context| {
            if told_at.get() == 1 && !second {
                second = true;
                raise("-TERM");
                context.waker().wake_by_ref();
            }
            std::task::Poll::<()>::Pending
        });
        assert_eq!(stops.finishing(work, || told_at.set(1)).await, Err(Stopped));
    }
}
