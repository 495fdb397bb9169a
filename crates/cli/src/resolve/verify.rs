//! What `lifeboat verify` is to do.

use std::{path::PathBuf, time::Duration};

use lifeboat_rescue::{SessionKey, Ways};

use super::{Afterwards, Asking, Candidates, Entry, Format, Person, candidates, entry, format, rescue::no_lent_token};
use crate::{args::VerifyArgs, failure::Failure};

/// What `lifeboat verify` is to do.
#[derive(Debug)]
pub(crate) struct VerifyJob {
    /// Whose account, and how to get in.
    pub(crate) entry: Entry,
    /// What becomes of Lifeboat's session.
    pub(crate) afterwards: Afterwards,
    /// What makes it trusted.
    pub(crate) by: By,
    /// Another session that is to be trusted.
    pub(crate) session: Option<Other>,
    /// Where a new recovery key goes, if one is to be made.
    pub(crate) new_recovery_key: Option<PathBuf>,
    /// Which ways of comparing are offered.
    pub(crate) ways: Ways,
    /// How long the other side has for each step.
    pub(crate) patience: Duration,
    /// What stdout gets.
    pub(crate) format: Format,
}

/// What makes Lifeboat's session trusted.
#[derive(Debug)]
pub(crate) enum By {
    /// A recovery key.
    Key(Candidates),
    /// Comparing with this session; otherwise the person is asked which.
    Comparing(Option<String>),
}

/// Another session that is to be trusted.
#[derive(Clone, Debug)]
pub(crate) struct Other {
    /// Its id.
    pub(crate) id: String,
    /// Its key; without it, the person compares.
    pub(crate) key: Option<SessionKey>,
}

/// Resolves the arguments of `lifeboat verify`.
pub(crate) fn verify(args: VerifyArgs, person: Person) -> Result<VerifyJob, Failure> {
    no_lent_token(&args.sign_in, "verify")?;
    let by_key = args.keys.ask_recovery_key || !args.keys.recovery_key_file.is_empty();
    let compares = !by_key || args.session.is_some() && args.session_key.is_none();
    if person == Person::Absent && compares {
        return Err(Failure::usage(
            "Comparing emoji needs a person at a terminal, and there is none.",
            "Run it in a terminal; or give --recovery-key-file, and with --session also --session-key.",
        ));
    }
    Ok(VerifyJob {
        entry: entry(&args.user, args.account, args.sign_in, person)?,
        afterwards: if args.keep_session {
            Afterwards::Keep
        } else {
            Afterwards::Remove
        },
        by: if by_key {
            By::Key(candidates(args.keys, person, Asking::No)?)
        } else {
            By::Comparing(args.with)
        },
        session: args.session.map(|id| Other {
            id,
            key: args.session_key.as_deref().map(SessionKey::typed),
        }),
        new_recovery_key: args.new_recovery_key,
        ways: if args.emoji { Ways::Emoji } else { Ways::CodeOrEmoji },
        patience: Duration::from_secs(args.wait),
        format: format(args.json),
    })
}
