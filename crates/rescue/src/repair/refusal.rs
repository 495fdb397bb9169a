//! Why something that was asked for is not planned.

/// Why something that was asked for is not planned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No session has this id.
    #[error("This account has no session {0}.")]
    NoSuchSession(String),
    /// It is the one that repairs.
    #[error("{0} is the session that Lifeboat works with.")]
    ThisSession(String),
    /// Its keys are not its own, or there are none: there is nothing to vouch for.
    #[error("{0} has no keys that could be signed.")]
    NothingToSign(String),
    /// It may hold keys that nobody else has.
    #[error(
        "{0} may hold the only keys of messages that the key backup does not cover: it is not signed out. Run lifeboat \
         rescue first."
    )]
    HoldsKeysAtRisk(String),
    /// Which messages the backup covers is not known.
    #[error(
        "It is not known which messages the key backup covers, so {0}, which may hold their keys, is not signed out."
    )]
    CoverageUnknown(String),
    /// Nothing would be left that opens the account's secrets.
    #[error(
        "{0} is the last session that holds the secrets of this account, and no recovery key was shown to open them: it \
         is not signed out."
    )]
    LastWithSecrets(String),
    /// A less destructive way exists.
    #[error("The identity is not reset: {0}")]
    IdentityReachable(&'static str),
    /// What was typed opens everything already.
    #[error("The recovery key is not replaced: what you gave opens everything.")]
    KeyNotLost,
    /// No session can hand the secrets over.
    #[error(
        "No verified session is left that could hand over the secrets of this account, so a new recovery key cannot be \
         made for it."
    )]
    NobodyHoldsSecrets,
    /// The identity's key for sessions is not at hand.
    #[error("Signing a session needs the recovery key of this account.")]
    NeedsRecoveryKey,
}
