//! Who somebody is, where the account lives, and the way in.

use lifeboat_preflight::{Method, Methods, OAuthWay, SessionKind, outside};
use lifeboat_report::Report;
use lifeboat_reset::{Found, Journal, flow::Password};

use super::{Ask, Guide};
use crate::{
    candidates,
    commands::reset::loose::Loose,
    failure::Failure,
    guide::{Entrance, Heard},
    resolve::{Afterwards, Asking, SignIn, parse_user},
    session::{self, Errand, Way, asked, here},
    ui::time,
};

impl Guide<'_> {
    /// Asks for the user id until it is one.
    pub(super) async fn account(&mut self, ask: Ask) -> Result<Heard, Failure> {
        loop {
            let typed = self.line(&ask).await?;
            match parse_user(&typed) {
                Ok(user) => {
                    self.trip.account = Some(user.to_string());
                    self.trip.homeserver = None;
                    return Ok(Heard::Given);
                }
                Err(failure) => self.tell(&failure),
            }
        }
    }

    pub(super) async fn server(&mut self, ask: Ask) -> Result<Heard, Failure> {
        let typed = self.line(&ask).await?;
        if typed.is_empty() {
            return Ok(Heard::Nothing);
        }
        self.trip.homeserver = Some(typed);
        Ok(Heard::Given)
    }

    /// Finds the server, and looks for a reset that was interrupted.
    pub(super) async fn discover(&mut self) -> Result<Heard, Failure> {
        let account = self.trip.account.as_deref().ok_or_else(session::own_mistake)?;
        self.user = Some(parse_user(account)?);
        let entry = self.entry(SignIn::Nobody)?;
        let way = Way::prepare(entry, Afterwards::Remove, self.console)?;
        let homeserver = way.discover(&mut self.stops).await?;
        let asked = self.stops.unless_stopped(Methods::of(&homeserver)).await;
        let Ok(methods) = asked else {
            return Ok(Heard::Stop);
        };
        // A server that says nothing of its ways in is asked with a password, and says then what is wrong.
        let methods = methods.unwrap_or_default();
        self.in_browser = in_browser(&methods);
        let password = methods.offer(Method::Password) || self.in_browser.is_none();
        let browser = self.in_browser.as_ref().map(|_| Entrance::Browser);
        self.trip.entrances = password
            .then_some(Entrance::Password)
            .into_iter()
            .chain(browser)
            .collect();
        self.homeserver = Some(homeserver);
        Ok(match self.unfinished()? {
            Some(Password::Dark | Password::Changed) => Heard::Halfway,
            // A reset that changed nothing is begun anew.
            Some(Password::Unchanged) | None => {
                self.trip.halfway = None;
                Heard::Done
            }
        })
    }

    /// Looks what an unfinished reset has done to the password, and notes it.
    pub(super) fn unfinished(&mut self) -> Result<Option<Password>, Failure> {
        let Some(folder) = self.folder() else { return Ok(None) };
        self.trip.halfway = match Journal::find(&folder.join("resets"))? {
            Found::Unfinished(journal) => Some(journal.password()),
            Found::Finished(_) | Found::Nothing => None,
        };
        Ok(self.trip.halfway)
    }

    pub(super) async fn sign_in(&mut self, entrance: Entrance) -> Result<Heard, Failure> {
        self.trip.forgotten = entrance == Entrance::Forgotten;
        let homeserver = self.homeserver()?;
        let sign_in = match entrance {
            Entrance::Password => SignIn::Prompt,
            Entrance::Browser => self.in_browser.clone().ok_or_else(session::own_mistake)?,
            Entrance::Forgotten => {
                self.sign_in = SignIn::Nobody;
                return self.look_from_outside().await;
            }
        };
        self.sign_in = sign_in.clone();
        let known = self.password.clone().filter(|_| entrance == Entrance::Password);
        let entry = self.entry(sign_in)?;
        let way = Way::prepare(entry, Afterwards::Remove, self.console)?
            .on(Errand::Guide)
            .knowing(known);
        let entered = way
            .sign_in_knowing(&homeserver, &mut self.stops, self.console, || Ok(()))
            .await;
        match entered {
            Ok((session, password, ())) => {
                self.note_session(&session);
                self.session = Some(session);
                self.password = password;
                Ok(Heard::Done)
            }
            Err(failure) => {
                // Typed once more, it may be another one.
                self.password = None;
                Err(failure)
            }
        }
    }

    /// Writes down which session this is, so that one that is left behind by a kill is removed by the next reset.
    fn note_session(&mut self, session: &lifeboat_preflight::OwnSession) {
        if session.kind() != SessionKind::Throwaway {
            return;
        }
        if let (Some(folder), Some(device)) = (self.folder(), session.device_id()) {
            Loose::of(&folder).note(device);
        }
    }

    async fn look_from_outside(&mut self) -> Result<Heard, Failure> {
        let homeserver = self.homeserver()?;
        let user = self.user.clone().ok_or_else(session::own_mistake)?;
        let facts = outside(&homeserver, &user, None).await?;
        self.trip.take_in(Report::of(user.to_string(), time::now(), facts));
        self.trip.fixes.clear();
        Ok(Heard::Done)
    }

    pub(super) async fn recovery_key(&mut self) -> Result<Heard, Failure> {
        match asked(&mut self.stops, || candidates::ask(Asking::Optional)).await? {
            Some(typed) => {
                self.keys.push(typed);
                Ok(Heard::Given)
            }
            None => Ok(Heard::Nothing),
        }
    }
}

/// Returns the best way in that leads through a browser, if the server offers one.
fn in_browser(methods: &Methods) -> Option<SignIn> {
    let mut others = methods.clone();
    others.offered.retain(|it| *it != Method::Password);
    Some(match others.best(here())? {
        Method::OAuth => SignIn::OAuth(OAuthWay::Browser),
        Method::DeviceCode => SignIn::OAuth(OAuthWay::DeviceCode),
        Method::Sso => SignIn::Sso,
        Method::Password => return None,
    })
}
