//! `lifeboat report`: shows a status file or compares two, on the screen or as a page.

use std::path::Path;

use lifeboat_report::{Comparison, StatusFile};

use super::account_of;
use crate::{
    args::ReportArgs,
    exit::Exit,
    failure::Failure,
    files::Reserved,
    redaction,
    resolve::parse_user,
    status,
    ui::{comparison, console::Console, html, screen},
};

/// Runs it.
pub(crate) fn run(args: &ReportArgs, console: &mut Console) -> Result<Exit, Failure> {
    let page = args.html.clone().map(Reserved::new).transpose()?;
    let status = status::read(&args.file)?;
    let earlier_and_later = match &args.other {
        Some(other) => Some(in_order(status.clone(), status::read(other)?, &args.file, other)?),
        None => None,
    };
    match (page, earlier_and_later) {
        (None, None) => {
            let report = status.rejudge();
            console.show(&screen::render(&report, &account_of(&report), console.width()))?;
        }
        (None, Some((before, after))) => {
            let (before, after) = (before.rejudge(), after.rejudge());
            console.show(&comparison::render(&Comparison::of(&before, &after), console.width()))?;
        }
        (Some(page), None) => {
            let account = account_of(&status.clone().rejudge());
            write(page, &html::render(&status, &account), console)?;
        }
        (Some(page), Some((before, after))) => {
            let account = account_of(&after.clone().rejudge());
            write(page, &html::render_pair(&before, &after, &account), console)?;
        }
    }
    Ok(Exit::Done)
}

fn write(page: Reserved, content: &str, console: &mut Console) -> Result<(), Failure> {
    let path = page.write(content.as_bytes())?;
    console.note(&html::written(&path));
    Ok(())
}

/// Returns both, the earlier one first. Where one of them is redacted, the other one is redacted too, so that the ids in
/// them can be compared.
fn in_order(
    mut one: StatusFile,
    mut other: StatusFile,
    one_path: &Path,
    other_path: &Path,
) -> Result<(StatusFile, StatusFile), Failure> {
    let redact = |file: &mut StatusFile, like: &StatusFile| {
        if parse_user(&file.account).is_ok() && redaction::hash(&file.account) == like.account {
            file.redact(&redaction::hash);
        }
    };
    redact(&mut one, &other);
    redact(&mut other, &one);
    if one.account != other.account {
        return Err(Failure::usage(
            format!(
                "“{}” and “{}” are about different accounts.",
                one_path.display(),
                other_path.display()
            ),
            "Give two status files of the same account.",
        ));
    }
    Ok(if one.taken_at <= other.taken_at {
        (one, other)
    } else {
        (other, one)
    })
}
