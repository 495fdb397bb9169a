//! `lifeboat` in tmux or screen, as somebody has it who comes over ssh: a shell in a small window.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::terminal::{waits, words};
use super::{Lifeboat, Outcome, PROGRAM_VARIABLE};
use crate::wait::until;

/// The socket of tmux, in the home folder of the window.
const SOCKET: &str = "tmux.socket";
/// The name of screen's window; its socket is called like that.
const NAME: &str = "window";
/// The folder of screen's socket, in the home folder as well; nobody else may enter it.
const SOCKETS: &str = "sockets";
/// What screen writes what it shows into.
const COPY: &str = "copy.txt";

/// What keeps the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// tmux.
    Tmux,
    /// GNU screen. Its copies of a window are of ASCII: other letters are something else in them.
    Screen,
}

/// A server of its own with one window of 60 columns and 24 lines; it ends with this value.
#[derive(Debug)]
pub struct Window {
    keeper: Keeper,
    /// How the server was started. Its home is that of the window, and is removed after the server has ended.
    started: Outcome,
}

impl Window {
    /// Opens the window with a shell whose `LANG` is `language`, and in which `"$LIFEBOAT_BIN"` is the program.
    pub async fn open(keeper: Keeper, language: &str) -> Result<Self> {
        let program = std::env::var_os(PROGRAM_VARIABLE).context("no lifeboat to test")?;
        let begun = match keeper {
            Keeper::Tmux => {
                let window = ["new-session", "-d", "-x", "60", "-y", "24", "/bin/sh"];
                Lifeboat::of(Path::new("tmux"), ["-u", "-f", "/dev/null", "-S", SOCKET])?.args(window)
            }
            Keeper::Screen => {
                let window = ["-h", "2000", "-dmS", NAME, "/bin/sh"];
                let begun = Lifeboat::of(Path::new("screen"), ["-U", "-c", "/dev/null"])?.args(window);
                let sockets = begun.home().join(SOCKETS);
                fs::create_dir(&sockets)?;
                fs::set_permissions(&sockets, Permissions::from_mode(0o700))?;
                begun.env("SCREENDIR", SOCKETS)
            }
        };
        let begun = begun.env("LANG", language).env(PROGRAM_VARIABLE, program);
        let started = begun.run().await?;
        ensure!(started.code()? == 0, "{started}");
        let window = Self { keeper, started };
        if keeper == Keeper::Screen {
            // Nobody is attached, and its own command for this wants a display.
            window.types("stty cols 60")?;
            window.enter()?;
        }
        Ok(window)
    }

    /// What stands in the window now, and what has scrolled away; in tmux a line that was too long for it in one piece.
    pub fn screen(&self) -> Result<String> {
        match self.keeper {
            Keeper::Tmux => self.asks(&["capture-pane", "-p", "-J", "-S", "-"]),
            Keeper::Screen => {
                self.asks(&["-X", "hardcopy", "-h", COPY])?;
                // It does one thing after the other: when this is answered, the file is whole.
                self.asks(&["-Q", "info"])?;
                let copy = fs::read(self.started.home().join(COPY)).context("screen has written nothing")?;
                Ok(String::from_utf8_lossy(&copy).into_owned())
            }
        }
    }

    /// Whether the window shows where the next letter goes; `None` where nobody says so.
    pub fn shows_cursor(&self) -> Result<Option<bool>> {
        match self.keeper {
            Keeper::Tmux => Ok(Some(
                self.asks(&["display-message", "-p", "#{cursor_flag}"])?.trim() == "1",
            )),
            Keeper::Screen => Ok(None),
        }
    }

    /// Types a text, whatever is in the window.
    pub fn types(&self, text: &str) -> Result<()> {
        match self.keeper {
            Keeper::Tmux => self.asks(&["send-keys", "-l", "--", text]).map(drop),
            Keeper::Screen => {
                // It has names for keys, and knows variables.
                let meant = text.replace('\\', r"\\").replace('^', r"\^").replace('$', r"\$");
                self.asks(&["-X", "stuff", &meant]).map(drop)
            }
        }
    }

    /// Presses the Enter key.
    pub fn enter(&self) -> Result<()> {
        let words: &[&str] = match self.keeper {
            Keeper::Tmux => &["send-keys", "Enter"],
            Keeper::Screen => &["-X", "stuff", "^M"],
        };
        self.asks(words).map(drop)
    }

    /// Waits until the window shows `text`; line breaks do not matter.
    pub async fn sees(&self, text: &str) -> Result<()> {
        let (what, wanted) = (format!("“{text}”"), words(text));
        let found = until(&what, async || {
            Ok(words(&self.screen()?).contains(&wanted).then_some(()))
        });
        found.await.with_context(|| self.screen().unwrap_or_default())
    }

    /// Waits until a question that begins with `question` waits for an answer, types it with Enter behind it, and waits
    /// until it is taken.
    pub async fn answers(&self, question: &str, answer: &str) -> Result<()> {
        let asked = async || Ok(waits(&self.screen()?, question).then_some(()));
        let waiting = until(question, asked).await;
        waiting.with_context(|| self.screen().unwrap_or_default())?;
        self.types(answer)?;
        self.enter()?;
        let taken = async || Ok((!waits(&self.screen()?, question)).then_some(()));
        let taken = until(&format!("the answer to “{question}” to be taken"), taken).await;
        taken.with_context(|| self.screen().unwrap_or_default())
    }

    /// Has the server do something, and returns what it prints.
    fn asks(&self, words: &[&str]) -> Result<String> {
        let mut asked = match self.keeper {
            Keeper::Tmux => {
                let mut tmux = Command::new("tmux");
                // Whatever the test's own language is, it reads UTF-8.
                tmux.args(["-u", "-S", SOCKET]);
                tmux
            }
            Keeper::Screen => {
                let mut screen = Command::new("screen");
                screen.env("SCREENDIR", SOCKETS).args(["-S", NAME, "-p", "0"]);
                screen
            }
        };
        asked.args(words).current_dir(self.started.home());
        let output = asked
            .output()
            .with_context(|| format!("{:?} does not start", self.keeper))?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "{:?}, {}: {said}",
            self.keeper,
            words.join(" ")
        );
        String::from_utf8(output.stdout).with_context(|| format!("{:?} does not write UTF-8", self.keeper))
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let end: &[&str] = match self.keeper {
            Keeper::Tmux => &["kill-server"],
            Keeper::Screen => &["-X", "quit"],
        };
        // Nothing can be done about a failure; whoever is still in the window hears that it is closed.
        let _ = self.asks(end);
    }
}
