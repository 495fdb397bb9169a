//! In and out: the session that a command works with, and that it removes again whatever happens.

use std::{
    io::{self, Write},
    panic::AssertUnwindSafe,
    path::Path,
};

use futures_util::FutureExt;
use lifeboat_preflight::{
    Credentials, Homeserver, Keeping, Left, OwnSession, SessionKind, discover,
};
use secrecy::SecretString;

use crate::{
    failure::Failure,
    kept::{KeyPlace, Kept},
    resolve::{Afterwards, Entry, SignIn},
    secrets::{self, Purpose, Readers},
    signals::{Stopped, Stops, Wish},
    ui::{
        clean::clean,
        console::Console,
        progress::Progress,
        prompt::{self, TerminalMode},
    },
};

/// What the session of a command is called in the account's list of sessions.
const NAME: &str = "Lifeboat check (removes itself)";

/// The way into an account: what is known before anything is asked of its server.
pub(crate) struct Way {
    entry: Entry,
    afterwards: Afterwards,
    secret: Option<SecretString>,
}

impl Way {
    /// Reads the secrets that lie in files, so that a wrong file is noticed before any network is used.
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
            SignIn::Prompt | SignIn::KeptOnly | SignIn::Sso => None,
        };
        Ok(Self { entry, afterwards, secret })
    }

    /// Finds the homeserver. Sends no secret.
    pub(crate) async fn discover(&self, stops: &mut Stops) -> Result<Homeserver, Failure> {
        let _progress = Progress::begin("looking for the server");
        let found = discover(&self.entry.user, self.entry.homeserver.as_deref(), self.entry.network.clone());
        Ok(stops.unless_stopped(found).await.map_err(|Stopped| nothing_changed())??)
    }

    /// Signs in: with a kept session if there is one, else with what was given, else with what the person types.
    ///
    /// `ask` asks for whatever else the command needs of the person; it is called after the password was typed and
    /// before the session exists, so that no session waits for a person.
    pub(crate) async fn sign_in<T: Send + 'static>(
        mut self,
        homeserver: &Homeserver,
        stops: &mut Stops,
        console: &mut Console,
        ask: impl FnOnce() -> Result<T, Failure> + Send + 'static,
    ) -> Result<(OwnSession, T), Failure> {
        let borrowing = matches!(self.entry.sign_in, SignIn::AccessTokenFile(_));
        if !borrowing && let Some(session) = self.reopen(homeserver, stops, console).await? {
            return Ok((session, asked(stops, ask).await?));
        }
        if self.entry.sign_in == SignIn::KeptOnly {
            return Err(Failure::usage(
                "There is no terminal to ask for your password, and none is given.",
                "Give it with --password-file or --password-fd, or an access token with --access-token-file.",
            ));
        }
        if self.entry.sign_in == SignIn::Prompt {
            let question = format!("Password of {} (it is not shown)", self.entry.user);
            self.secret = Some(asked(stops, move || prompt::ask(&question)).await?);
        }
        let extra = asked(stops, ask).await?;
        Ok((self.sign_in_anew(homeserver, stops, console).await?, extra))
    }

    async fn reopen(
        &self,
        homeserver: &Homeserver,
        stops: &mut Stops,
        console: &mut Console,
    ) -> Result<Option<OwnSession>, Failure> {
        let Some(kept) = Kept::of(&self.entry.user)?.find()? else { return Ok(None) };
        let reopened = OwnSession::reopen(homeserver, &self.entry.user, kept);
        let session = stops.unless_stopped(reopened).await.map_err(|Stopped| nothing_changed())??;
        match &session {
            Some(_) => console.note("Using the session that Lifeboat kept on this machine."),
            None => console.note("The session that Lifeboat kept on this machine has ended."),
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
        let (keeping, place) = match self.afterwards {
            Afterwards::Remove => (Keeping::RemoveAtEnd, None),
            Afterwards::Keep => {
                let (keep_in, place) = kept.as_ref().map_err(Clone::clone)?.prepare()?;
                (Keeping::Keep(keep_in), Some(place))
            }
        };
        let entered = enter(&self.entry, self.secret, homeserver, keeping, stops, console).await;
        match (&entered, place) {
            (Ok(_), Some(place)) => tell_where(&place, kept.as_ref().ok(), console),
            (Err(_), Some(_)) => kept.iter().for_each(Kept::forget),
            (_, None) => {}
        }
        entered
    }
}

async fn enter(
    entry: &Entry,
    secret: Option<SecretString>,
    homeserver: &Homeserver,
    keeping: Keeping,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<OwnSession, Failure> {
    let secret = secret.unwrap_or_default();
    let credentials = match entry.sign_in {
        SignIn::AccessTokenFile(_) => Credentials::AccessToken(secret),
        SignIn::Sso => Credentials::Sso(Box::new(show_address)),
        _ => Credentials::Password(secret),
    };
    let waits_for_person = matches!(credentials, Credentials::Sso(_));
    let creates_nothing = matches!(credentials, Credentials::AccessToken(_));
    let signing_in = OwnSession::sign_in(homeserver, &entry.user, credentials, keeping);
    if waits_for_person {
        return match stops.unless_stopped(signing_in).await {
            Ok(entered) => Ok(entered?),
            Err(Stopped) => Err(may_remain("You stopped while the browser was signing in.")),
        };
    }
    let progress = Progress::begin("signing in");
    if creates_nothing {
        return Ok(stops.unless_stopped(signing_in).await.map_err(|Stopped| nothing_changed())??);
    }
    // A request that is under way may make a session: its answer is awaited, so that the session can be removed.
    let told = || progress.say("stopping as soon as the server has answered");
    let (entered, wish) = stops
        .finishing(signing_in, told)
        .await
        .map_err(|Stopped| may_remain("You stopped while the server was signing you in."))?;
    drop(progress);
    match (entered, wish) {
        (entered, Wish::GoOn) => Ok(entered?),
        (Ok(session), Wish::Stop) => Err(left_after_stop(session, stops, console).await),
        (Err(_), Wish::Stop) => Err(nothing_changed()),
    }
}

/// Does `work` with the session and then leaves it: at the end, on an error, on a panic, and when the user stops.
pub(crate) async fn with_session<T>(
    session: OwnSession,
    stops: &mut Stops,
    console: &mut Console,
    work: impl AsyncFnOnce(&OwnSession) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let worked = stops.unless_stopped(AssertUnwindSafe(work(&session)).catch_unwind()).await;
    match worked {
        Ok(result) => {
            leave(session, Wish::GoOn, stops, console).await?;
            result.unwrap_or_else(|_| Err(own_mistake()))
        }
        Err(Stopped) => Err(left_after_stop(session, stops, console).await),
    }
}

/// Leaves because the user wished to stop, and says so.
async fn left_after_stop(session: OwnSession, stops: &mut Stops, console: &mut Console) -> Failure {
    if session.kind() != SessionKind::Throwaway {
        return nothing_changed();
    }
    console.note("Stopping: removing the session of this check. Ctrl-C once more leaves it behind.");
    match leave(session, Wish::Stop, stops, console).await {
        Ok(Left::Removed) => Failure::interrupted(
            "You stopped it. The session of this check is removed, and nothing else was changed.",
            AGAIN,
        ),
        Ok(Left::Stays) => may_remain("You stopped it."),
        Err(failure) => failure,
    }
}

/// Leaves. A session that cannot be removed is no reason to withhold the result: it is told on stderr.
async fn leave(
    session: OwnSession,
    wish: Wish,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<Left, Failure> {
    let leaving = session.leave();
    let left = match wish {
        Wish::Stop => stops.unless_stopped(leaving).await,
        // The result is there already, so a first Ctrl-C has nothing left to stop.
        Wish::GoOn => stops.finishing(leaving, || ()).await.map(|(left, _)| left),
    };
    match left {
        Ok(Ok(left)) => Ok(left),
        Ok(Err(error)) => {
            let failure = may_remain(&format!("The session of this check could not be removed: {error}"));
            console.caution(&failure.wrong, &failure.hint);
            Ok(Left::Stays)
        }
        Err(Stopped) => Err(may_remain("You stopped before the session of this check was removed.")),
    }
}

/// Asks the person on a thread of its own, so that signals are heard meanwhile.
pub(crate) async fn asked<T: Send + 'static>(
    stops: &mut Stops,
    question: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    let mode = TerminalMode::remember();
    match stops.unless_stopped(tokio::task::spawn_blocking(question)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) => Err(own_mistake()),
        Err(Stopped) => {
            mode.restore();
            Err(nothing_changed())
        }
    }
}

/// Warns of a secret in a file that others can read.
pub(crate) fn warn_of_readers(console: &mut Console, readers: Readers, file: &Path) {
    if readers == Readers::Others {
        let file = file.display();
        console.caution(&format!("{file} can be read by others on this machine."), &format!("Run  chmod 600 {file}"));
    }
}

fn show_address(address: &str) {
    let text = format!(
        "Open this address in a browser on this machine, and sign in there within ten minutes:\n\n  {}\n\n\
         If this machine has no browser, lead the port of its redirect address here with  ssh -L  first.\n",
        clean(address, usize::MAX)
    );
    // Without stderr the person cannot read the address, and the waiting ends by itself.
    let _ = io::stderr().write_all(text.as_bytes());
}

fn tell_where(place: &KeyPlace, kept: Option<&Kept>, console: &mut Console) {
    let folder = kept.map(|it| it.folder().display().to_string()).unwrap_or_default();
    match place {
        KeyPlace::Keyring => {
            console.note(&format!("The session is kept in {folder}; the key to it is in this system’s keyring."));
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

const AGAIN: &str = "Run the same command to begin again.";

fn nothing_changed() -> Failure {
    Failure::interrupted("You stopped it. Nothing was changed.", AGAIN)
}

fn may_remain(why: &str) -> Failure {
    Failure::interrupted(
        format!("{why} The session “{NAME}” may remain in your account."),
        "If it is there, sign it out in Element: Settings → Sessions.",
    )
}

fn own_mistake() -> Failure {
    Failure::failed("Lifeboat itself failed. This is its mistake, not yours.", "Please report it, with what  -vv  shows.")
}
