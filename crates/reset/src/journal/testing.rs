//! A journal that has just begun, for tests.

use std::{collections::BTreeSet, path::Path};

use lifeboat_report::{
    Aboard, ArkFirst, Choices, EarlierForecast, Fate, OneByOne, Plan, RecoveryKey, Report, Route, Waivers,
    testing::{ACCOUNT, TAKEN_AT, healthy_facts},
};

use super::Journal;

/// Begins the journal of a reset of the healthy account in `folder`: all sessions are kept, there is no ark, and nothing
/// is restored.
pub(crate) fn begun(folder: &Path, route: Route, aboard: Aboard) -> Journal {
    let report = Report::of(ACCOUNT.to_owned(), TAKEN_AT, healthy_facts());
    let waivers = Waivers {
        blockers: BTreeSet::new(),
        cautions_acknowledged: false,
    };
    let clearance = report.clear(Fate::SessionsKept, &waivers).unwrap();
    let choices = Choices {
        route,
        fate: Fate::SessionsKept,
        one_by_one: OneByOne::These(Vec::new()),
        ark: ArkFirst::Skip,
        recovery_key: RecoveryKey::None,
        forecast: EarlierForecast::None,
        aboard,
    };
    let plan = Plan::of(&clearance, choices);
    Journal::begin(folder, plan, &clearance, None, ("before.json", b"{}")).unwrap()
}
