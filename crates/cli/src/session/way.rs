//! The way into an account.

use lifeboat_preflight::{
    Credentials, Homeserver, KeepIn, Keeping, Method, Methods, OAuthWay, OwnSession, SessionKind, Shown, SignInError,
    ask_browser, discover, ruma::UserId,
};
use secrecy::SecretString;
use tokio::sync::Notify;

use super::{
    Errand, KEPT_NAME, MAY_REMAIN, asked,
    browser::{here, show},
    left_after_stop, may_remain, nothing_changed, warn_of_readers,
};
use crate::{
    failure::{Failure, as_sentence},
    kept::{CLOSED, Kept, KeyPlace},
    resolve::{Afterwards, Entry, SignIn},
    secrets::{self, Purpose},
    signals::{Stopped, Stops, Wish},
    ui::{clean::clean, console::Console, progress::Progress, prompt},
};

/// The way into an account: what is known before anything is asked of its server.
pub(crate) struct Way {
    entry: Entry,
    errand: Errand,
    afterwards: Afterwards,
    secret: Option<SecretString>,
    kept: Option<KeepIn>,
}

impl Way {
    /// Reads the secrets that lie in files and looks for a kept session, so that whatever is missing is noticed before
    /// any network is used.
    pub(crate) fn prepare(entry: Entry, afterwards: Afterwards, console: &mut Console) -> Result<Self, Failure> {
        let secret = match &entry.sign_in {
            SignIn::PasswordFile(file) => {
                let read = secrets::read_file(file, Purpose::Password)?;
                warn_of_readers(console, read.readers, file);
                Some(read.secret)
            }
            SignIn::AccessTokenFile(file) => {
                let read = secrets::read_file(file, Purpose::AccessToken)?;
                warn_of_readers(console, read.readers, file);
                Some(read.secret)
            }
            SignIn::PasswordDescriptor(number) => Some(secrets::read_descriptor(*number, Purpose::Password)?),
            SignIn::Best
            | SignIn::Prompt
            | SignIn::TokenPrompt
            | SignIn::KeptOnly
            | SignIn::Sso
            | SignIn::OAuth(_)
            | SignIn::Nobody => None,
        };
        // A lent token is used alone; in every other case a kept session saves a sign-in.
        let kept = match &entry.sign_in {
            SignIn::AccessTokenFile(_) | SignIn::TokenPrompt | SignIn::Nobody => None,
            _ => kept_session(&entry, afterwards, console)?,
        };
        if entry.sign_in == SignIn::KeptOnly && kept.is_none() {
            return Err(no_secret());
        }
        Ok(Self {
            entry,
            errand: Errand::Check,
            afterwards,
            secret,
            kept,
        })
    }

    /// Says what the session is there for, where it is not a check.
    pub(crate) fn on(self, errand: Errand) -> Self {
        Self { errand, ..self }
    }

    /// Uses a password that is known already, where one would be asked for.
    pub(crate) fn knowing(self, password: Option<SecretString>) -> Self {
        Self {
            secret: self.secret.or(password),
            ..self
        }
    }

    /// Finds the homeserver. Sends no secret.
    pub(crate) async fn discover(&self, stops: &mut Stops) -> Result<Homeserver, Failure> {
        let _progress = Progress::begin("looking for the server");
        let found = discover(
            &self.entry.user,
            self.entry.homeserver.as_deref(),
            self.entry.network.clone(),
        );
        Ok(stops
            .unless_stopped(found)
            .await
            .map_err(|Stopped| nothing_changed())??)
    }

    /// Signs in: with a kept session if there is one, else with what was given, else with what the person types.
    ///
    /// `ask` asks for whatever else the command needs of the person; it is called after the password was typed and
    /// before the session exists, so that no session waits for a person.
    pub(crate) async fn sign_in<T: Send + 'static>(
        self,
        homeserver: &Homeserver,
        stops: &mut Stops,
        console: &mut Console,
        ask: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<(OwnSession, T), Failure> {
        let (session, _, extra) = self.sign_in_knowing(homeserver, stops, console, ask).await?;
        Ok((session, extra))
    }

    /// Signs in likewise, and returns the password that let Lifeboat in, if one did.
    pub(crate) async fn sign_in_knowing<T: Send + 'static>(
        mut self,
        homeserver: &Homeserver,
        stops: &mut Stops,
        console: &mut Console,
        ask: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<(OwnSession, Option<SecretString>, T), Failure> {
        if let Some(kept) = self.kept.take()
            && let Some(session) = self.reopen(kept, homeserver, stops, console).await?
        {
            let password = match self.entry.sign_in {
                SignIn::PasswordFile(_) | SignIn::PasswordDescriptor(_) => self.secret,
                _ => None,
            };
            return Ok((session, password, asked(stops, ask).await?));
        }
        if self.entry.sign_in == SignIn::KeptOnly {
            return Err(no_secret());
        }
        if self.entry.sign_in == SignIn::Best {
            self.entry.sign_in = best(homeserver, stops, console).await?;
        }
        let question = match self.entry.sign_in {
            SignIn::Prompt => Some(format!("Password of {} (it is not shown)", self.entry.user)),
            SignIn::TokenPrompt => Some(format!("Access token of {} (it is not shown)", self.entry.user)),
            _ => None,
        };
        if let Some(question) = question
            && self.secret.is_none()
        {
            self.secret = Some(asked(stops, move || prompt::ask(&question)).await?);
        }
        let extra = asked(stops, ask).await?;
        let password = match self.entry.sign_in {
            SignIn::AccessTokenFile(_) | SignIn::TokenPrompt | SignIn::Sso | SignIn::OAuth(_) => None,
            _ => self.secret.clone(),
        };
        if self.entry.sign_in == SignIn::Sso {
            let asking = by_browser(&self.entry, homeserver);
            let token = stops
                .unless_stopped(asking)
                .await
                .map_err(|Stopped| nothing_changed())?;
            self.secret = Some(token?);
        }
        let errand = self.errand;
        let session = self.sign_in_anew(homeserver, stops, console).await?;
        console.note(&signed_in(&session, errand, homeserver));
        Ok((session, password, extra))
    }

    async fn reopen(
        &self,
        kept: KeepIn,
        homeserver: &Homeserver,
        stops: &mut Stops,
        console: &mut Console,
    ) -> Result<Option<OwnSession>, Failure> {
        let reopened = OwnSession::reopen(homeserver, &self.entry.user, kept);
        let session = stops
            .unless_stopped(reopened)
            .await
            .map_err(|Stopped| nothing_changed())?;
        let session = session.map_err(|error| not_reopened(error, &self.entry.user))?;
        match &session {
            Some(_) => console.note("Using the session that Lifeboat kept on this machine."),
            None => match Kept::of(&self.entry.user).ok().and_then(|it| it.begun()) {
                Some(device) => console.note(&format!(
                    "An earlier run ended while it signed in to keep a session: that one, “Lifeboat” ({device}), may be in \
                     your account. Whoever keeps one next takes it over."
                )),
                None => console.note("The session that Lifeboat kept on this machine has ended."),
            },
        }
        Ok(session)
    }

    async fn sign_in_anew(
        self,
        homeserver: &Homeserver,
        stops: &mut Stops,
        console: &mut Console,
    ) -> Result<OwnSession, Failure> {
        let kept = Kept::of(&self.entry.user);
        let (keeping, place) = match afterwards(self.afterwards, &self.entry.sign_in) {
            Afterwards::Remove if self.errand.takes_secrets() => (Keeping::RemoveAtEndSealed, None),
            Afterwards::Remove => (Keeping::RemoveAtEnd, None),
            Afterwards::Keep => {
                let (keep_in, place) = kept.as_ref().map_err(Clone::clone)?.prepare()?;
                (Keeping::Keep(keep_in), Some(place))
            }
        };
        let keeps = place.is_some();
        let entered = enter(&self.entry, self.errand, self.secret, homeserver, keeping, stops).await;
        match (&entered, place) {
            (Ok(_), Some(place)) => tell_where(&place, kept.as_ref().ok(), console),
            (Err(_), Some(_)) => kept.iter().for_each(Kept::clear),
            (_, None) => {}
        }
        let begun = kept.ok().filter(|_| keeps).and_then(|it| it.begun());
        let entered = entered.map_err(|failure| match begun {
            Some(device) => may_be_there(failure, &device),
            None => failure,
        });
        match entered? {
            (session, Wish::GoOn) => Ok(session),
            (session, Wish::Stop) => Err(left_after_stop(session, self.errand, stops, console).await),
        }
    }
}

/// What becomes of a session that is entered like this: one whose access token was lent is its owner's, and what is kept
/// makes no room for it.
fn afterwards(wished: Afterwards, sign_in: &SignIn) -> Afterwards {
    if sign_in.is_lent() { Afterwards::Remove } else { wished }
}

/// Adds the session that a failed sign-in may have made all the same, or an earlier one. The next one that is kept takes its
/// place.
fn may_be_there(failure: Failure, device: &str) -> Failure {
    // A second wish to stop has its own words for it.
    if failure.wrong.ends_with(MAY_REMAIN) {
        return failure;
    }
    Failure {
        wrong: format!("{} “Lifeboat” ({device}) may be in your account.", failure.cause()),
        ..failure
    }
}

/// Says why the kept session cannot be used, and names its folder: what to do there depends on whether anybody can use it
/// again. What it holds may be nowhere else.
fn not_reopened(error: SignInError, user: &UserId) -> Failure {
    let hint = Kept::of(user).ok().and_then(|kept| match error {
        SignInError::NotOpened => Some(as_sentence(&kept.by_hand())),
        SignInError::Store(_) => Some(format!(
            "Close what else uses {}, or make space, and run it again.",
            kept.folder().display()
        )),
        _ => None,
    });
    let failure = Failure::from(error);
    match hint {
        Some(hint) => Failure { hint, ..failure },
        None => failure,
    }
}

/// Finds the best way in that the server offers, and names the others.
async fn best(homeserver: &Homeserver, stops: &mut Stops, console: &mut Console) -> Result<SignIn, Failure> {
    let asked = stops.unless_stopped(Methods::of(homeserver)).await;
    // A server that says nothing of its ways in is asked with a password, and says then what is wrong.
    let Ok(methods) = asked.map_err(|Stopped| nothing_changed())? else {
        return Ok(SignIn::Prompt);
    };
    let Some(best) = methods.best(here()) else {
        return Ok(SignIn::TokenPrompt);
    };
    if best != Method::Password {
        let host = homeserver.base_url().host_str().unwrap_or_default();
        let place = match &methods.issuer {
            Some(issuer) if best != Method::Sso => format!(" at {}", clean(issuer, 100)),
            _ => String::new(),
        };
        let others: Vec<_> = methods
            .offered
            .iter()
            .filter(|it| **it != best)
            .map(|it| name(*it))
            .collect();
        let others = if others.is_empty() {
            String::new()
        } else {
            format!(" Other ways: --auth {}.", others.join(", --auth "))
        };
        console.note(&format!("{host} signs people in with a browser{place}.{others}"));
    }
    Ok(match best {
        Method::OAuth => SignIn::OAuth(OAuthWay::Browser),
        Method::DeviceCode => SignIn::OAuth(OAuthWay::DeviceCode),
        Method::Password => SignIn::Prompt,
        Method::Sso => SignIn::Sso,
    })
}

/// The name of a way in on the command line.
fn name(method: Method) -> &'static str {
    match method {
        Method::OAuth => "oauth",
        Method::DeviceCode => "device-code",
        Method::Password => "password",
        Method::Sso => "sso",
    }
}

/// Lets the person sign in by single sign-on, with whom was chosen.
async fn by_browser(entry: &Entry, homeserver: &Homeserver) -> Result<SecretString, SignInError> {
    let provider = match &entry.provider {
        Some(wanted) => Some(Methods::of(homeserver).await?.provider(wanted)?.id.clone()),
        None => None,
    };
    let show_address = |address: &str| show(Shown::Address(address), entry.browser);
    ask_browser(homeserver, &entry.user, provider.as_deref(), show_address).await
}

/// Signs in, and tells whether the user wished to stop meanwhile.
async fn enter(
    entry: &Entry,
    errand: Errand,
    secret: Option<SecretString>,
    homeserver: &Homeserver,
    keeping: Keeping,
    stops: &mut Stops,
) -> Result<(OwnSession, Wish), Failure> {
    let name = match &keeping {
        Keeping::RemoveAtEnd | Keeping::RemoveAtEndSealed => errand.name(),
        Keeping::Keep(_) => KEPT_NAME,
    };
    if let SignIn::OAuth(way) = entry.sign_in {
        return by_oauth(entry, way, homeserver, keeping, name, stops).await;
    }
    let secret = secret.unwrap_or_default();
    let credentials = match entry.sign_in {
        SignIn::AccessTokenFile(_) | SignIn::TokenPrompt => Credentials::AccessToken(secret),
        SignIn::Sso => Credentials::LoginToken(secret),
        _ => Credentials::Password(secret),
    };
    let signing_in = OwnSession::sign_in_as(homeserver, &entry.user, credentials, keeping, name);
    match entry.sign_in {
        // Nothing is created.
        SignIn::AccessTokenFile(_) | SignIn::TokenPrompt => {
            let entered = stops
                .unless_stopped(signing_in)
                .await
                .map_err(|Stopped| nothing_changed())?;
            Ok((entered?, Wish::GoOn))
        }
        // A request that is under way may make a session: its answer is awaited, so that the session can be removed.
        _ => {
            let progress = Progress::begin("signing in");
            let told = || progress.say("stopping as soon as the server has answered");
            match stops.finishing(signing_in, told).await {
                Ok((Ok(session), wish)) => Ok((session, wish)),
                Ok((Err(error), Wish::GoOn)) => Err(not_entered(error, errand)),
                Ok((Err(_), Wish::Stop)) => Err(nothing_changed()),
                Err(Stopped) => Err(may_remain("You stopped while the server was signing you in.", name)),
            }
        }
    }
}

/// Says why nobody was let in. Whoever wants a new password may not know the old one, which is no obstacle.
fn not_entered(error: SignInError, errand: Errand) -> Failure {
    let forgotten = errand == Errand::Reset && matches!(error, SignInError::WrongPassword { .. });
    let failure = Failure::from(error);
    if !forgotten {
        return failure;
    }
    Failure {
        hint:
            "Type it again. If you have forgotten it, add --forgotten: the server then sends a mail with a link. With \
               the access token of a session that is signed in (--access-token-file) Lifeboat can check more before."
                .to_owned(),
        ..failure
    }
}

/// Signs in at the authorization server. A first wish to stop ends the waiting for the person; an answer that is under
/// way may make a session, and is awaited.
async fn by_oauth(
    entry: &Entry,
    way: OAuthWay,
    homeserver: &Homeserver,
    keeping: Keeping,
    name: &str,
    stops: &mut Stops,
) -> Result<(OwnSession, Wish), Failure> {
    let stop = Notify::new();
    let showing = |shown: Shown<'_>| show(shown, entry.browser);
    let signing_in =
        OwnSession::sign_in_by_oauth(homeserver, &entry.user, way, keeping, name, showing, stop.notified());
    match stops.finishing(signing_in, || stop.notify_one()).await {
        Ok((Ok(session), wish)) => Ok((session, wish)),
        Ok((Err(error), Wish::GoOn)) => Err(error.into()),
        Ok((Err(_), Wish::Stop)) => Err(nothing_changed()),
        Err(Stopped) => Err(may_remain("You stopped while the server was signing you in.", name)),
    }
}

/// Says at once what becomes of the session.
fn signed_in(session: &OwnSession, errand: Errand, homeserver: &Homeserver) -> String {
    let server = homeserver.base_url().host_str().unwrap_or_default();
    match session.kind() {
        SessionKind::Throwaway => {
            let word = errand.word();
            format!("Signed in to {server}. This session removes itself when the {word} is done.")
        }
        SessionKind::Borrowed => format!("Looking through the lent session at {server}. It stays as it is."),
        SessionKind::Kept => format!("Signed in to {server}. This session is kept for the next command."),
    }
}

/// Opens the session that is kept of the account. Where its key is in a keyring that is closed, the person is told why
/// Lifeboat signs in once more; a session that is to be kept does not take its place.
fn kept_session(entry: &Entry, afterwards: Afterwards, console: &mut Console) -> Result<Option<KeepIn>, Failure> {
    let Ok(place) = Kept::of(&entry.user) else {
        return Ok(None);
    };
    let found = place.find()?;
    if found.is_none() && place.is_precious() {
        if afterwards == Afterwards::Keep {
            return Err(place.closed());
        }
        console.caution(
            CLOSED,
            "It stays as it is. Unlock this system’s keyring and run the command again to use it.",
        );
    }
    Ok(found)
}

fn tell_where(place: &KeyPlace, kept: Option<&Kept>, console: &mut Console) {
    let folder = kept.map(|it| it.folder().display().to_string()).unwrap_or_default();
    match place {
        KeyPlace::Keyring => {
            console.note(&format!(
                "The session is kept in {folder}; the key to it is in this system’s keyring."
            ));
        }
        KeyPlace::File(file) => {
            let file = file.display();
            console.note(&format!(
                "The session is kept in {folder}. No keyring answered, so the key to it lies beside it in {file}, \
                 which only you can read."
            ));
        }
    }
}

fn no_secret() -> Failure {
    Failure::usage(
        "There is no terminal to ask for your password, and none is given.",
        "Give it with --password-file or --password-fd, or an access token with --access-token-file; or sign in with a \
         browser: --auth device-code.",
    )
}

#[cfg(test)]
mod tests {
    use lifeboat_preflight::UnlockError;

    use super::*;
    use crate::session::NOTHING_CHANGED;

    #[test]
    fn what_may_be_there_is_named_and_nothing_said_against_it() {
        let told = |wrong: &str| may_be_there(Failure::interrupted(wrong, "Begin again."), "ABCDEFGHIJ").wrong;
        assert_eq!(
            told(NOTHING_CHANGED),
            "You stopped it. “Lifeboat” (ABCDEFGHIJ) may be in your account."
        );
        let remains = may_remain("You stopped.", KEPT_NAME).wrong;
        assert_eq!(told(&remains), remains);
    }

    #[test]
    fn a_session_that_may_be_opened_again_is_not_to_be_removed() {
        let user = UserId::parse("@mira:example.org").unwrap();
        let hint = |error| not_reopened(error, &user).hint;
        let held = hint(SignInError::Store("database is locked".to_owned()));
        assert!(held.starts_with("Close what else uses "), "{held}");
        let damaged = hint(SignInError::NotOpened);
        assert!(damaged.contains("remove"), "{damaged}");
        for failure in [
            Failure::from(SignInError::Store("disk I/O error".to_owned())),
            Failure::from(UnlockError::Store("disk I/O error".to_owned())),
        ] {
            assert!(!failure.hint.to_lowercase().contains("remove"), "{}", failure.hint);
        }
    }

    #[test]
    fn a_lent_session_is_never_kept() {
        for (sign_in, expected) in [
            (SignIn::TokenPrompt, Afterwards::Remove),
            (SignIn::AccessTokenFile("token".into()), Afterwards::Remove),
            (SignIn::Prompt, Afterwards::Keep),
            (SignIn::OAuth(OAuthWay::Browser), Afterwards::Keep),
        ] {
            assert_eq!(afterwards(Afterwards::Keep, &sign_in), expected, "{sign_in:?}");
            assert_eq!(afterwards(Afterwards::Remove, &sign_in), Afterwards::Remove);
        }
    }
}
