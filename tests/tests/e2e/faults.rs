//! Every request of a command, and for each every way in which it can go wrong.

mod check;
mod matrix;
mod rescue;
mod reset;
mod restore;
mod table;

use std::time::Duration;

use anyhow::{Result, ensure};
use lifeboat_tests::account::History;
use lifeboat_tests::lifeboat::{Lifeboat, Outcome};
use lifeboat_tests::proxy::{Exchange, Fault, Proxy, Reply};
use serde_json::json;

pub(crate) use self::reset::is_password;

/// As little as an account can have that something can be lost of.
const SMALL: History = History {
    rooms: 1,
    messages_each: 3,
    messages_per_key: 1,
};

/// How long everybody waits, on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// As people would.
    Unhurried,
    /// A tenth of it, as a debug build does that is told so.
    Tenfold,
}

impl Pace {
    fn of(self, wait: Duration) -> Duration {
        match self {
            Self::Unhurried => wait,
            Self::Tenfold => wait / 10,
        }
    }

    /// How long a run may take to whose waits, at a tenth of their length, this is time enough.
    fn deadline(self, at_a_tenth: Duration) -> Duration {
        match self {
            Self::Unhurried => at_a_tenth * 3,
            Self::Tenfold => at_a_tenth,
        }
    }

    /// Has Lifeboat wait like this.
    fn given_to(self, command: Lifeboat) -> Lifeboat {
        match self {
            Self::Unhurried => command,
            Self::Tenfold => command.env("LIFEBOAT_TEST_HURRY", "10"),
        }
    }
}

/// One way in which a request goes wrong, each time it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Nobody listens any more: this request and all after it.
    Gone,
    CutBefore,
    CutAfter,
    CutInside,
    /// Longer than Lifeboat waits for any answer.
    Silence,
    Limited,
    /// The first time only: whoever waits as long as the server says gets its answer.
    LimitedForAMoment,
    InternalError,
    BadGateway,
    UnknownToken,
    Forbidden,
    OtherShape,
    Empty,
    Twice,
    Trickle,
}

impl Kind {
    const ALL: [Self; 15] = [
        Self::Gone,
        Self::CutBefore,
        Self::CutAfter,
        Self::CutInside,
        Self::Silence,
        Self::Limited,
        Self::LimitedForAMoment,
        Self::InternalError,
        Self::BadGateway,
        Self::UnknownToken,
        Self::Forbidden,
        Self::OtherShape,
        Self::Empty,
        Self::Twice,
        Self::Trickle,
    ];

    /// What the tables call it.
    fn short(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::CutBefore => "before",
            Self::CutAfter => "after",
            Self::CutInside => "inside",
            Self::Silence => "silence",
            Self::Limited => "429",
            Self::LimitedForAMoment => "429+",
            Self::InternalError => "500",
            Self::BadGateway => "502",
            Self::UnknownToken => "401",
            Self::Forbidden => "403",
            Self::OtherShape => "shape",
            Self::Empty => "empty",
            Self::Twice => "twice",
            Self::Trickle => "trickle",
        }
    }

    /// Tells whether Lifeboat waits it out for a while.
    fn waits(self) -> bool {
        matches!(self, Self::Silence | Self::Limited)
    }

    fn fault(self, pace: Pace) -> Fault {
        let limited = Reply::error(429, "M_LIMIT_EXCEEDED", "Too Many Requests");
        match self {
            Self::Gone => Fault::Gone,
            Self::CutBefore => Fault::CutBefore,
            Self::CutAfter => Fault::CutAfter,
            Self::CutInside => Fault::CutInside,
            Self::Silence => Fault::Late(pace.of(Duration::from_secs(60))),
            Self::Limited => Fault::Answer(limited),
            Self::LimitedForAMoment => Fault::Answer(limited.header("Retry-After", "1")),
            Self::InternalError => Fault::Answer(Reply::error(500, "M_UNKNOWN", "Internal server error")),
            Self::BadGateway => Fault::Answer(Reply::text(502, "text/html", "<h1>Bad gateway</h1>")),
            Self::UnknownToken => Fault::Answer(Reply::error(401, "M_UNKNOWN_TOKEN", "Token is not active")),
            Self::Forbidden => Fault::Answer(Reply::error(403, "M_FORBIDDEN", "Forbidden")),
            Self::OtherShape => Fault::Answer(Reply::json(200, &json!([{"of another": ["shape", 1, null]}]))),
            Self::Empty => Fault::Answer(Reply::text(200, "application/json", "")),
            Self::Twice => Fault::Twice,
            Self::Trickle => Fault::Trickle(Duration::from_millis(1)),
        }
    }

    /// Puts it in the way of every request that `asks`.
    fn in_the_way(self, pace: Pace, proxy: &Proxy, mut asks: impl FnMut(&Exchange) -> bool + Send + 'static) {
        let mut seen = 0;
        proxy.intercept(move |it| {
            let hit = asks(it);
            seen += u64::from(hit);
            let strikes = match self {
                Self::Gone => seen > 0,
                Self::LimitedForAMoment => hit && seen == 1,
                _ => hit,
            };
            strikes.then(|| self.fault(pace))
        });
    }
}

/// A request, whatever ids are in its path.
fn name_of(it: &Exchange) -> String {
    let is_id = |part: &str| {
        let of_a_device = part.len() == 10 && part.chars().all(|letter| letter.is_ascii_uppercase());
        let of_a_message = part.len() == 32 && part.chars().all(|digit| digit.is_ascii_hexdigit());
        of_a_device
            || of_a_message
            || part.contains(['@', '!', '$', '%'])
            || part.chars().all(|digit| digit.is_ascii_digit())
    };
    let part = |part: &str| match part {
        "" => String::new(),
        _ if is_id(part) => "…".to_owned(),
        _ => match part.split_once("m.secret_storage.key.") {
            Some(_) => "m.secret_storage.key.…".to_owned(),
            None => part.to_owned(),
        },
    };
    let path: Vec<String> = it.path.split('/').map(part).collect();
    format!("{} {}", it.method, path.join("/"))
}

/// What every run owes a person, whatever happens: what it was asked for, or an end in words.
fn ends_in_words(outcome: &Outcome) -> Result<()> {
    ensure!(!outcome.stderr.contains("panicked"), "it panicked\n{outcome}");
    let code = outcome.code()?;
    let document = outcome.json();
    if code != 1 && document.as_ref().is_ok_and(|it| it["error"].is_null()) {
        return Ok(());
    }
    outcome.ensure_two_sentences()?;
    // Programs are told the same.
    let document = document?;
    ensure!(
        document["exit"] == code && code != 0,
        "another status is told\n{outcome}"
    );
    let told = [&document["error"], &document["hint"]];
    ensure!(
        told.iter().all(|it| it.as_str().is_some_and(|it| !it.is_empty())),
        "no two sentences for programs\n{outcome}"
    );
    Ok(())
}
