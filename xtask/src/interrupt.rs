//! Ctrl-C and SIGTERM as a question instead of an end, so that what was started can be taken down first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Remembers that the user or the system asked this program to stop.
#[derive(Clone)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on. The second signal ends the program the ordinary way, for whoever cannot wait.
    pub(crate) fn listen() -> Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            // The order matters: the default action is armed by the flag that the second registration sets.
            flag::register_conditional_default(signal, Arc::clone(&asked))?;
            flag::register(signal, Arc::clone(&asked))?;
        }
        Ok(Self(asked))
    }

    /// Listens to nobody, for tests.
    #[cfg(test)]
    pub(crate) fn never() -> Self {
        Self(Arc::default())
    }

    /// Behaves as if a signal had come, for tests.
    #[cfg(test)]
    pub(crate) fn pretend(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once the program was asked to stop.
    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Fails once the program was asked to stop.
    pub(crate) fn check(&self) -> Result<()> {
        anyhow::ensure!(!self.asked(), "interrupted");
        Ok(())
    }
}
