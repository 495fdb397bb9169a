//! Killed at every write of the journal, on every route and with both fates, and taken up again: the end is that of an
//! undisturbed reset, and the password was never set to anything but the one new password.

use std::{os::unix::process::ExitStatusExt as _, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use lifeboat_tests::{
    account::{Secret, TestAccount},
    api::{Api, segment},
    counts,
    lifeboat::{Lifeboat, Outcome},
    proxy::Proxy,
    wait,
};
use matrix_sdk::reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::{
    ensure_proven, healthy,
    page::{change_on_page, delegated, hurried, sends_to_page},
    waivers,
    ways::confirm_next,
    who_at, with_secrets,
};

#[tokio::test]
async fn old_password_and_sessions_kept() -> Result<()> {
    every_moment("old-password", "kept", 34).await
}

#[tokio::test]
async fn old_password_and_sessions_ended() -> Result<()> {
    every_moment("old-password", "ended", 34).await
}

#[tokio::test]
async fn email_and_sessions_kept() -> Result<()> {
    every_moment("email", "kept", 40).await
}

#[tokio::test]
async fn email_and_sessions_ended() -> Result<()> {
    every_moment("email", "ended", 40).await
}

#[tokio::test]
async fn synapse_admin_and_sessions_kept() -> Result<()> {
    every_moment("synapse-admin", "kept", 10).await
}

#[tokio::test]
async fn synapse_admin_and_sessions_ended() -> Result<()> {
    every_moment("synapse-admin", "ended", 10).await
}

#[tokio::test]
async fn account_page_and_sessions_kept() -> Result<()> {
    every_moment("account-page", "kept", 34).await
}

#[tokio::test]
async fn account_page_and_sessions_ended() -> Result<()> {
    every_moment("account-page", "ended", 38).await
}

/// A journal of more lines than this has grown without this test being told.
const MOST_MOMENTS: u32 = 80;

/// Longer than a run takes that waits for a person.
const DEADLINE: Duration = Duration::from_secs(120);

/// Says how many moments there were.
fn tell(route: &str, fate: &str, moments: u32) -> Result<()> {
    Ok(counts::tell(format_args!(
        "{route}, sessions {fate}: killed at each of {moments} moments, and taken up again"
    ))?)
}

/// Kills at the first moment, the second, and so on, until a reset comes to its end undisturbed. Each line of the journal
/// makes two moments; that there are `expected` shows that none was left out, and that no line has come unnoticed.
async fn every_moment(route: &'static str, fate: &'static str, expected: u32) -> Result<()> {
    let account = healthy().await?;
    account.stop_sessions();
    let proxy = Proxy::start(&account.homeserver.base_url).await?;
    if route == "account-page" {
        proxy.intercept(delegated);
    }
    let mut matrix = Matrix {
        address: account.email.clone().context("an address")?,
        admin: account.homeserver.admin().await?,
        account,
        proxy,
        route,
        fate,
        mails: 0,
        waivers: Vec::new(),
    };
    if (route, fate) == ("synapse-admin", "ended") {
        let command = Lifeboat::new(matrix.who("reset"))?;
        let blocked = matrix.equipped(command, "", "never set")?.run().await?;
        matrix.waivers = waivers(&blocked)?;
    }
    let mut old = matrix.account.password.clone();
    let mut ends = Vec::new();
    for moment in 0..MOST_MOMENTS {
        let new = format!("New-Password-{moment}");
        let end = matrix
            .killed_and_resumed(moment, &old, &new)
            .await
            .with_context(|| format!("moment {moment}"))?;
        ends.push(end.state);
        if end.undisturbed {
            tell(route, fate, moment)?;
            ensure!(moment == expected, "{moment} moments, not {expected}");
            for (moment, state) in ends.iter().enumerate() {
                ensure!(
                    Some(state) == ends.last(),
                    "moment {moment}: {state:#}\n{:#?}",
                    ends.last()
                );
            }
            return Ok(());
        }
        old = new;
    }
    bail!("the journal has no end")
}

struct Matrix {
    account: TestAccount,
    admin: Api,
    proxy: Proxy,
    address: String,
    route: &'static str,
    fate: &'static str,
    /// How many mails have come so far.
    mails: usize,
    /// What cannot be seen from outside, accepted by its name.
    waivers: Vec<String>,
}

/// How one round ended.
struct End {
    /// The reset ended before its moment came.
    undisturbed: bool,
    /// What the server holds then.
    state: Value,
}

impl Matrix {
    async fn killed_and_resumed(&mut self, moment: u32, old: &str, new: &str) -> Result<End> {
        self.proxy.clear();
        let command = Lifeboat::new(self.who("reset").iter().map(String::as_str))?
            .env("LIFEBOAT_TEST_KILL_AT", moment.to_string());
        let command = self.equipped(command, old, new)?;
        let killed = self.run(command, new).await?;
        if killed.status.signal().is_none() {
            ensure!(killed.code()? == 0, "{killed}");
            self.ensure_said(&killed)?;
            let state = self.end(new, killed).await?;
            return Ok(End {
                undisturbed: true,
                state,
            });
        }
        let resumed = self.resume(killed, old, new)?;
        let mut resumed = self.run(resumed, new).await?;
        if resumed.code()? == 2 {
            // Killed before the first line was written: there is nothing to resume, and nothing was changed.
            ensure!(moment <= 1, "{resumed}");
            let who = self.who("reset");
            let again = self.equipped(resumed.then(who)?, old, new)?;
            resumed = self.run(again, new).await?;
        }
        ensure!(resumed.code()? == 0, "{resumed}");
        if !resumed.stdout.is_empty() {
            self.ensure_said(&resumed)?;
        }
        let state = self.end(new, resumed).await?;
        Ok(End {
            undisturbed: false,
            state,
        })
    }

    fn who(&self, command: &str) -> Vec<String> {
        who_at(command, &self.account, &self.proxy.base_url())
            .map(str::to_owned)
            .to_vec()
    }

    /// Gives a reset everything it would ask for.
    fn equipped(&self, command: Lifeboat, old: &str, new: &str) -> Result<Lifeboat> {
        let mut command = command.args(["--yes", "--accept-cautions", "--route", self.route]);
        if self.fate == "ended" {
            command = command.arg("--end-sessions");
        }
        if self.route == "account-page" {
            command = hurried(command);
        }
        if self.route == "email" {
            command = command.arg("--email").arg(&self.address);
        }
        if self.route != "synapse-admin" {
            return with_secrets(command, &self.account, old, new);
        }
        if self.fate == "ended" {
            command = command.args(&self.waivers);
        }
        command
            .secret("--admin-token-file", self.admin.token().context("a token")?)?
            .secret("--new-password-file", new)
    }

    fn resume(&self, killed: Outcome, old: &str, new: &str) -> Result<Lifeboat> {
        let command = killed.then(self.who("resume"))?.secret("--new-password-file", new)?;
        if self.route == "synapse-admin" {
            return command.secret("--admin-token-file", self.admin.token().context("a token")?);
        }
        let key = self.account.recovery.text().context("a recovery key")?;
        let command = command
            .secret("--old-password-file", old)?
            .secret("--recovery-key-file", key)?;
        Ok(match self.route {
            "email" => command.arg("--email").arg(&self.address),
            "account-page" => hurried(command),
            _ => command,
        })
    }

    /// Runs it, and does what the person does meanwhile.
    async fn run(&mut self, command: Lifeboat, new: &str) -> Result<Outcome> {
        let mailbox = self.account.homeserver.mailbox();
        let mut running = command.start()?;
        let mut been_on_page = false;
        if matches!(self.route, "email" | "account-page") {
            let waited = wait::until_within(DEADLINE, "the end of the run", async || {
                // Whenever another mail comes, its link is confirmed; a killed run may never ask for one.
                self.mails = confirm_next(&mailbox, &self.address, self.mails).await?;
                if !been_on_page && sends_to_page(&running) {
                    change_on_page(&self.admin, &self.account, new).await?;
                    been_on_page = true;
                }
                Ok((!running.runs()?).then_some(()))
            })
            .await;
            if let Err(error) = waited {
                running.signal(Signal::KILL)?;
                return Err(error.context(running.outcome().await?.to_string()));
            }
        }
        running.outcome().await
    }

    fn ensure_said(&self, outcome: &Outcome) -> Result<()> {
        let document = outcome.json()?;
        if self.route != "synapse-admin" {
            ensure_proven(&document).with_context(|| outcome.to_string())?;
        }
        Ok(())
    }

    /// The new password is the only one that was ever set, and no session is left but those that are meant to be.
    async fn end(&self, new: &str, outcome: Outcome) -> Result<Value> {
        for it in self.proxy.log() {
            let sets = it.is(&Method::POST, "/account/password") || it.path.contains("/reset_password/");
            if sets && it.status == Some(200) {
                let body: Value = serde_json::from_slice(&it.request_body)?;
                ensure!(body["new_password"] == new, "another password was set: {body}");
                ensure!(body["logout_devices"].is_boolean(), "{body}");
            }
        }
        let account = &self.account;
        let localpart = account.user_id.localpart();
        let later = account.homeserver.sign_in(localpart, new).await?;
        let state = end_state(&later, account).await?;
        let own = state["sessions"].as_array().context("sessions")?.iter();
        let own = own.filter(|it| it.as_str().is_some_and(|it| it.starts_with("Lifeboat")));
        let stays = self.fate == "ended" && self.route != "synapse-admin";
        ensure!(own.count() == usize::from(stays), "{state:#}\n{outcome}");
        if self.fate == "kept" {
            // Signed out, it could not ask.
            for session in &account.sessions {
                session
                    .api()
                    .get("/_matrix/client/v3/account/whoami")
                    .await
                    .context("a session was signed out")?;
            }
        }
        if stays {
            let left = outcome.then(self.who("leave").iter().filter(|it| *it != "--json"))?;
            let left = left.arg("--force").run().await?;
            ensure!(left.code()? == 0, "{left}");
        }
        later.post("/_matrix/client/v3/logout", &json!({})).await?;
        Ok(state)
    }
}

/// What there is of the account afterwards, that a reset could have spoilt.
async fn end_state(api: &Api, account: &TestAccount) -> Result<Value> {
    let user = account.user_id.as_str();
    let listed = api.get("/_matrix/client/v3/devices").await?;
    let mut names: Vec<_> = listed["devices"]
        .as_array()
        .context("devices")?
        .iter()
        .map(|it| it["display_name"].as_str().unwrap_or("nameless").to_owned())
        .collect();
    names.sort();
    let keys = api
        .post("/_matrix/client/v3/keys/query", &json!({"device_keys": {user: []}}))
        .await?;
    let backup = api.get("/_matrix/client/v3/room_keys/version").await?;
    let mut data = json!({});
    for kind in Secret::ALL
        .map(Secret::event_type)
        .into_iter()
        .chain(["m.secret_storage.default_key"])
    {
        let path = format!("/_matrix/client/v3/user/{}/account_data/{kind}", segment(user));
        data[kind] = api.get(&path).await?;
    }
    Ok(json!({
        "sessions": names,
        "identity": keys["master_keys"][user]["keys"],
        "backup": {"version": backup["version"], "count": backup["count"]},
        "secrets": data,
    }))
}
