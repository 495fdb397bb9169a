//! What is known in the course of the conversation, without any secret.

use std::{collections::BTreeSet, path::PathBuf};

use lifeboat_report::{Fact, Fate, Report, Route, Standing, Waivers};
use lifeboat_reset::flow::Password;

use super::{Entrance, Fix};

/// What is known so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trip {
    /// The user id, once it is understood.
    pub(crate) account: Option<String>,
    /// The address of the server, where it had to be given.
    pub(crate) homeserver: Option<String>,
    /// The ways in that the server offers.
    pub(crate) entrances: Vec<Entrance>,
    /// When an earlier conversation stopped, in milliseconds since the Unix epoch.
    pub(crate) stopped_at: Option<u64>,
    /// What the last check found; see [`Self::take_in`].
    pub(crate) report: Option<Report>,
    /// What can be mended now.
    pub(crate) fixes: Vec<Fix>,
    /// Fixes that were skipped, by their codes.
    pub(crate) skipped: BTreeSet<String>,
    /// Fixes that were done, by their codes.
    pub(crate) done: BTreeSet<String>,
    /// The fix that was done last.
    pub(crate) mended: Option<String>,
    /// Where the ark lies, once there is one.
    pub(crate) ark: Option<PathBuf>,
    /// Whether nobody could sign in.
    pub(crate) forgotten: bool,
    /// What is to become of the sessions.
    pub(crate) fate: Option<Fate>,
    /// How the password is to be changed.
    pub(crate) route: Option<Route>,
    /// For which fate everything was accepted that speaks against it by the last check.
    pub(crate) accepted: Option<Fate>,
    /// Where a letter to the administrators lies, in a sentence, where they alone can help.
    pub(crate) letter: Option<String>,
    /// What an unfinished reset has done to the password.
    pub(crate) halfway: Option<Password>,
    /// What the reset came to.
    pub(crate) outcome: Option<Outcome>,
}

/// What a reset came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The password is changed, and what was readable is readable.
    Proven,
    /// The password is changed, and something is missing or was not looked at.
    Incomplete,
}

impl Trip {
    /// Takes in what a look found. What was accepted was accepted of the look before: this one may have found more.
    pub(crate) fn take_in(&mut self, report: Report) {
        self.report = Some(report);
        self.accepted = None;
    }

    /// Returns the first fix that was not skipped.
    pub(crate) fn open_fix(&self) -> Option<&Fix> {
        self.fixes.iter().find(|it| !self.skipped.contains(&it.code()))
    }

    /// Returns the ways to change the password that this person has, the surest first.
    pub(crate) fn routes(&self) -> Vec<Route> {
        let Some(report) = &self.report else {
            return Vec::new();
        };
        let offers = report.facts.routes();
        let own = offers.iter().filter(|it| match it.route {
            Route::OldPassword => !self.forgotten,
            Route::SynapseAdmin => false,
            Route::Email | Route::AccountPage => true,
        });
        let standing = |wanted: fn(&Standing) -> bool| own.clone().filter(move |it| wanted(&it.standing));
        let open = standing(|it| *it == Standing::Open);
        let unsure = standing(|it| matches!(it, Standing::Unsure(_)));
        open.chain(unsure).map(|it| it.route).collect()
    }

    /// Tells whether a reset is unfinished whose password is or may be changed.
    pub(crate) fn is_stranded(&self) -> bool {
        self.halfway.is_some_and(|it| it != Password::Unchanged)
    }

    /// Returns what was accepted, as the clearance takes it.
    pub(crate) fn waivers(&self, fate: Fate) -> Waivers {
        let mut waivers = Waivers::default();
        if self.accepted == Some(fate)
            && let Some(report) = &self.report
            && let Err(uncleared) = report.clear(fate, &waivers)
        {
            waivers.blockers = uncleared.blockers.into_iter().collect();
            waivers.cautions_acknowledged = true;
        }
        waivers
    }

    /// Tells whether nothing that speaks against the chosen reset is left to accept.
    pub(crate) fn is_cleared(&self) -> bool {
        let (Some(report), Some(fate)) = (&self.report, self.fate) else {
            return false;
        };
        report.clear(fate, &self.waivers(fate)).is_ok()
    }

    /// Tells whether a recovery key was typed that opens what it has to open.
    pub(crate) fn key_opens(&self) -> bool {
        let trial = self.report.as_ref().map(|it| &it.facts.key_trial);
        match trial {
            Some(Fact::Known(trial)) => trial
                .candidates
                .iter()
                .any(|it| it.opens_default && it.opens_active_backup),
            _ => false,
        }
    }
}
