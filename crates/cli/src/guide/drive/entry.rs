//! Who somebody is, where the account lives, and the way in.

use lifeboat_preflight::outside;
use lifeboat_report::Report;
use lifeboat_reset::{Found, Journal, flow::Password};

use super::{Ask, Guide};
use crate::{
    candidates,
    failure::Failure,
    guide::{Entrance, Heard},
    resolve::{Afterwards, Asking, SignIn, parse_user},
    session::{self, Errand, Way, asked},
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
        self.homeserver = Some(way.discover(&mut self.stops).await?);
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
            Found::Finished | Found::Nothing => None,
        };
        Ok(self.trip.halfway)
    }

    pub(super) async fn sign_in(&mut self, entrance: Entrance) -> Result<Heard, Failure> {
        self.trip.forgotten = entrance == Entrance::Forgotten;
        let homeserver = self.homeserver()?;
        let sign_in = match entrance {
            Entrance::Password => SignIn::Prompt,
            Entrance::Browser => SignIn::Sso,
            Entrance::Forgotten => return self.look_from_outside().await,
        };
        let entry = self.entry(sign_in)?;
        let way = Way::prepare(entry, Afterwards::Remove, self.console)?
            .on(Errand::Guide)
            .knowing(self.password.clone());
        let entered = way
            .sign_in_knowing(&homeserver, &mut self.stops, self.console, || Ok(()))
            .await;
        match entered {
            Ok((session, password, ())) => {
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

    async fn look_from_outside(&mut self) -> Result<Heard, Failure> {
        let homeserver = self.homeserver()?;
        let user = self.user.clone().ok_or_else(session::own_mistake)?;
        let facts = outside(&homeserver, &user, None).await?;
        self.trip.report = Some(Report::of(user.to_string(), time::now(), facts));
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
