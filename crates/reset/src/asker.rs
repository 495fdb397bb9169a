//! How a reset speaks with the person whose account it is.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use lifeboat_preflight::{FetchProgress, ForecastProgress, Shown, Waiting, ark::ArkProgress};
use lifeboat_report::Step;
use secrecy::SecretString;
use tokio::sync::Notify;

use crate::route::account_page::AccountPage;

/// Asks and tells. Somebody who is not there answers nothing, which means to stop or to go on without.
pub trait Asker: Send + Sync {
    /// Tells what happens.
    fn tell(&self, news: News<'_>);

    /// Asks for another recovery key after one was refused, with the words why; `None`: there is no other.
    fn another_recovery_key(&self, why: String) -> BoxFuture<'_, Option<SecretString>>;

    /// Waits until the person says that the password was changed on the account page, or wants to stop.
    fn changed_on_page<'a>(&'a self, page: &'a AccountPage, look: PageLook) -> BoxFuture<'a, PageAnswer>;

    /// Asks for the code from the mail, where the server wants one; `None`: nobody has it.
    fn code_from_mail(&self) -> BoxFuture<'_, Option<SecretString>>;
}

/// Why a person is asked about the account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageLook {
    /// The page is to be opened.
    First,
    /// The new password does not work yet.
    NotYet,
}

/// What a person says at the account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageAnswer {
    /// The password was changed.
    Changed,
    /// Nobody is there to say it: a sign-in now and then shows it.
    NobodyKnows,
    /// It was not, and the reset is to stop here.
    Stop,
}

/// Which password turned out to be the account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TruePassword {
    /// The new one: the change was made.
    New,
    /// The old one: the change was not made.
    Old,
    /// Not the new one; the old one is not known here.
    NotNew,
}

/// How a session came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndedBy {
    /// Lifeboat signed it out.
    Lifeboat,
    /// The person did, on the account's page.
    AccountPage,
    /// It was gone already.
    Itself,
}

/// What happens during a reset.
#[derive(Debug)]
#[non_exhaustive]
pub enum News<'a> {
    /// A step begins.
    Begins(&'a Step),
    /// A step is done.
    Done(&'a Step),
    /// Identity and key backup are those that were checked.
    Unchanged,
    /// Nobody is signed in who could see whether something has changed since the check.
    CannotLook,
    /// A mail was asked for; a server may also have pretended to send one.
    MailAsked {
        /// Which mail this is, from 1.
        attempt: u32,
    },
    /// Nobody has confirmed the link yet.
    Waiting {
        /// For how long the newest link is still good, on a server with common settings.
        left: Duration,
        /// How long it takes until another mail may be asked for; nothing: it may be now.
        another_in: Duration,
    },
    /// The server wants this to be tried again later, and it will be.
    RateLimited {
        /// How long the wait is.
        wait: Duration,
    },
    /// That wait goes on.
    StillLimited {
        /// How long yet.
        left: Duration,
    },
    /// Another mail was wished for, and it is too early for one.
    MailLater {
        /// How long yet.
        left: Duration,
    },
    /// The code was not the one from the mail.
    WrongCode,
    /// The password is not changed on the account page yet.
    NotOnPageYet,
    /// The person is to sign in here, now with the new password.
    SignInAt(Shown<'a>),
    /// The person is to sign a session out on the account's page.
    EndOnPage {
        /// Its device id.
        device: &'a str,
        /// The page.
        url: &'a str,
    },
    /// Requests follow between which the server may want to be left alone: this tells whether it does.
    MayWait(&'a Waiting),
    /// A session that was to end has ended.
    SessionEnded {
        /// Its device id.
        device: &'a str,
        /// How.
        by: EndedBy,
    },
    /// An ark is being saved.
    Saving(&'a ArkProgress),
    /// A step is left out: not everything that was readable before is readable now.
    LeftOut(&'a Step),
    /// The account is checked once more, for the second status file.
    ChecksAgain(&'a ForecastProgress),
    /// The server could not be reached, and is tried again.
    TriesAgain,
    /// It was found out what an unanswered change did.
    FoundOut(TruePassword),
    /// Room keys are coming back.
    RoomKeys(&'a FetchProgress),
    /// Messages are being decrypted.
    History(&'a ForecastProgress),
}

/// Asks nobody.
#[derive(Clone, Copy, Debug)]
pub struct NobodyThere;

impl Asker for NobodyThere {
    fn tell(&self, _: News<'_>) {}

    fn another_recovery_key(&self, _: String) -> BoxFuture<'_, Option<SecretString>> {
        Box::pin(async { None })
    }

    fn changed_on_page<'a>(&'a self, _: &'a AccountPage, _: PageLook) -> BoxFuture<'a, PageAnswer> {
        Box::pin(async { PageAnswer::NobodyKnows })
    }

    fn code_from_mail(&self) -> BoxFuture<'_, Option<SecretString>> {
        Box::pin(async { None })
    }
}

/// What a person may wish while a reset waits.
#[derive(Clone, Debug, Default)]
pub struct Wishes(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stop: AtomicBool,
    mail: AtomicBool,
    news: Notify,
}

impl Wishes {
    /// Wishes to stop at the next moment at which nothing is half done.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::SeqCst);
        self.0.news.notify_waiters();
    }

    /// Wishes for another mail.
    pub fn another_mail(&self) {
        self.0.mail.store(true, Ordering::SeqCst);
        self.0.news.notify_waiters();
    }

    /// Tells whether somebody wishes to stop.
    pub fn is_stop(&self) -> bool {
        self.0.stop.load(Ordering::SeqCst)
    }

    /// Tells whether somebody wished for another mail, once.
    pub(crate) fn take_mail(&self) -> bool {
        self.0.mail.swap(false, Ordering::SeqCst)
    }

    /// Waits for `time`, or until somebody wishes something.
    pub(crate) async fn wait(&self, time: Duration) {
        let news = self.0.news.notified();
        if self.is_stop() || self.0.mail.load(Ordering::SeqCst) {
            return;
        }
        // Either way the caller looks at the wishes next.
        let _ = tokio::time::timeout(time, news).await;
    }

    /// Waits until somebody wishes to stop.
    pub(crate) async fn stopped(&self) {
        while !self.is_stop() {
            let news = self.0.news.notified();
            if self.is_stop() {
                return;
            }
            news.await;
        }
    }
}
