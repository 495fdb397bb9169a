//! What to do about the errors of the libraries: their words, and a hint for each.

use std::time::Duration;

use lifeboat_preflight::{CertificateProblem, CheckError, DiscoverError, End, ProxyProblem, SignInError};
use lifeboat_reset::JournalError;

use super::Failure;
use crate::{alike, ui::clean::clean};

const GIVE_HOMESERVER: &str =
    "Check the spelling; if the server’s address differs from your user id, give it with --homeserver.";
const UNLOCK: &str = "Ask the administrators of your server to unlock it.";
pub(crate) const SUSPENDED: &str =
    "Ask the administrators of your server why; until they lift it you can read, and change nothing.";
const NOT_AGAIN: &str = "A deactivated account cannot be opened again, and its password cannot be reset.";
pub(super) const TRY_LATER: &str = "Check your connection and try again in a while.";

impl From<DiscoverError> for Failure {
    fn from(error: DiscoverError) -> Self {
        let hint = match &error {
            DiscoverError::NoSuchServer { host } => match alike::server(host) {
                Some(meant) => format!("Did you mean {meant}? {GIVE_HOMESERVER}"),
                None => GIVE_HOMESERVER.to_owned(),
            },
            DiscoverError::NotMatrix { .. } => GIVE_HOMESERVER.to_owned(),
            DiscoverError::Unreachable { .. } => {
                "Check your connection and the address; if the server is elsewhere, give it with --homeserver."
                    .to_owned()
            }
            DiscoverError::TimedOut { .. } => TRY_LATER.to_owned(),
            DiscoverError::Certificate { problem, .. } => match problem {
                CertificateProblem::Expired => {
                    "Check this machine’s clock. If it is right, tell the server’s administrators, and do not type \
                     your password there before they have renewed the certificate."
                }
                CertificateProblem::NotTrusted | CertificateProblem::WrongName | CertificateProblem::Other(_) => {
                    "Somebody could be listening in. Do not type your password there; ask the server’s administrators."
                }
            }
            .to_owned(),
            DiscoverError::BadWellKnown { .. } => {
                "Give the server’s address with --homeserver, and tell its administrators about that file.".to_owned()
            }
            DiscoverError::BadUrl { .. } => "An address looks like https://matrix.example.org.".to_owned(),
            DiscoverError::InsecureHttp { .. } => {
                "Give an https:// address, or allow this one with --allow-insecure-http.".to_owned()
            }
            DiscoverError::BadProxy { problem } => match problem {
                ProxyProblem::NoAddress => "An address looks like http://proxy.example.org:3128.",
                ProxyProblem::HoldsSecret => {
                    "Give it without them. A proxy that asks for a password can be named in HTTPS_PROXY."
                }
            }
            .to_owned(),
            DiscoverError::BadAuthorities { .. } => {
                "Give a file with certificates between BEGIN CERTIFICATE and END CERTIFICATE lines.".to_owned()
            }
            DiscoverError::NoTls { .. } => "Install the system’s certificate authorities (ca-certificates).".to_owned(),
        };
        match &error {
            // What was typed is wrong, whatever any server says.
            DiscoverError::BadUrl { .. }
            | DiscoverError::InsecureHttp { .. }
            | DiscoverError::BadProxy { .. }
            | DiscoverError::BadAuthorities { .. } => Self::usage(sentence(&error), hint),
            _ => Self::failed(sentence(&error), hint),
        }
    }
}

impl From<SignInError> for Failure {
    fn from(error: SignInError) -> Self {
        let hint = match &error {
            SignInError::WrongPassword { .. } => {
                "Type it again, or check it where it still works. A forgotten password is no obstacle to looking: give \
                 an access token with --access-token-file (Element shows one in Settings → Help & About)."
                    .to_owned()
            }
            SignInError::Deactivated => NOT_AGAIN.to_owned(),
            SignInError::Locked => UNLOCK.to_owned(),
            SignInError::Suspended => SUSPENDED.to_owned(),
            SignInError::RateLimited { wait: Some(wait) } => format!("Try again in {}.", in_words(*wait)),
            SignInError::RateLimited { wait: None } => {
                "Try again in a minute, and after that in ten; each try before may prolong the wait.".to_owned()
            }
            SignInError::MethodNotOffered { offered, .. } => another_method(offered),
            SignInError::TokenUnknown => {
                "It may have ended. Copy a fresh one from a session that is signed in (Element shows it in Settings → \
                 Help & About)."
                    .to_owned()
            }
            SignInError::TokenOfAnotherUser { .. } => {
                "Give the user id that the token belongs to, or the right token.".to_owned()
            }
            SignInError::AnotherUser { .. } => {
                "Sign out in the browser first, then sign in there with the right account.".to_owned()
            }
            SignInError::NoSuchProvider { offered, .. } if offered.is_empty() => {
                "Leave out --identity-provider: this server knows nobody by name.".to_owned()
            }
            SignInError::NoSuchProvider { offered, .. } => {
                let offered: Vec<_> = offered.iter().map(|it| clean(it, 60)).collect();
                format!("Give one of these with --identity-provider: {}.", offered.join(", "))
            }
            SignInError::BadMetadata(_) => {
                "Do not sign in there; tell the server’s administrators. An access token still works, with \
                 --access-token-file."
                    .to_owned()
            }
            SignInError::OAuthRefused { .. } => {
                "Try again, or another way with --auth; if it stays like this, show these words to the server’s \
                 administrators."
                    .to_owned()
            }
            SignInError::OAuthUnreachable(_) => TRY_LATER.to_owned(),
            SignInError::Declined => {
                "Nothing was changed. Run the command again, and allow it in the browser.".to_owned()
            }
            SignInError::RanOut => "Run the command again, and sign in while the address is good.".to_owned(),
            SignInError::Stopped => "Run the same command to begin again.".to_owned(),
            SignInError::SsoFailed(_) => "Run the command again and open the address within ten minutes.".to_owned(),
            SignInError::Refused { .. } => {
                "Try again; if it stays like this, show these words to the server’s administrators.".to_owned()
            }
            SignInError::Network(_) => TRY_LATER.to_owned(),
            SignInError::TemporaryStore(_) => "Make space for temporary files, and run the command again.".to_owned(),
            SignInError::NotOpened => "Sign the session “Lifeboat” out in your app and remove its folder.".to_owned(),
            SignInError::Store(_) => {
                "If the disk is full, make space and run the command again. If not, run it without --keep-session."
                    .to_owned()
            }
        };
        Self::failed(sentence(&error), hint)
    }
}

impl From<CheckError> for Failure {
    fn from(error: CheckError) -> Self {
        let hint = match &error {
            CheckError::SessionEnded(End::SignedOut | End::SignedOutSoftly) => {
                "Run the command again; if you lent an access token, take a fresh one."
            }
            CheckError::SessionEnded(End::Locked) => UNLOCK,
            CheckError::SessionEnded(End::Deactivated) => NOT_AGAIN,
        };
        Self::failed(sentence(&error), hint)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let hint = match &error {
            JournalError::Disk { .. } => "Make space or mend the permissions there, then run the command again.",
            JournalError::Newer { .. } => "Update Lifeboat, and finish that reset with the version that began it.",
            JournalError::Damaged { .. } => {
                "Move that file away if you know how that reset ended; sign in with either password to find out."
            }
            JournalError::Busy => "Wait until it is done, or stop it first.",
        };
        Self::failed(sentence(&error), hint)
    }
}

fn another_method(offered: &[String]) -> String {
    let offers = |flow: &str| offered.iter().any(|it| it == flow);
    match (offers("m.login.password"), offers("m.login.sso")) {
        (true, _) => "Leave out --sso: Lifeboat then asks for your password.".to_owned(),
        (false, true) => "Sign in with the browser: add --sso.".to_owned(),
        (false, false) => {
            let offered: Vec<_> = offered.iter().map(|it| clean(it, 60)).collect();
            let list = if offered.is_empty() {
                "nothing".to_owned()
            } else {
                offered.join(", ")
            };
            format!("It offers {list}. Give an access token with --access-token-file instead.")
        }
    }
}

/// Makes a sentence of an error's words: with a capital, unless it begins with an address.
pub(super) fn sentence(error: &impl std::error::Error) -> String {
    as_sentence(&error.to_string())
}

/// Makes a sentence of words: with a capital, unless they begin with an address, and a full stop.
pub(crate) fn as_sentence(words: &str) -> String {
    let words = words.to_owned();
    match words.split_once(' ') {
        Some((first, _)) if first.chars().all(|it| it.is_ascii_lowercase()) => {
            let (initial, rest) = words.split_at(1);
            format!("{}{rest}", initial.to_ascii_uppercase())
        }
        _ => words,
    }
}

fn in_words(wait: Duration) -> String {
    match wait.as_secs() {
        0..=1 => "a second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}
