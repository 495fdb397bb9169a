//! What a session is there for: its name in the account, and the words when it is left.

/// What a session is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Looking; nothing is changed.
    Check,
    /// Checking before a reset, and asking for it with the same session.
    Reset,
    /// Bringing room keys into the backup.
    Rescue,
    /// Writing room keys into a file; nothing is changed.
    Export,
    /// Mending what a plan names.
    Repair,
    /// Comparing emoji with another session.
    Verify,
    /// A conversation from the check to the reset.
    Guide,
}

impl Errand {
    /// What a session that removes itself is called in the account's list of sessions.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Check | Self::Reset => "Lifeboat check (removes itself)",
            Self::Rescue => "Lifeboat rescue (removes itself)",
            Self::Export => "Lifeboat export (removes itself)",
            Self::Repair => "Lifeboat repair (removes itself)",
            Self::Verify => "Lifeboat verify (removes itself)",
            Self::Guide => "Lifeboat guide (removes itself)",
        }
    }

    /// Tells whether secrets that other sessions hand over are read from the session.
    pub(super) const fn takes_secrets(self) -> bool {
        matches!(self, Self::Repair | Self::Verify | Self::Guide)
    }

    /// Tells whether Lifeboat gives this name to sessions that remove themselves.
    pub(crate) fn removes_itself(name: &str) -> bool {
        name.starts_with("Lifeboat ") && name.ends_with(" (removes itself)")
    }

    /// The word for what is done.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Check | Self::Reset => "check",
            Self::Rescue => "rescue",
            Self::Export => "export",
            Self::Repair => "repair",
            Self::Verify => "verification",
            Self::Guide => "conversation",
        }
    }

    /// Says what is changed when the user stops and the session stays.
    pub(super) const fn after_stop(self) -> &'static str {
        match self {
            Self::Check | Self::Reset | Self::Export => "nothing was changed",
            _ => self.after_leaving(),
        }
    }

    /// Says what is changed when the user stops and the session is removed.
    pub(super) const fn after_leaving(self) -> &'static str {
        match self {
            Self::Check | Self::Reset | Self::Export => "nothing else was changed",
            Self::Rescue => "what was uploaded until then is in the key backup",
            Self::Repair | Self::Guide => "each step that was reported as done stays done",
            Self::Verify => "without your word that the emoji match nothing counts",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_that_remove_themselves_are_known_by_their_names() {
        let all = [
            Errand::Check,
            Errand::Reset,
            Errand::Rescue,
            Errand::Export,
            Errand::Repair,
            Errand::Verify,
            Errand::Guide,
        ];
        assert!(all.iter().all(|it| Errand::removes_itself(it.name())));
        for name in ["Lifeboat", "Lifeboat of Mira", "Element (removes itself)", ""] {
            assert!(!Errand::removes_itself(name), "{name}");
        }
    }
}
