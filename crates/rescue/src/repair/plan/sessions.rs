//! Sessions, one by one and only those that were named.

use lifeboat_report::{
    Fact,
    facts::{DeviceKeys, SecretName, Session},
};

use super::{Ground, Offer, Plan};
use crate::repair::{Refusal, Repair};

/// A session that was not seen for so long has another one behind it in most cases.
const STALE: u64 = 90 * 86_400_000;

pub(super) fn plan(ground: &Ground<'_>, plan: &mut Plan) {
    let Fact::Known(all) = &ground.facts.sessions else {
        return;
    };
    let wishes = ground.wishes;
    let named = wishes.sign.keys().chain(wishes.rename.keys()).chain(&wishes.sign_out);
    let mut named: Vec<&String> = named.collect();
    named.sort();
    named.dedup();
    for id in named {
        match all.iter().find(|it| it.device_id == *id) {
            None => plan.refused.push(Refusal::NoSuchSession(id.clone())),
            Some(session) if session.this => plan.refused.push(Refusal::ThisSession(id.clone())),
            Some(session) => wanted(ground, session, plan),
        }
    }
    let newest = all.iter().filter_map(|it| it.last_seen_at).max().unwrap_or_default();
    for session in all.iter().filter(|it| !it.this && !it.dehydrated) {
        let stale = session.last_seen_at.is_some_and(|it| it + STALE < newest);
        if session.keys.is(&DeviceKeys::Unsigned) && !wishes.sign.contains_key(&session.device_id) {
            plan.offers.push(Offer::SignSession(Box::new(session.clone())));
        }
        if (session.keys.is(&DeviceKeys::None) || stale) && !wishes.sign_out.contains(&session.device_id) {
            plan.offers.push(Offer::TidySession(Box::new(session.clone())));
        }
    }
}

fn wanted(ground: &Ground<'_>, session: &Session, plan: &mut Plan) {
    let (device_id, name) = (session.device_id.clone(), session.name.clone());
    let wishes = ground.wishes;
    if let Some(fingerprint) = wishes.sign.get(&device_id) {
        let made = |it: &Repair| matches!(it, Repair::SetUpIdentity { .. });
        let able = ground.fits(SecretName::SelfSigning) || plan.repairs.iter().any(made);
        match &session.keys {
            Fact::Known(DeviceKeys::Signed) => {}
            Fact::Known(DeviceKeys::Unsigned) if able => plan.repairs.push(Repair::SignSession {
                device_id: device_id.clone(),
                name: name.clone(),
                fingerprint: fingerprint.clone(),
            }),
            Fact::Known(DeviceKeys::Unsigned) => plan.refused.push(Refusal::NeedsRecoveryKey),
            _ => plan.refused.push(Refusal::NothingToSign(device_id.clone())),
        }
    }
    if let Some(to) = wishes.rename.get(&device_id).filter(|to| name.as_ref() != Some(to)) {
        plan.repairs.push(Repair::RenameSession {
            device_id: device_id.clone(),
            name: name.clone(),
            to: to.clone(),
        });
    }
    if wishes.sign_out.contains(&device_id) {
        match why_not_signed_out(ground, session) {
            Some(refusal) => plan.refused.push(refusal),
            None => plan.repairs.push(Repair::SignOutSession { device_id, name }),
        }
    }
}

/// Never the one that holds keys at risk: whoever has keys may hold any of them.
fn why_not_signed_out(ground: &Ground<'_>, session: &Session) -> Option<Refusal> {
    if session.keys.is(&DeviceKeys::None) {
        return None;
    }
    let id = session.device_id.clone();
    let coverage = ground.facts.coverage.known();
    match coverage {
        Some(coverage) if coverage.at_risk > 0 => return Some(Refusal::HoldsKeysAtRisk(id)),
        Some(coverage) if coverage.complete => {}
        _ => return Some(Refusal::CoverageUnknown(id)),
    }
    let opens = |name: &SecretName| ground.fits(*name);
    let by_key = ground.opened_default().is_some()
        && SecretName::IDENTITY.iter().all(opens)
        && ground.candidates().iter().any(|it| it.opens_active_backup);
    let mut others = ground.trusted_sessions();
    let by_session = others.any(|it| !ground.wishes.sign_out.contains(&it.device_id));
    (!by_key && !by_session).then_some(Refusal::LastWithSecrets(id))
}
