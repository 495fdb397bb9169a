//! The plan of a reset and the routes to it, before anything happens.

#[cfg(test)]
mod tests;

use lifeboat_report::{Code, FactGap, FactName, Facts, Fate, Offer, Plan, Route, Standing, Step, Undo, facts::Support};

use super::{
    clean::{clean, clean_id},
    page::Page,
    style::Tone,
};

/// Renders the plan for a terminal of `width` columns.
pub(crate) fn render(plan: &Plan, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading(&format!(
        "The plan for {}, by the route {}",
        clean_id(&plan.account),
        plan.route
    ));
    for (number, step) in (1..).zip(&plan.steps) {
        page.paragraph(&format!("{number:>4}  "), &clean(&plan.effect(step), usize::MAX));
        if let Some(request) = plan.request(step) {
            page.aside(6, &asks(request, undo(plan.undo(step))), Tone::Faint);
        }
    }
    page.gap();
    page.paragraph(" ", sessions(plan));
    if plan.ends_sessions() && !plan.steps.contains(&Step::SaveArk) {
        page.paragraph(
            " ",
            "No ark is saved before: nobody is signed in who could read what is to be saved, or it is not wanted.",
        );
    }
    if !plan.waived.is_empty() {
        page.paragraph(" ", &format!("Accepted losses: {}.", codes(&plan.waived)));
    }
    if !plan.acknowledged.is_empty() {
        page.paragraph(" ", &format!("Accepted cautions: {}.", codes(&plan.acknowledged)));
    }
    page.gap();
    page.finish()
}

fn asks(request: &str, undo: String) -> String {
    format!("{request}; {undo}")
}

fn undo(undo: Undo) -> String {
    match undo {
        Undo::NothingToUndo => "nothing to take back".to_owned(),
        Undo::By(words) => words.to_owned(),
        Undo::Never(words) => format!("cannot be taken back: {words}"),
    }
}

fn sessions(plan: &Plan) -> &'static str {
    if plan.route == Route::SynapseAdmin {
        return to_the_person(plan.fate);
    }
    let single = plan.steps.iter().any(|it| matches!(it, Step::EndSession(_)));
    let others = plan.steps.contains(&Step::EndOthers);
    match (plan.fate, single) {
        (Fate::SessionsKept, _) if others => {
            "Your sessions stay signed in until your keys are safe; then all of them are signed out but Lifeboat’s."
        }
        (Fate::SessionsKept, false) => "Your sessions stay signed in.",
        (Fate::SessionsKept, true) => "Your sessions stay signed in, but for those named above.",
        (Fate::SessionsEnded, _) => "Every session is signed out. Lifeboat stays signed in until you are back.",
    }
}

/// Says to an administrator what the reset will do to the person.
pub(crate) fn to_the_person(fate: Fate) -> &'static str {
    match fate {
        Fate::SessionsKept => {
            "The person stays signed in everywhere. The old password stops working, and you hand them the new one."
        }
        Fate::SessionsEnded => {
            "The person is signed out everywhere at once. Without their recovery key they lose every message whose keys \
             only those sessions hold, and nobody can bring them back."
        }
    }
}

/// Says to an administrator how many sessions that is; `None`: it is not known.
pub(crate) fn in_numbers(facts: &Facts, fate: Fate) -> Option<String> {
    let sessions = facts.sessions.known()?;
    let with_keys = sessions.iter().filter(|it| it.may_hold_room_keys()).count();
    let (what, keys) = match fate {
        Fate::SessionsKept => ("stay signed in", "and keep them"),
        Fate::SessionsEnded => ("are signed out", "and what only they hold is gone"),
    };
    Some(match sessions.len() {
        0 => "The account has no session.".to_owned(),
        all => format!("Sessions that {what}: {all}. Of these, {with_keys} can hold keys, {keys}."),
    })
}

/// Lists codes as they are typed.
pub(crate) fn codes(codes: &[Code]) -> String {
    let all: Vec<_> = codes.iter().map(|it| it.as_str()).collect();
    all.join(", ")
}

/// Renders the routes that there are, and whom to ask where there is none.
pub(crate) fn routes(facts: &Facts, width: usize) -> String {
    let mut page = Page::new(width);
    page.heading("Ways to change the password");
    for Offer { route, standing } in facts.routes() {
        let words = match standing {
            Standing::Open => route.to_sessions().to_owned(),
            Standing::Unsure(it) => format!("perhaps: {}", unsure(it)),
            Standing::ByAdministrator => format!("by your server’s administrators alone; {}", route.to_sessions()),
            Standing::Closed(why) => format!("not here: {}", why.words()),
        };
        page.paragraph(&format!("   {:<14} ", route.as_str()), &words);
    }
    page.gap();
    page.finish()
}

/// Says why it is not known whether a route can be taken.
fn unsure(FactGap { fact, gap }: FactGap) -> String {
    let why = gap.words();
    match fact {
        FactName::AdminApi => format!(
            "nothing shows Synapse’s Admin API at this address ({why}); your server’s administrators may reach it from \
             elsewhere"
        ),
        _ => format!("what would show it is not known ({why})"),
    }
}

/// Says of every route whether it can be taken, for programs.
pub(crate) fn routes_document(facts: &Facts) -> serde_json::Value {
    let offer = |Offer { route, standing }| {
        let (standing, why) = match standing {
            Standing::Open => ("open", None),
            Standing::Unsure(it) => ("unsure", Some(unsure(it))),
            Standing::ByAdministrator => ("by-administrator", None),
            Standing::Closed(why) => ("closed", Some(why.words().to_owned())),
        };
        serde_json::json!({ "route": route, "standing": standing, "why": why, "sessions": route.to_sessions() })
    };
    facts.routes().into_iter().map(offer).collect()
}

/// Says whom to ask when no route is open.
pub(crate) fn whom_to_ask(facts: &Facts, account: &str, letter: &str) -> String {
    let mut whom = Vec::new();
    if let Some(Some(Support { contacts, support_page })) = facts.server.support.known() {
        let addresses = contacts.iter().flat_map(|it| [&it.matrix_id, &it.email_address]);
        whom.extend(addresses.flatten().chain(support_page).map(|it| clean(it, 80)));
    }
    let panel = if is_hosted(&facts.server.base_url, account) {
        " Whoever owns this hosted server can also use its panel: the tab Server Admin."
    } else {
        ""
    };
    let whom = if whom.is_empty() {
        "the people who run your server".to_owned()
    } else {
        format!("the people who run your server: {}", whom.join(", "))
    };
    format!("Ask {whom}. Nobody else can reset your password, and no central support does.{panel} {letter}")
}

/// Tells whether the server is one of those that Element hosts, each of which has a panel.
fn is_hosted(base_url: &str, account: &str) -> bool {
    let after = [base_url.split_once("://"), account.split_once(':')];
    let mut hosts = after.into_iter().flatten().map(|(_, it)| it.split(['/', ':']).next());
    hosts.any(|it| it.is_some_and(|it| it.to_ascii_lowercase().ends_with(".ems.host")))
}
