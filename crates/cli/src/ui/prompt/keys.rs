//! Keys that are pressed while something else is waited for.

use std::{
    fs::File,
    io::{self, ErrorKind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use lifeboat_reset::Wishes;

use super::TERMINAL;

/// Listens for keys while something else is waited for; ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Keys {
    listening: tokio::task::JoinHandle<()>,
}

/// Between two looks at the terminal.
const LOOK: Duration = Duration::from_millis(200);

impl Keys {
    /// Takes `r` and Enter for the wish to have another mail, unless a question is being answered.
    pub(crate) fn listen(wishes: Wishes, asking: Arc<AtomicBool>) -> Self {
        let listening = tokio::spawn(async move {
            let Some(terminal) = without_waiting() else { return };
            let mut terminal = terminal;
            let mut typed = [0; 64];
            loop {
                tokio::time::sleep(LOOK).await;
                if asking.load(Ordering::SeqCst) {
                    continue;
                }
                match io::Read::read(&mut terminal, &mut typed) {
                    Ok(0) => return,
                    Ok(length) if typed[..length].iter().any(|it| it.eq_ignore_ascii_case(&b'r')) => {
                        wishes.another_mail()
                    }
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                    Err(_) => return,
                }
            }
        });
        Self { listening }
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Opens the terminal so that reading never waits. Only Unix can.
#[cfg(unix)]
fn without_waiting() -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).ok()?;
    File::options().read(true).custom_flags(nonblocking).open(TERMINAL).ok()
}

/// Opens the terminal so that reading never waits. Only Unix can.
#[cfg(not(unix))]
fn without_waiting() -> Option<File> {
    None
}
