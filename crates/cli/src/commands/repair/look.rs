//! Looks at the account before and after.

use std::collections::BTreeMap;

use lifeboat_preflight::{
    Checked, ForecastOptions, ForecastQuestion, LeftRooms, OlderVersions, OwnSession, Questions, SessionKeys, examine,
};
use lifeboat_report::Fact;

use super::Shop;
use crate::{failure::Failure, ui::progress::Progress};

/// Looks for the first time; returns also the public keys of the sessions that are to be signed.
pub(super) async fn first(
    session: &OwnSession,
    shop: &Shop,
    sign: &[String],
) -> Result<(Checked, BTreeMap<String, String>), Failure> {
    let checked = look(session, shop, None).await?;
    let mut keys = BTreeMap::new();
    for id in sign {
        let fingerprint = match SessionKeys::of(session.caller(), session.user_id(), id).await {
            Fact::Known(Some(it)) => it.fingerprint().to_owned(),
            // That there is nothing to sign, the plan says.
            Fact::Known(None) | Fact::Unknown(_) => String::new(),
        };
        keys.insert(id.clone(), fingerprint);
    }
    Ok((checked, keys))
}

/// Looks again; messages that were read a moment ago need not be read once more.
pub(super) async fn again(session: &OwnSession, shop: &Shop, before: &Checked) -> Result<Checked, Failure> {
    look(session, shop, Some(before)).await
}

async fn look(session: &OwnSession, shop: &Shop, before: Option<&Checked>) -> Result<Checked, Failure> {
    let options = ForecastOptions {
        left_rooms: LeftRooms::Include,
        older: OlderVersions::All,
        memory: before.and_then(|it| it.memory.clone()),
        ..ForecastOptions::default()
    };
    let progress = Progress::begin("asking the server").with_forecast(Some(&options.progress));
    let questions = Questions {
        candidates: shop.keys.clone(),
    };
    let question = ForecastQuestion::Run(options);
    Ok(examine(session, &shop.homeserver, &questions, &question, &progress).await?)
}
