//! What the exit status of every command means.

use std::process::ExitCode;

use lifeboat_report::Verdict;

/// The exit statuses, a promise to scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The verdict is clear, or the command did what it was asked.
    Done,
    /// The command failed, and nothing was changed.
    Failed,
    /// The command line asks for something that cannot be done.
    Usage,
    /// The verdict is blocked.
    Blocked,
    /// The verdict is caution.
    Caution,
    /// The password was changed, but the new sign-in failed.
    Stranded,
    /// Signed in again, but not everything was restored.
    Incomplete,
    /// The user stopped it; nothing is half done.
    Interrupted,
}

impl Exit {
    /// Every status, in the order of their numbers.
    pub(crate) const ALL: [Self; 8] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::Blocked,
        Self::Caution,
        Self::Stranded,
        Self::Incomplete,
        Self::Interrupted,
    ];

    /// Returns the number the process ends with.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Blocked => 10,
            Self::Caution => 11,
            Self::Stranded => 20,
            Self::Incomplete => 21,
            Self::Interrupted => 130,
        }
    }

    /// Says in a few words what it means.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "clear, or done",
            Self::Failed => "failed; nothing was changed",
            Self::Usage => "the command line cannot be understood or carried out",
            Self::Blocked => "blocked: a reset would cost messages, or nobody can tell",
            Self::Caution => "caution: something is not as it should be",
            Self::Stranded => "the password was changed, but signing in again failed",
            Self::Incomplete => "signed in again, but not everything was restored",
            Self::Interrupted => "stopped by you; nothing is half done",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Clear => Self::Done,
            Verdict::Caution => Self::Caution,
            Verdict::Blocked => Self::Blocked,
        }
    }
}

/// Lists `statuses` for the end of a help text.
pub(crate) fn help(statuses: &[Exit]) -> String {
    let lines = statuses
        .iter()
        .map(|it| format!("  {:>3}  {}\n", it.number(), it.meaning()));
    format!("Exit status:\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_every_status_and_no_other() {
        let pages = [
            include_str!("../../../README.md"),
            include_str!("../../../docs/exit-statuses.md"),
        ];
        for page in pages {
            let numbers = page.lines().filter_map(|it| it.strip_prefix("| ")?.split(' ').next());
            let told: Vec<u8> = numbers.filter_map(|it| it.parse().ok()).collect();
            assert_eq!(told, Exit::ALL.map(Exit::number));
        }
    }
}
