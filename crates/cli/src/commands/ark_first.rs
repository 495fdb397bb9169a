//! The ark that is saved before anything is changed.

use lifeboat_preflight::{
    Checked, Homeserver, OwnSession,
    ark::{self, ArkProgress},
};
use lifeboat_report::{Report, StatusFile};

use super::check::generator;
use crate::{
    failure::Failure,
    files::Reserved,
    ui::{progress::Progress, time},
};

/// Saves an ark of the account as `checked` has just seen it; returns once it is on disk under its name.
pub(crate) async fn save(
    session: &OwnSession,
    homeserver: &Homeserver,
    checked: &Checked,
    reserved: Reserved,
) -> Result<std::path::PathBuf, Failure> {
    let progress = ArkProgress::default();
    let _line = Progress::begin("saving the ark")
        .with_waiting(session.caller().waiting())
        .counting(&progress);
    let report = Report::of(session.user_id().to_string(), time::now(), checked.facts.clone())
        .with_forecast(checked.forecast.clone());
    let status = StatusFile::of(&report, generator());
    let saved = ark::save(session, homeserver, reserved.writer()?, &status, &progress).await;
    saved.map_err(|error| {
        Failure::failed(
            format!("The ark could not be saved: {error}."),
            "Nothing was changed. Give another place with --ark, or go without one with --no-ark.",
        )
    })?;
    reserved.keep()
}
