//! `lifeboat` in tmux, as somebody has it who comes over ssh: a shell in a small window.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::terminal::{waits, words};
use super::{Lifeboat, Outcome, PROGRAM_VARIABLE};
use crate::wait::until;

/// Its socket, in the home folder of the window.
const SOCKET: &str = "tmux.socket";

/// A tmux server of its own with one window of 60 columns and 24 lines; it ends with this value.
#[derive(Debug)]
pub struct Tmux {
    /// How the server was started. Its home is that of the window, and is removed after the server has ended.
    started: Outcome,
}

impl Tmux {
    /// Opens the window with a shell whose `LANG` is `language`, and in which `"$LIFEBOAT_BIN"` is the program.
    pub async fn open(language: &str) -> Result<Self> {
        let program = std::env::var_os(PROGRAM_VARIABLE).context("no lifeboat to test")?;
        let window = ["new-session", "-d", "-x", "60", "-y", "24", "/bin/sh"];
        let tmux = Lifeboat::of(Path::new("tmux"), ["-u", "-f", "/dev/null", "-S", SOCKET])?.args(window);
        let tmux = tmux.env("LANG", language).env(PROGRAM_VARIABLE, program);
        let started = tmux.run().await?;
        ensure!(started.code()? == 0, "{started}");
        Ok(Self { started })
    }

    /// What stands in the window now, and what has scrolled away; a line that was too long for it in one piece.
    pub fn screen(&self) -> Result<String> {
        self.asks(&["capture-pane", "-p", "-J", "-S", "-"])
    }

    /// Whether the window shows where the next letter goes.
    pub fn shows_cursor(&self) -> Result<bool> {
        Ok(self.asks(&["display-message", "-p", "#{cursor_flag}"])?.trim() == "1")
    }

    /// Types a text, whatever is in the window.
    pub fn types(&self, text: &str) -> Result<()> {
        self.asks(&["send-keys", "-l", "--", text]).map(drop)
    }

    /// Presses a key, by tmux's name for it.
    pub fn presses(&self, key: &str) -> Result<()> {
        self.asks(&["send-keys", key]).map(drop)
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
        self.presses("Enter")?;
        let taken = async || Ok((!waits(&self.screen()?, question)).then_some(()));
        let taken = until(&format!("the answer to “{question}” to be taken"), taken).await;
        taken.with_context(|| self.screen().unwrap_or_default())
    }

    /// Has the server do something, and returns what it prints.
    fn asks(&self, words: &[&str]) -> Result<String> {
        let mut tmux = Command::new("tmux");
        // Whatever the test's own language is, it reads UTF-8.
        tmux.args(["-u", "-S", SOCKET])
            .args(words)
            .current_dir(self.started.home());
        let output = tmux.output().context("tmux does not start")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "tmux {}: {said}", words.join(" "));
        String::from_utf8(output.stdout).context("tmux does not write UTF-8")
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        // Nothing can be done about a failure; whoever is still in the window hears that it is closed.
        let _ = self.asks(&["kill-server"]);
    }
}
