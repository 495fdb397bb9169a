//! The plan of a reset: printed to the person, carried out by the driver, written into the journal.

use serde::{Deserialize, Serialize};

use crate::{Clearance, Code, Fate, Route};

/// Everything a reset will do, in order. Only a [`Clearance`] makes one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The user id.
    pub account: String,
    /// How the password is changed.
    pub route: Route,
    /// What becomes of the sessions.
    pub fate: Fate,
    /// The steps.
    pub steps: Vec<Step>,
    /// Blockers that were waived.
    pub waived: Vec<Code>,
    /// Cautions that were acknowledged.
    pub acknowledged: Vec<Code>,
}

/// One step of a reset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Asks whether identity and backup are still those that were checked.
    LookAgain,
    /// Saves what the server holds of the keys into an ark on this machine.
    SaveArk,
    /// Has the server send the mail with the link.
    AskForMail,
    /// Sets the new password; on the e-mail route as soon as the link is confirmed.
    ChangePassword,
    /// Waits until the password was changed on the account page.
    AwaitAccountPage,
    /// Signs in with the new password.
    SignIn,
    /// Opens secret storage with the recovery key and downloads every backed-up room key.
    Restore,
    /// Signs one session out, by its device id.
    EndSession(String),
    /// Signs every session out but Lifeboat's own, one by one.
    EndOthers,
    /// Decrypts the messages of the forecast with what was restored.
    ProveHistory,
    /// Signs out the sessions that Lifeboat itself made on the way.
    TidyUp,
    /// Signs Lifeboat's own session out.
    Leave,
}

/// Whether a step can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// It changes nothing.
    NothingToUndo,
    /// It can be, in these words.
    By(&'static str),
    /// It cannot be, because of this.
    Never(&'static str),
}

/// What a person chose that shapes a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    /// How the password is changed.
    pub route: Route,
    /// What the change itself does to the sessions; it never does more than was cleared.
    pub fate: Fate,
    /// Sessions to sign out one by one once the keys are back.
    pub one_by_one: OneByOne,
    /// Whether an ark is saved before anything is changed.
    pub ark: ArkFirst,
    /// Whether a recovery key is at hand to restore with.
    pub recovery_key: RecoveryKey,
    /// Whether there is a forecast to prove the history against.
    pub forecast: EarlierForecast,
    /// What becomes of Lifeboat's own session.
    pub aboard: Aboard,
}

/// Which sessions are signed out one by one, after the change and once the keys are back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OneByOne {
    /// These, by device id; often none.
    These(Vec<String>),
    /// All but Lifeboat's own: somebody else may be signed in.
    AllOthers,
}

impl OneByOne {
    /// Tells whether it signs any session out, which takes a clearance for ended sessions.
    pub fn ends_any(&self) -> bool {
        match self {
            Self::These(devices) => !devices.is_empty(),
            Self::AllOthers => true,
        }
    }
}

/// Whether an ark is saved before anything is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArkFirst {
    /// It is.
    Save,
    /// It is not: no session ends, nobody is signed in, or it was not wanted.
    Skip,
}

/// Whether a recovery key is at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryKey {
    /// There is one that was tested, or that nobody could test yet.
    AtHand,
    /// There is none that could help.
    None,
}

/// Whether the messages were looked at before the reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlierForecast {
    /// They were.
    Taken,
    /// They were not.
    None,
}

/// What becomes of Lifeboat's own session after the reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aboard {
    /// It stays signed in: it may be the only one that new messages can be encrypted to.
    Stay,
    /// It is signed out at the end.
    Leave,
}

impl Plan {
    /// Makes the plan of a reset that was cleared.
    ///
    /// Signing sessions out one by one costs what only they hold, so it is planned under a clearance for ended sessions
    /// alone.
    pub fn of(clearance: &Clearance, choices: Choices) -> Self {
        let Choices {
            route,
            fate,
            one_by_one,
            ark,
            recovery_key,
            forecast,
            aboard,
        } = choices;
        let cleared = clearance.fate();
        let (fate, one_by_one) = match (cleared, route, fate) {
            (Fate::SessionsKept, _, _) => (Fate::SessionsKept, OneByOne::These(Vec::new())),
            // A change on that page ends no session, so they are ended afterwards.
            (Fate::SessionsEnded, Route::AccountPage, Fate::SessionsEnded) => (Fate::SessionsKept, OneByOne::AllOthers),
            (Fate::SessionsEnded, _, fate) => (fate, one_by_one),
        };
        let mut steps = vec![Step::LookAgain];
        // An administrator cannot read what an ark is made of.
        if ark == ArkFirst::Save && route != Route::SynapseAdmin {
            steps.push(Step::SaveArk);
        }
        match route {
            Route::Email => steps.extend([Step::AskForMail, Step::ChangePassword]),
            Route::OldPassword | Route::SynapseAdmin => steps.push(Step::ChangePassword),
            Route::AccountPage => steps.push(Step::AwaitAccountPage),
        }
        // An administrator who resets for somebody else does not sign in as that person.
        if route != Route::SynapseAdmin {
            steps.push(Step::SignIn);
            if recovery_key == RecoveryKey::AtHand {
                steps.push(Step::Restore);
                if forecast == EarlierForecast::Taken {
                    steps.push(Step::ProveHistory);
                }
            }
            // Keys are safe by now, as far as they can be.
            match one_by_one {
                OneByOne::These(devices) => steps.extend(devices.into_iter().map(Step::EndSession)),
                OneByOne::AllOthers => steps.push(Step::EndOthers),
            }
            steps.push(Step::TidyUp);
            if aboard == Aboard::Leave {
                steps.push(Step::Leave);
            }
        }
        Self {
            account: clearance.account().to_owned(),
            route,
            fate,
            steps,
            waived: clearance.waived().to_vec(),
            acknowledged: clearance.acknowledged().to_vec(),
        }
    }

    /// Returns the request that changes something on the server, as method and path, or where it is changed; `None`: the
    /// step only reads.
    pub fn request(&self, step: &Step) -> Option<&'static str> {
        if self.route == Route::AccountPage
            && let Some(place) = at_oauth_server(step)
        {
            return Some(place);
        }
        Some(match step {
            Step::LookAgain | Step::SaveArk | Step::ProveHistory | Step::AwaitAccountPage => return None,
            Step::AskForMail => "POST /_matrix/client/v3/account/password/email/requestToken",
            Step::ChangePassword if self.route == Route::SynapseAdmin => "POST /_synapse/admin/v1/reset_password/USER",
            Step::ChangePassword => "POST /_matrix/client/v3/account/password",
            Step::SignIn => "POST /_matrix/client/v3/login",
            Step::Restore => "POST /_matrix/client/v3/keys/upload, POST /_matrix/client/v3/keys/signatures/upload",
            Step::EndSession(_) | Step::EndOthers => "DELETE /_matrix/client/v3/devices/ID",
            Step::TidyUp => "DELETE /_matrix/client/v3/devices/ID",
            Step::Leave => "POST /_matrix/client/v3/logout",
        })
    }

    /// Says in one sentence what the step does.
    pub fn effect(&self, step: &Step) -> String {
        match step {
            Step::LookAgain if self.route == Route::SynapseAdmin => {
                "Looks once more whether this server has the account, and whether it is open.".into()
            }
            Step::LookAgain => {
                "Looks once more whether your identity and key backup are those that were checked.".into()
            }
            Step::SaveArk => {
                "Saves everything that the server holds for your keys into a file on this machine, an ark.".into()
            }
            Step::AskForMail => "Has the server send a mail with a link to your address.".into(),
            Step::ChangePassword => {
                let how = match self.route {
                    Route::Email => "Waits until you confirm the link, then sets",
                    _ => "Sets",
                };
                let sessions = match (self.fate, self.route) {
                    (Fate::SessionsKept, _) => "every session stays signed in (logout_devices: false)",
                    // The session that asks survives.
                    (Fate::SessionsEnded, Route::OldPassword) => {
                        "every other session is signed out (logout_devices: true)"
                    }
                    (Fate::SessionsEnded, _) => "every session is signed out (logout_devices: true)",
                };
                format!("{how} the new password; {sessions}.")
            }
            Step::AwaitAccountPage => "Waits until you have changed the password on your account’s page.".into(),
            Step::SignIn => "Signs in with the new password, as a session called “Lifeboat”.".into(),
            Step::Restore => {
                "Opens secret storage with your recovery key, has your identity vouch for that session, and brings \
                 every backed-up key back to it."
                    .into()
            }
            Step::EndSession(device) => {
                format!("Signs the session {device} out, if everything readable before is readable by then.")
            }
            Step::EndOthers => "Signs every session out but Lifeboat’s, one by one, if everything readable before is \
                                readable by then."
                .into(),
            Step::ProveHistory => "Decrypts the same messages as before, with nothing but what came back.".into(),
            Step::TidyUp => "Signs out whatever session Lifeboat made on the way.".into(),
            Step::Leave => "Signs the session “Lifeboat” out again.".into(),
        }
    }

    /// Says whether the step can be taken back.
    pub fn undo(&self, step: &Step) -> Undo {
        match step {
            Step::LookAgain | Step::SaveArk | Step::ProveHistory | Step::AwaitAccountPage => Undo::NothingToUndo,
            Step::AskForMail => Undo::By("a link that nobody confirms expires by itself"),
            Step::ChangePassword if self.fate == Fate::SessionsEnded => {
                Undo::Never("ended sessions, and keys that only they held, do not come back")
            }
            Step::ChangePassword => Undo::By("the password can be changed again at any time"),
            Step::SignIn | Step::Restore => Undo::By("`lifeboat leave` signs the session out"),
            Step::EndSession(_) => Undo::Never("keys that only this session held do not come back"),
            Step::EndOthers => Undo::Never("keys that only these sessions held do not come back"),
            Step::TidyUp | Step::Leave => Undo::By("Lifeboat can sign in again at any time"),
        }
    }

    /// Tells whether any session but Lifeboat's own ends.
    pub fn ends_sessions(&self) -> bool {
        let one = |it: &Step| matches!(it, Step::EndSession(_) | Step::EndOthers);
        self.fate == Fate::SessionsEnded || self.steps.iter().any(one)
    }

    /// Returns the number of the step that changes the password.
    pub fn change_number(&self) -> Option<usize> {
        let changes = |it: &Step| matches!(it, Step::ChangePassword | Step::AwaitAccountPage);
        self.steps.iter().position(changes)
    }
}

/// Says how a step is done where an OAuth server keeps the accounts. Some serve requests of the client-server API as
/// well, which is seen only when the time comes.
fn at_oauth_server(step: &Step) -> Option<&'static str> {
    Some(match step {
        Step::SignIn => "on the sign-in page, or POST /_matrix/client/v3/login with the password",
        Step::EndSession(_) | Step::EndOthers => {
            "on the account page, unless the server knows DELETE /_matrix/client/v3/devices/ID"
        }
        Step::TidyUp | Step::Leave => "revocation, or POST /_matrix/client/v3/logout after a sign-in with the password",
        _ => return None,
    })
}
