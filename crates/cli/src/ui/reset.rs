//! What a reset brought.

#[cfg(test)]
mod tests;

use std::path::Path;

use lifeboat_report::{
    Aboard, Fate, HistoryProof, Plan, Route, Severity, StatusFile, Step, grouped, history::IdentityStanding,
};
use lifeboat_reset::Finished;
use serde_json::{Value, json};

use super::{clean::clean_sentence, page::Page, style::Tone};
use crate::advice::CommandLine;

/// Renders it for a terminal of `width` columns; `before` is the check that the plan was cleared by.
pub(crate) fn render(
    plan: &Plan,
    finished: &Finished,
    before: Option<&StatusFile>,
    account: &CommandLine,
    folder: &Path,
    width: usize,
) -> String {
    let mut page = Page::new(width);
    page.gap();
    if plan.route == Route::SynapseAdmin {
        page.paragraph(" ", &format!("{} The new password of {} is set.", tick(), plan.account));
        page.paragraph(" ", administrator(plan.fate));
        page.gap();
        return page.finish();
    }
    match &finished.history {
        Some(proof) => history(&mut page, proof),
        None => page.paragraph(" ", &format!("{} {}", tick(), without_proof(plan, finished))),
    }
    if let Some(before) = before {
        accepted(&mut page, plan, before);
    }
    if let Some(time) = finished.without_session {
        let words = format!(
            "For {:.1} seconds at most, no session could receive the keys of new messages.",
            time.as_secs_f64()
        );
        page.paragraph(" ", &words);
    }
    match aboard(plan) {
        Aboard::Stay => {
            page.paragraph(
                " ",
                "Lifeboat stays signed in so that new messages reach you. Sign in with Element now, enter your recovery \
                 key there, then run",
            );
            page.command(3, &account.command("leave", []).to_string());
        }
        Aboard::Leave if plan.ends_sessions() => {
            page.paragraph(
                " ",
                "Your other sessions are still signed in, but for those that you had signed out.",
            );
        }
        Aboard::Leave => page.paragraph(
            " ",
            "Your sessions are still signed in. Type the new password the next time one of them asks for it.",
        ),
    }
    let left_out = finished.left_out.iter().map(|it| plan.effect(it));
    for effect in left_out {
        page.paragraph(" ", &format!("{} Left out: {effect}", Tone::Bad.paint("!")));
    }
    if plan.steps.contains(&Step::SaveArk) {
        page.aside(
            1,
            &format!("The ark: {}", folder.join("before.ark").display()),
            Tone::Faint,
        );
    }
    page.aside(1, &format!("Before and after: {}", folder.display()), Tone::Faint);
    page.gap();
    let losses = finished.history.as_ref().filter(|it| !it.holds());
    let losses = losses.map(|it| super::history::render(it, width)).unwrap_or_default();
    format!("{}{losses}", page.finish())
}

fn tick() -> String {
    Tone::Good.paint("✓")
}

fn history(page: &mut Page, proof: &HistoryProof) {
    let identity = match proof.identity {
        IdentityStanding::Same => " Your identity is unchanged.",
        IdentityStanding::Changed => " Your identity is another one than before.",
        IdentityStanding::Unknown => "",
    };
    let (before, after) = (grouped(proof.before().readable), grouped(proof.after().readable));
    if proof.holds() && proof.before().readable == 0 {
        let words = format!("No message was readable before, so there is none to prove it with.{identity}");
        page.paragraph(" ", &format!("{} {words}", tick()));
        return;
    }
    if proof.holds() {
        let words = format!("{after} of {before} messages that were readable before are readable now.{identity}");
        page.paragraph(" ", &format!("{} {words}", tick()));
        return;
    }
    let lost = match (proof.lost, proof.complete) {
        (0, _) => "not every message could be looked for again".to_owned(),
        (lost, _) => format!(
            "{} messages that were readable before are not readable now",
            grouped(lost)
        ),
    };
    page.paragraph(" ", &format!("{} {lost}.{identity}", Tone::Bad.paint("!")));
}

/// Names once more what was given up knowingly: the proof is about what was readable from the backup before.
fn accepted(page: &mut Page, plan: &Plan, before: &StatusFile) {
    let blockers = before.findings.iter().filter(|it| it.severity == Severity::Blocker);
    for finding in blockers.filter(|it| plan.waived.contains(&it.code)) {
        let words = format!(
            "You had accepted this ({}): {}",
            finding.code,
            clean_sentence(&finding.sentence)
        );
        page.paragraph(" ", &words);
    }
}

fn without_proof(plan: &Plan, finished: &Finished) -> String {
    match &finished.fetched {
        Some(fetched) => format!(
            "The new password is set, and {} backed-up keys were fetched. The history was not looked at before, so \
             nothing is proven.",
            grouped(fetched.listed)
        ),
        None if plan.steps.contains(&Step::Restore) && !finished.left_out.contains(&Step::Restore) => {
            "The new password is set, and your keys are back.".to_owned()
        }
        None => {
            "The new password is set. Without a recovery key that fits nothing was brought back: that is still in your \
                 sessions, and in the backup."
                .to_owned()
        }
    }
}

fn administrator(fate: Fate) -> &'static str {
    match fate {
        Fate::SessionsKept => {
            "The person’s sessions stay signed in. Give them the new password on a safe way, and let them change it."
        }
        Fate::SessionsEnded => {
            "Every session of the person is signed out. Give them the new password on a safe way; they need their \
             recovery key to read their history."
        }
    }
}

fn aboard(plan: &Plan) -> Aboard {
    if plan.steps.contains(&Step::Leave) {
        Aboard::Leave
    } else {
        Aboard::Stay
    }
}

/// The same for programs.
pub(crate) fn document(plan: &Plan, finished: &Finished, folder: &Path) -> Value {
    json!({
        "outcome": "done",
        "account": plan.account,
        "route": plan.route,
        "fate": plan.fate,
        "waived": plan.waived,
        "acknowledged": plan.acknowledged,
        "aboard": plan.route != Route::SynapseAdmin && aboard(plan) == Aboard::Stay,
        "room_keys": finished.fetched.as_ref().map(|it| json!({ "listed": it.listed, "rooms": it.rooms })),
        "history": finished.history,
        "without_session_ms": finished.without_session.map(|it| it.as_millis() as u64),
        "left_out": finished.left_out,
        "ark": plan.steps.contains(&Step::SaveArk).then(|| folder.join("before.ark").display().to_string()),
        "evidence": folder.display().to_string(),
    })
}
