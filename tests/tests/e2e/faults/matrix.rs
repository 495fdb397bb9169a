//! Drives a command through its matrix: each of its requests, and for each every way in which it can go wrong.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::{join_all, try_join_all};
use lifeboat_tests::account::TestAccount;
use lifeboat_tests::counts;
use lifeboat_tests::lifeboat::Outcome;
use lifeboat_tests::proxy::{Exchange, Proxy};

use super::{Kind, Pace, check, ends_in_words, name_of, table};
use crate::live::end_what_is_left_behind;

/// How long an answer is waited for.
const ANSWER: Duration = Duration::from_secs(30);

/// A command, and an account that is fit for its next run after each one.
pub(super) trait Patient: Sized {
    /// What the counts call the command.
    const NAME: &'static str;
    /// How many accounts there are, and so how many runs at a time.
    const ACCOUNTS: usize;
    /// Whether runs that only wait may share an account.
    const SHARED: bool = false;
    /// How long both sides wait; the check shows the true times.
    const PACE: Pace = Pace::Tenfold;
    /// Whether what it asks to look at the account is left to the matrix of the check.
    const LOOKS_AS_THE_CHECK: bool = false;

    /// Makes an account, and whatever else the runs need.
    async fn admit() -> Result<Self>;

    fn account(&self) -> &TestAccount;

    /// Gives the command something to do, and runs it at this pace where the homeserver is at `url`.
    async fn run(&self, url: &str, pace: Pace) -> Result<Outcome>;

    /// Judges what a run did and said, and finishes what it left unfinished.
    async fn judge(&self, outcome: Outcome) -> Result<i32>;

    /// Judges the account after all runs.
    async fn discharge(self) -> Result<()>;

    /// Tells whether the part of the command with this number ends with this request: the same request is another one
    /// in the next.
    fn turns(_part: usize, _: &Exchange) -> bool {
        false
    }
}

/// A request of a command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Request {
    /// The number of the part of the command.
    pub(super) part: usize,
    pub(super) name: String,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in part {}", self.name, self.part)
    }
}

/// Tells whether a check sends this request, too, and a session that takes part in encryption does not: wherever a command
/// looks at the account, it does so as the check.
pub(super) fn is_a_look(request: &Request, of_the_check: &BTreeSet<Request>) -> bool {
    const OF_BOTH: [&str; 6] = [
        "GET /_matrix/client/v3/room_keys/keys",
        "GET /_matrix/client/v3/room_keys/version",
        "GET /_matrix/client/v3/rooms/…/messages",
        "GET /_matrix/client/v3/sync",
        "POST /_matrix/client/v3/keys/query",
        "POST /_matrix/client/v3/login",
    ];
    let looks = of_the_check.iter().any(|it| it.name == request.name);
    looks && (request.part == 0 || !OF_BOTH.contains(&request.name.as_str()))
}

/// Names requests as they come.
struct Naming {
    part: usize,
    turns: fn(usize, &Exchange) -> bool,
}

impl Naming {
    fn of<P: Patient>() -> Self {
        Self {
            part: 0,
            turns: P::turns,
        }
    }

    fn name(&mut self, it: &Exchange) -> Request {
        let request = Request {
            part: self.part,
            name: name_of(it),
        };
        self.part += usize::from((self.turns)(self.part, it));
        request
    }
}

struct Case {
    request: Request,
    kind: Kind,
}

/// The requests of a run.
pub(super) fn named<P: Patient>(log: &[Exchange]) -> BTreeSet<Request> {
    let mut naming = Naming::of::<P>();
    log.iter().map(|it| naming.name(it)).collect()
}

/// The requests of a run that nothing disturbs.
async fn requests_of<P: Patient>(patient: &P) -> Result<BTreeSet<Request>> {
    let proxy = Proxy::start(&patient.account().homeserver.base_url).await?;
    let outcome = patient.run(&proxy.base_url(), Pace::Unhurried).await?;
    let requests = named::<P>(&proxy.log());
    let told = outcome.to_string();
    let code = patient.judge(outcome).await.with_context(|| told.clone())?;
    ensure!(code == 0, "undisturbed it ends with {code}\n{told}");
    Ok(requests)
}

async fn disturbed<P: Patient>(patient: &P, case: &Case, pace: Pace) -> Result<i32> {
    let proxy = Proxy::start(&patient.account().homeserver.base_url).await?;
    let (request, mut naming) = (case.request.clone(), Naming::of::<P>());
    case.kind.in_the_way(pace, &proxy, move |it| naming.name(it) == request);
    let outcome = patient.run(&proxy.base_url(), pace).await?;
    drop(proxy);
    ends_in_words(&outcome)?;
    let told = outcome.to_string();
    patient.judge(outcome).await.context(told)
}

/// Runs the command once where this request meets a silence of its true length, and makes sure that it ends with `code`.
pub(super) async fn true_silence<P: Patient>(part: usize, name: &str, code: i32) -> Result<()> {
    let told = || format!("{}: a true silence at {name}", P::NAME);
    let patient = P::admit().await?;
    let case = Case {
        request: Request {
            part,
            name: name.to_owned(),
        },
        kind: Kind::Silence,
    };
    let begun = Instant::now();
    let ended = disturbed(&patient, &case, Pace::Unhurried).await.with_context(told)?;
    ensure!(ended == code, "{} ended with {ended}", told());
    ensure!(begun.elapsed() >= ANSWER, "{} was not waited for", told());
    end_what_is_left_behind(patient.account()).await?;
    patient.discharge().await.with_context(told)
}

/// What came of the cases: each exit status, and what was wrong.
#[derive(Default)]
struct Ends {
    statuses: table::Statuses,
    wrong: Vec<String>,
}

impl Ends {
    fn note(&mut self, case: &Case, end: Result<i32>) {
        match end {
            Ok(code) => drop(self.statuses.insert((case.request.clone(), case.kind), code)),
            Err(error) => self
                .wrong
                .push(format!("{} and {:?}: {error:?}", case.request, case.kind)),
        }
    }
}

/// Takes one case after the other until there is none left.
async fn work<P: Patient>(patient: P, cases: &RefCell<VecDeque<Case>>, ends: &RefCell<Ends>) -> Result<()> {
    loop {
        let Some(case) = cases.borrow_mut().pop_front() else {
            return patient.discharge().await;
        };
        let end = disturbed(&patient, &case, P::PACE).await;
        end_what_is_left_behind(patient.account()).await?;
        ends.borrow_mut().note(&case, end);
    }
}

/// Runs the command once for each of its requests but those that `shown` tells of, which knows the check's where they are left
/// to that, and each kind of fault; says how often it came to which end.
pub(super) async fn matrix<P: Patient>(
    kinds: &[Kind],
    shown: impl Fn(&Request, &BTreeSet<Request>) -> bool,
) -> Result<()> {
    let first = P::admit().await?;
    let all = requests_of(&first).await?;
    let of_the_check = match P::LOOKS_AS_THE_CHECK {
        true => check::requests(first.account()).await?,
        false => BTreeSet::new(),
    };
    let requests: Vec<_> = all.iter().filter(|it| !shown(it, &of_the_check)).collect();
    let requests = &requests;
    let cases = |kind: Kind| {
        requests.iter().map(move |it| Case {
            request: (*it).clone(),
            kind,
        })
    };
    let (waiting, quick): (Vec<Kind>, Vec<Kind>) = kinds.iter().partition(|it| it.waits());
    let ends = RefCell::new(Ends::default());
    let mut queue = VecDeque::new();
    if P::SHARED {
        for kind in waiting {
            let runs = cases(kind).map(async |case| {
                let end = disturbed(&first, &case, P::PACE).await;
                ends.borrow_mut().note(&case, end);
            });
            join_all(runs).await;
            end_what_is_left_behind(first.account()).await?;
        }
    } else {
        queue.extend(waiting.into_iter().flat_map(cases));
    }
    queue.extend(quick.into_iter().flat_map(cases));
    let queue = RefCell::new(queue);
    let mut patients = vec![first];
    patients.extend(try_join_all((1..P::ACCOUNTS).map(|_| P::admit())).await?);
    try_join_all(patients.into_iter().map(|it| work(it, &queue, &ends))).await?;

    let Ends { statuses, wrong } = ends.into_inner();
    ensure!(wrong.is_empty(), "{} cases:\n\n{}", wrong.len(), wrong.join("\n\n"));
    let mut codes = BTreeMap::<i32, usize>::new();
    statuses.values().for_each(|it| *codes.entry(*it).or_default() += 1);
    let told: Vec<_> = codes
        .iter()
        .map(|(code, times)| format!("{times} ended with {code}"))
        .collect();
    let elsewhere = match all.len() - requests.len() {
        0 => String::new(),
        number => format!(" ({number} more are shown elsewhere)"),
    };
    counts::tell(format_args!(
        "{}: {} requests{elsewhere} × {} faults = {} runs: {}",
        P::NAME,
        requests.len(),
        kinds.len(),
        statuses.len(),
        told.join(", "),
    ))?;
    table::compare(P::NAME, &statuses)
}
