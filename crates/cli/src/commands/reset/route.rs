//! Which route a reset takes.

use lifeboat_preflight::{Homeserver, Method, Methods, OAuthWay};
use lifeboat_report::{Report, Route, Standing};
use lifeboat_reset::ComeBack;

use super::letter::letter;
use crate::{
    exit::Exit,
    failure::Failure,
    resolve::{Format, ResetJob, SignIn},
    session::here,
    state,
    ui::{console::Console, plan},
};

/// Says how Lifeboat signs in after the change: on the account page with the new password where the server takes one,
/// else as the person came in.
pub(crate) async fn come_back(route: Route, sign_in: &SignIn, homeserver: &Homeserver) -> ComeBack {
    match (route, sign_in) {
        (Route::AccountPage, SignIn::OAuth(way)) => ComeBack::Browser(*way),
        (Route::AccountPage, _) => match Methods::of(homeserver).await {
            Ok(methods) if methods.offer(Method::Password) => ComeBack::Password,
            Ok(methods) if methods.best(here()) == Some(Method::DeviceCode) => ComeBack::Browser(OAuthWay::DeviceCode),
            Ok(_) => ComeBack::Browser(OAuthWay::Browser),
            Err(_) => ComeBack::Password,
        },
        _ => ComeBack::Password,
    }
}

/// Takes the chosen route if it is not closed, else the first one that is open to this person.
pub(super) fn choose(
    chosen: Option<Route>,
    job: &ResetJob,
    report: &Report,
    console: &mut Console,
) -> Result<Route, Failure> {
    let offers = report.facts.routes();
    if let Some(route) = chosen {
        let standing = offers.iter().find(|it| it.route == route).map(|it| it.standing);
        return match standing {
            Some(Standing::Closed(why)) => Err(Failure {
                wrong: format!(
                    "The route {route} cannot be taken: {}. Nothing was changed.",
                    why.words()
                ),
                hint: "Leave out --route: Lifeboat then takes the first way there is.".to_owned(),
                exit: Exit::Failed,
            }),
            _ => Ok(route),
        };
    }
    if job.format == Format::Screen {
        console.show(&plan::routes(&report.facts, console.width()))?;
    }
    // Whoever has no session cannot ask with the old password.
    let knows_old = job.entry.sign_in != SignIn::Nobody;
    let takeable = offers.iter().filter(|it| match it.route {
        Route::OldPassword => knows_old,
        Route::SynapseAdmin => false,
        Route::Email | Route::AccountPage => true,
    });
    let open = takeable.clone().find(|it| it.standing == Standing::Open);
    let unsure = takeable.clone().find(|it| matches!(it.standing, Standing::Unsure(_)));
    match open.or(unsure) {
        Some(offer) => Ok(offer.route),
        None => {
            let letter = state::folder_of(&job.entry.user).map(|it| letter(report, &it));
            if let (Some(letter), Format::Screen) = (&letter, job.format) {
                console.show(&letter.text)?;
            }
            let where_it_is = letter.map(|it| it.write()).unwrap_or_default();
            Err(Failure::failed(
                "You cannot change this password yourself. Nothing was changed.",
                plan::whom_to_ask(&report.facts, &report.account, &where_it_is),
            ))
        }
    }
}
