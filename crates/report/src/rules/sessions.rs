//! Rules about the sessions.

use super::{CAUTION, NOTE};
use crate::situation::{Identity, Sessions};
use crate::{Fate, Severity, Situation};

/// The one finding that weighs more when sessions are kept: there is nothing worth keeping.
pub(super) fn only(situation: &Situation, fate: Fate) -> Option<Severity> {
    let only = matches!(situation.sessions, Sessions::Known { only: true, .. });
    let severity = match fate {
        Fate::SessionsKept if !situation.is_safe_without_sessions() => situation.caution_if_history(),
        _ => Severity::Note,
    };
    only.then_some(severity)
}

/// Keys may wait for it on the server, or in it for the key backup; that matters where something is missing.
pub(super) fn stale(situation: &Situation, _: Fate) -> Option<Severity> {
    let stale = matches!(situation.sessions, Sessions::Known { stale: true, .. });
    stale.then(|| where_something_is_missing(situation))
}

/// Whether it puts its keys into the key backup is unknown; that matters where something is missing.
pub(super) fn silent(situation: &Situation, _: Fate) -> Option<Severity> {
    let silent = matches!(situation.sessions, Sessions::Known { silent: true, .. });
    silent.then(|| where_something_is_missing(situation))
}

fn where_something_is_missing(situation: &Situation) -> Severity {
    if situation.coverage.is_whole() {
        Severity::Note
    } else {
        Severity::Caution
    }
}

/// Without an identity nobody can vouch for a session, and that is its own finding.
pub(super) fn not_signed(situation: &Situation, _: Fate) -> Option<Severity> {
    let unsigned = matches!(situation.sessions, Sessions::Known { unsigned: true, .. });
    let identity = matches!(situation.identity, Identity::Present { .. });
    CAUTION.filter(|_| unsigned && identity)
}

pub(super) fn keyless(situation: &Situation, _: Fate) -> Option<Severity> {
    NOTE.filter(|_| matches!(situation.sessions, Sessions::Known { keyless: true, .. }))
}

pub(super) fn dehydrated(situation: &Situation, _: Fate) -> Option<Severity> {
    NOTE.filter(|_| matches!(situation.sessions, Sessions::Known { dehydrated: true, .. }))
}

pub(super) fn unknown(situation: &Situation, _: Fate) -> Option<Severity> {
    CAUTION.filter(|_| {
        matches!(
            situation.sessions,
            Sessions::Unknown | Sessions::Known { unclear: true, .. }
        )
    })
}
