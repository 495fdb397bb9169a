//! What came of a request to change the password.

use std::time::Duration;

use lifeboat_preflight::words_without;
use secrecy::SecretString;

/// What is known about the password after it was to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The new password is set.
    Changed,
    /// Nothing is changed: the server does not see the address as confirmed. Servers say the same of a proof that was
    /// used before, so after a [`Answer::Dark`] only a sign-in tells.
    NotConfirmed,
    /// Nothing is changed.
    Refused(Refusal),
    /// The request was, or may have been, sent, and no answer came that says what became of it: nobody knows whether
    /// the password changed.
    Dark(DarkCause),
}

impl Answer {
    /// Takes secrets out of the server's words.
    pub(crate) fn without<'a>(self, secrets: impl IntoIterator<Item = &'a SecretString>) -> Self {
        secrets.into_iter().fold(self, |answer, secret| match answer {
            Self::Refused(Refusal::Other { words }) => Self::Refused(Refusal::Other {
                words: words_without(&words, secret),
            }),
            Self::Refused(Refusal::Policy { errcode, words }) => Self::Refused(Refusal::Policy {
                errcode,
                words: words_without(&words, secret),
            }),
            other => other,
        })
    }
}

/// Why nobody knows whether the password changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DarkCause {
    /// The server took too long.
    #[error("the server did not answer in time.")]
    TimedOut,
    /// The connection ended before the whole answer was there.
    #[error("the connection was cut before the answer came.")]
    CutOff,
    /// The server failed while it worked.
    #[error("the server failed (status {status}).")]
    ServerFailed {
        /// The HTTP status, 500 or more.
        status: u16,
    },
    /// Something answered, but not as a homeserver does: no JSON object, or a redirect.
    #[error("the server's answer could not be understood.")]
    Unreadable,
}

/// Why a server does not do what it was asked for. Nothing about the password is changed by the request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The old password is another one.
    #[error("the server does not accept the old password.")]
    WrongOldPassword,
    /// The account has no password: somebody else signs the person in.
    #[error("this account has no password on this server: whoever signs you in keeps it.")]
    NoPassword,
    /// The new password does not satisfy the server. A confirmed address stays confirmed.
    #[error("the server does not accept the new password: {words} ({errcode}).")]
    Policy {
        /// For example `M_PASSWORD_TOO_SHORT`.
        errcode: String,
        /// The server's words.
        words: String,
    },
    /// The confirmation of the address is used up or too old.
    #[error("the confirmation of the e-mail address is used up or too old.")]
    ProofSpent,
    /// No account of this server has the address.
    #[error("the server knows no account with this e-mail address.")]
    AddressUnknown,
    /// The address was confirmed, but belongs to no account any more.
    #[error("this e-mail address was removed from the account.")]
    AddressRemoved,
    /// The code that was to confirm the address is not the one in the mail.
    #[error("this is not the code from the mail, or the code is too old.")]
    WrongCode,
    /// Too many requests.
    #[error("the server takes no more such requests from here for now.")]
    RateLimited {
        /// How long to wait, where the server says it.
        wait: Option<Duration>,
    },
    /// The server does not change passwords this way.
    #[error("this server does not offer changing the password this way.")]
    NotOffered,
    /// The account was closed.
    #[error("this account is deactivated.")]
    Deactivated,
    /// The account that asks was suspended by an administrator.
    #[error("this account is suspended.")]
    Suspended,
    /// The server ended the session that asked.
    #[error("the session was ended by the server or by another session.")]
    SessionEnded,
    /// The asking account is no administrator of this server.
    #[error("this account is no administrator of the server.")]
    NotAdmin,
    /// There is no such account on this server.
    #[error("this server has no such account.")]
    NoSuchUser,
    /// No connection came about, so nothing was sent.
    #[error("the server could not be reached.")]
    Unreachable,
    /// Anything else.
    #[error("the server refused: {words}.")]
    Other {
        /// The server's words, without a full stop at their end.
        words: String,
    },
}
