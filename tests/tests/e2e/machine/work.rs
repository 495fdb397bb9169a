//! The table of the commands that speak to a server.

use lifeboat_tests::proxy::Exchange;
use matrix_sdk::reqwest::Method;

/// A command that speaks to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    Check,
    TryKey,
    ArkSave,
    ArkRestore,
    ExportKeys,
    Rescue,
    Repair,
    Verify,
    Prove,
    Reset,
    Resume,
    Leave,
    DeskCheck,
    DeskAudit,
    DeskReset,
}

impl Work {
    /// In an order in which each leaves an account for the next; [`Self::Leave`] belongs to the session of a verification,
    /// [`Self::Resume`] to a reset that was stopped, and after a reset the password is another. After
    /// [`Self::DeskReset`] nobody but the file that it writes knows it.
    pub(super) const ALL: [Self; 12] = [
        Self::Check,
        Self::ArkSave,
        Self::ExportKeys,
        Self::Rescue,
        Self::Repair,
        Self::ArkRestore,
        Self::TryKey,
        Self::Prove,
        Self::DeskCheck,
        Self::DeskAudit,
        Self::Verify,
        Self::Reset,
    ];

    /// What it is called on the command line.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Check => &["check"],
            Self::TryKey => &["try-key"],
            Self::ArkSave => &["ark", "save"],
            Self::ArkRestore => &["ark", "restore"],
            Self::ExportKeys => &["export-keys"],
            Self::Rescue => &["rescue"],
            Self::Repair => &["repair"],
            Self::Verify => &["verify"],
            Self::Prove => &["prove"],
            Self::Reset => &["reset"],
            Self::Resume => &["resume"],
            Self::Leave => &["leave"],
            Self::DeskCheck => &["desk", "check"],
            Self::DeskAudit => &["desk", "audit"],
            Self::DeskReset => &["desk", "reset"],
        }
    }

    /// The request in the middle of what it does.
    pub(super) fn is_in_the_middle(self, it: &Exchange) -> bool {
        match self {
            Self::Check | Self::Prove => it.is(&Method::GET, "/messages"),
            Self::TryKey => it.is(&Method::GET, "/room_keys/version"),
            Self::ArkSave => it.is(&Method::GET, "/room_keys/keys"),
            Self::ExportKeys => it.method == Method::GET && it.path.contains("/room_keys/keys"),
            Self::Repair => it.method == Method::PUT && it.path.contains("/room_keys/version/"),
            Self::ArkRestore => it.method == Method::PUT && it.path.contains("/account_data/"),
            Self::Rescue | Self::Verify | Self::Resume => it.is(&Method::POST, "/keys/signatures/upload"),
            Self::Reset => it.is(&Method::POST, "/account/password"),
            Self::Leave => it.is(&Method::POST, "/logout"),
            Self::DeskCheck => it.is(&Method::POST, "/keys/query"),
            Self::DeskAudit => it.is(&Method::GET, "/devices"),
            Self::DeskReset => it.method == Method::POST && it.path.contains("/reset_password/"),
        }
    }

    /// Tells whether it writes a file that is named by whoever calls it.
    pub(super) fn has_output(self) -> bool {
        matches!(
            self,
            Self::Check
                | Self::ArkSave
                | Self::ExportKeys
                | Self::Rescue
                | Self::DeskCheck
                | Self::DeskAudit
                | Self::DeskReset
        )
    }

    /// Tells whether it keeps something in the user's folders that it cannot do without.
    pub(super) fn needs_state(self) -> bool {
        match self {
            Self::Check
            | Self::TryKey
            | Self::ArkSave
            | Self::ExportKeys
            | Self::Prove
            | Self::DeskCheck
            | Self::DeskAudit => false,
            Self::ArkRestore
            | Self::Rescue
            | Self::Repair
            | Self::Verify
            | Self::Reset
            | Self::Resume
            | Self::Leave
            | Self::DeskReset => true,
        }
    }

    /// Tells whether it writes anything at all on this machine.
    pub(super) fn writes(self) -> bool {
        self.has_output() || self.needs_state()
    }

    /// The exit status of whoever is not disturbed.
    pub(super) fn well(self) -> i32 {
        match self {
            // From outside nobody sees whether messages are safe.
            Self::DeskCheck => 11,
            _ => 0,
        }
    }
}
