//! The terminal's settings, kept safe over a question.

use std::{
    fs::File,
    io::{self, Write},
};

use super::{OUTPUT, TERMINAL};

/// How the terminal was set before a question, to be restored when the question is abandoned by a signal.
#[derive(Debug)]
pub(crate) struct TerminalMode {
    #[cfg(unix)]
    before: Option<(File, rustix::termios::Termios)>,
}

impl TerminalMode {
    /// Remembers the present settings.
    pub(crate) fn remember() -> Self {
        Self {
            #[cfg(unix)]
            before: File::open(TERMINAL)
                .ok()
                .and_then(|it| rustix::termios::tcgetattr(&it).ok().map(|mode| (it, mode))),
        }
    }

    /// Restores them, shows the cursor, and ends the line of the question.
    pub(crate) fn restore(&self) {
        let show_cursor = || -> io::Result<()> {
            let mut terminal = File::options().write(true).open(OUTPUT)?;
            terminal.write_all(b"\x1b[?25h\r\n")
        };
        // Without its terminal there is nothing to restore.
        let _ = show_cursor();
        #[cfg(unix)]
        if let Some((terminal, mode)) = &self.before {
            let _ = rustix::termios::tcsetattr(terminal, rustix::termios::OptionalActions::Now, mode);
        }
    }
}
