//! Consent to a plan, by name where it cannot be taken back.

use lifeboat_rescue::{Plan, Repair};
use secrecy::SecretString;

use crate::{
    failure::Failure,
    resolve::{Agreed, Extent, Format, Person, RepairJob},
    session::asked,
    signals::Stops,
    ui::{console::Console, prompt},
};

/// Shows the plan and tells whether it is to be carried out.
pub(super) async fn given(
    job: &RepairJob,
    plan: &Plan,
    shown: &str,
    stops: &mut Stops,
    console: &mut Console,
) -> Result<bool, Failure> {
    let asks = matches!(
        job.extent,
        Extent::Apply {
            agreed: Agreed::Ask,
            ..
        }
    );
    match job.format {
        Format::Screen => console.show(shown)?,
        // Stdout is for the one document; the person who is asked reads the plan all the same.
        Format::Json if asks => shown.lines().for_each(|line| console.before_question(line)),
        Format::Json => {}
    }
    let agreed = match job.extent {
        Extent::Plan => return Ok(false),
        Extent::Apply {
            agreed: Agreed::Yes, ..
        } => true,
        // The session waits for the person here: what the plan says is what was just seen.
        Extent::Apply {
            agreed: Agreed::Ask, ..
        } => asked(stops, || prompt::yes("Do all of this?")).await?,
    };
    let resets = |it: &Repair| matches!(it, Repair::ResetIdentity { .. });
    if !agreed || job.identity_waived || !plan.repairs.iter().any(resets) {
        return Ok(agreed);
    }
    if job.person == Person::Absent {
        return Ok(false);
    }
    let user = job.entry.user.to_string();
    let question = "This gives your present identity up for good. Type your whole user id to accept that";
    let typed = asked(stops, move || prompt::line(question)).await?;
    Ok(typed == user)
}

/// Asks for the account's password, where the sign-in did not need it and a server may want it.
pub(super) async fn password(job: &RepairJob, stops: &mut Stops) -> Result<Option<SecretString>, Failure> {
    if job.person == Person::Absent {
        return Ok(None);
    }
    let question = format!(
        "Password of {} (it is not shown; Enter goes on without)",
        job.entry.user
    );
    asked(stops, move || prompt::ask_or_skip(&question)).await
}
