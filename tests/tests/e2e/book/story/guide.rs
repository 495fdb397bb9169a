//! The conversation with the guide.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{lifeboat::terminal::TerminalSpec, session::Session};

use super::{NEW, NEXT, Story, shown};
use crate::guide::typed;

impl Story {
    /// Mira, whose account is whole again, changes her password once more.
    pub(super) async fn talk_with_the_guide(&mut self) -> Result<()> {
        let earlier = self.last.take().context("nothing was run before")?;
        let terminal = TerminalSpec::new("").env("NO_COLOR", "1").after(earlier).start()?;
        let key = self.recovery_key()?;
        for (question, answer) in [
            ("Your user id", self.account.user_id.as_str()),
            ("How do you sign in?", "1"),
            ("Password of", NEW),
            ("Recovery key", key),
            ("What now?", "1"),
            ("What shall become of your sessions?", "1"),
            ("Which way?", "old password"),
            ("Shall Lifeboat do this?", "yes"),
            ("The new password", NEXT),
            ("The new password once more", NEXT),
        ] {
            terminal.answers(question, &typed(answer)).await?;
        }
        let (outcome, screen) = terminal.ends_showing(0, &[NEW, NEXT, key]).await?;
        self.last = Some(outcome);
        ensure!(
            self.account.sessions.iter().all(Session::runs),
            "a session was signed out"
        );
        self.keep("guide", &shown("lifeboat", &without_gaps(&screen)))
    }
}

/// What moved on the screen leaves several empty lines behind.
fn without_gaps(screen: &str) -> String {
    let mut lines: Vec<&str> = screen.lines().map(str::trim_end).collect();
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n")
}
