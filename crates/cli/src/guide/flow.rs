//! The conversation as a pure stage machine: a step, what was heard at it, and what is known make the next step.
//!
//! Nothing here asks, waits or changes anything: [`super::drive`] does what a step says and reports what came of it.

#[cfg(test)]
mod tests;

use lifeboat_report::{Fate, Route};

use super::{Fix, Trip};

/// What the guide does next: asks one thing, or does one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Asks whether to go on where an earlier conversation stopped.
    TakeUp,
    /// Asks for the user id.
    Account,
    /// Asks for the address of a server that was not found by the user id.
    Server,
    /// Looks for the server, and for a reset that was interrupted.
    Discover,
    /// Asks how to sign in.
    Entrance,
    /// Signs in.
    SignIn(Entrance),
    /// Asks for the recovery key.
    RecoveryKey,
    /// Checks.
    Check,
    /// Tells what was found.
    Findings,
    /// Shows everything that was found.
    Details,
    /// Explains one fix and asks whether to do it.
    Offer(Fix),
    /// Does one fix and looks again.
    Mend(Fix),
    /// Asks what is to become of the sessions.
    Fate,
    /// Asks how the password is to be changed.
    Route,
    /// Asks whether what speaks against it is accepted.
    Accept,
    /// Shows the plan, asks, and has it carried out.
    Reset,
    /// Asks whether to finish a reset that stopped halfway.
    Unfinished,
    /// Finishes it.
    Resume,
    /// Says what to do in the apps now.
    Apps,
    /// Explains what happens when the conversation stops at this step, and asks.
    Leaving(Box<Step>),
    /// The end; what is still signed in is signed out.
    End(Ending),
}

/// How to get into the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entrance {
    /// With the password.
    Password,
    /// In the browser.
    Browser,
    /// Not at all: the password is forgotten.
    Forgotten,
}

/// How the conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It came to its end.
    Done,
    /// The person left; the next one goes on from here.
    Left,
}

/// One of the answers that a question offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// On to the next thing.
    GoOn,
    /// Do what is offered.
    Do,
    /// Leave it as it is.
    Skip,
    /// Look again.
    Again,
    /// Offer what was skipped once more.
    OfferAgain,
    /// Everything that was found.
    Details,
    /// Back to the question before.
    Back,
    /// Forget the earlier conversation.
    Anew,
    /// Another recovery key.
    OtherKey,
    /// Into the account this way.
    Enter(Entrance),
    /// Sessions are to fare like this.
    Fare(Fate),
    /// The password is to be changed like this.
    Take(Route),
    /// No reset is wanted.
    NoReset,
    /// Stop here.
    Leave,
}

/// What was heard at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// One of the answers offered.
    Chose(Choice),
    /// Something was typed, and it is understood.
    Given,
    /// Nothing was typed.
    Nothing,
    /// Ctrl-C or Escape at a question, or twice at work.
    Stop,
    /// What was to be done is done.
    Done,
    /// It was not done; the person was told why, and nothing is half done.
    Failed,
    /// A signal asks for the end, or the terminal is gone: nobody can be asked any more.
    Gone,
    /// The session is over: whatever comes next needs another one.
    SessionOver,
    /// A reset is unfinished: the password may be or is changed.
    Halfway,
}

/// Returns the next step. Total: what does not fit a step repeats it.
pub(crate) fn next(step: Step, heard: Heard, trip: &mut Trip) -> Step {
    use Choice::{Again, Anew, Back, Details, Do, Enter, Fare, GoOn, Leave, NoReset, OfferAgain, OtherKey, Skip, Take};
    use Heard::{Chose, Done, Failed, Given, Gone, Halfway, Nothing, SessionOver, Stop};
    match (step, heard) {
        (Step::End(ending), _) => Step::End(ending),
        (Step::Leaving(back), Chose(GoOn)) => *back,
        (Step::Leaving(_), _) | (_, Gone) => Step::End(Ending::Left),
        // Without anything at stake there is nothing to explain.
        (Step::Account | Step::TakeUp, Stop | Chose(Leave)) => Step::End(Ending::Left),
        (step, Stop | Chose(Leave)) => Step::Leaving(Box::new(asks_again(step))),
        (question, Failed) if question.is_question() => Step::End(Ending::Left),
        (_, Halfway) => Step::Unfinished,
        (_, SessionOver) => Step::Entrance,

        (Step::TakeUp, Chose(GoOn)) => Step::Discover,
        (Step::TakeUp, Chose(Anew)) => {
            *trip = Trip::default();
            Step::Account
        }
        (Step::Account | Step::Server, Given) => Step::Discover,
        (Step::Server, Nothing) => Step::Account,
        (Step::Discover, Done) => Step::Entrance,
        (Step::Discover, Failed) => Step::Server,

        (Step::Entrance, Chose(Enter(entrance))) => Step::SignIn(entrance),
        (Step::Entrance, Chose(Back)) => Step::Account,
        // From outside there is no secret storage that a key could open.
        (Step::SignIn(Entrance::Forgotten), Done) => Step::Findings,
        // A key that opens everything need not be typed twice.
        (Step::SignIn(_), Done) if trip.key_opens() => Step::Check,
        (Step::SignIn(_), Done) => Step::RecoveryKey,
        (Step::SignIn(_), Failed) => Step::Entrance,

        (Step::RecoveryKey, Given | Nothing) => Step::Check,
        (Step::Check, Done) => Step::Findings,
        (Step::Check, Failed) => Step::Leaving(Box::new(Step::Check)),

        (Step::Findings | Step::Details, Chose(Details)) => Step::Details,
        (Step::Details, Done) => Step::Findings,
        (Step::Findings, Chose(GoOn)) => first_fix_or(trip, Step::Fate),
        (Step::Findings, Chose(OtherKey)) => Step::RecoveryKey,
        (Step::Findings, Chose(OfferAgain)) => {
            trip.skipped.clear();
            first_fix_or(trip, Step::Fate)
        }
        // Offered where Lifeboat looked from outside.
        (Step::Findings, Chose(Back)) => Step::Entrance,
        (Step::Findings | Step::Offer(_), Chose(Again)) => Step::Check,
        (Step::Findings | Step::Fate | Step::Route, Chose(NoReset)) => Step::Apps,

        (Step::Offer(Fix::RecoveryKey), Chose(Do)) => Step::RecoveryKey,
        (Step::Offer(fix), Chose(Do)) => Step::Mend(fix),
        (Step::Offer(fix), Chose(Skip)) => {
            trip.skipped.insert(fix.code());
            first_fix_or(trip, Step::Fate)
        }
        (Step::Mend(_), Done) => first_fix_or(trip, Step::Fate),
        (Step::Mend(fix), Failed) => Step::Offer(fix),

        (Step::Fate, Chose(Fare(fate))) => {
            trip.fate = Some(fate);
            let routes = trip.routes();
            let [only] = routes.as_slice() else {
                return Step::Route;
            };
            trip.route = Some(*only);
            may_reset(trip)
        }
        (Step::Fate, Chose(Back)) => Step::Findings,
        (Step::Route, Chose(Take(route))) => {
            trip.route = Some(route);
            may_reset(trip)
        }
        (Step::Route | Step::Accept, Chose(Back)) => Step::Fate,
        (Step::Accept, Chose(Do)) => {
            trip.accepted = trip.fate;
            Step::Reset
        }
        (Step::Reset, Failed) => Step::Fate,
        (Step::Reset | Step::Resume, Done) => Step::Apps,

        (Step::Unfinished, Chose(Do)) => Step::Resume,
        (Step::Resume, Failed) => Step::Unfinished,
        (Step::Apps, _) => Step::End(Ending::Done),
        (step, _) => step,
    }
}

impl Step {
    /// Tells whether it asks and does nothing: when that fails, there is nobody to ask.
    pub(crate) fn is_question(&self) -> bool {
        !matches!(
            self,
            Self::Discover
                | Self::SignIn(_)
                | Self::Check
                | Self::Details
                | Self::Mend(_)
                | Self::Reset
                | Self::Resume
                | Self::End(_)
        )
    }
}

/// Goes to the first fix that is neither done nor skipped, else to `otherwise`.
fn first_fix_or(trip: &Trip, otherwise: Step) -> Step {
    trip.open_fix().map_or(otherwise, |it| Step::Offer(it.clone()))
}

/// What speaks against a reset is accepted before it, in so many words.
fn may_reset(trip: &Trip) -> Step {
    if trip.is_cleared() { Step::Reset } else { Step::Accept }
}

/// Returns the question that leads to a work: after an interruption it is asked again.
fn asks_again(step: Step) -> Step {
    match step {
        Step::Discover => Step::Account,
        Step::SignIn(_) => Step::Entrance,
        Step::Check => Step::RecoveryKey,
        Step::Mend(fix) => Step::Offer(fix),
        Step::Reset => Step::Fate,
        Step::Resume => Step::Unfinished,
        Step::Details => Step::Findings,
        question => question,
    }
}
