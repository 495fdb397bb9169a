//! Every route, with both fates, for an account as it should be and for one in trouble whose loss is accepted.

use anyhow::{Context, Result, ensure};
use lifeboat_tests::{
    account::{AccountSpec, Defect, TestAccount, Way},
    api::Api,
    lifeboat::{Lifeboat, Outcome},
    proxy::Proxy,
    session::Session,
    wait,
};
use matrix_sdk::reqwest::Method;
use serde_json::{Value, json};

use super::{
    NEW, SHORT, before_and_after,
    page::{change_on_page, delegated, hurried, sends_to_page},
    readable,
    ways::confirm,
    who_at, with_secrets,
};

#[tokio::test]
async fn old_password() -> Result<()> {
    every_case("old-password").await
}

#[tokio::test]
async fn email() -> Result<()> {
    every_case("email").await
}

#[tokio::test]
async fn synapse_admin() -> Result<()> {
    every_case("synapse-admin").await
}

#[tokio::test]
async fn account_page() -> Result<()> {
    every_case("account-page").await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Kept,
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Healthy,
    /// One room key is missing in the backup.
    Trouble,
}

async fn every_case(route: &'static str) -> Result<()> {
    for fate in [Fate::Kept, Fate::Ended] {
        for state in [State::Healthy, State::Trouble] {
            let case = Case::begin(route, fate, state).await?;
            case.run()
                .await
                .with_context(|| format!("{route}, {fate:?}, {state:?}"))?;
        }
    }
    Ok(())
}

struct Case {
    route: &'static str,
    fate: Fate,
    state: State,
    account: TestAccount,
    admin: Api,
    proxy: Proxy,
}

impl Case {
    async fn begin(route: &'static str, fate: Fate, state: State) -> Result<Self> {
        let spec = AccountSpec::healthy(Way::Key).history(SHORT);
        let spec = match state {
            State::Healthy => spec,
            State::Trouble => spec.with(Defect::EntriesDeleted(1)),
        };
        let account = spec.build().await?;
        let proxy = Proxy::start(&account.homeserver.base_url).await?;
        if route == "account-page" {
            proxy.intercept(delegated);
        }
        let admin = account.homeserver.admin().await?;
        Ok(Self {
            route,
            fate,
            state,
            account,
            admin,
            proxy,
        })
    }

    fn command(&self, waivers: &[String]) -> Result<Lifeboat> {
        let (account, base_url) = (&self.account, self.proxy.base_url());
        let mut command = Lifeboat::new(who_at("reset", account, &base_url))?
            .args(["--yes", "--accept-cautions", "--route", self.route])
            .args(waivers);
        if self.fate == Fate::Ended {
            command = command.arg("--end-sessions");
        }
        if self.route == "account-page" {
            command = hurried(command);
        }
        if self.route == "email" {
            command = command
                .arg("--email")
                .arg(account.email.as_deref().context("an address")?);
        }
        if self.route == "synapse-admin" {
            return command
                .secret("--admin-token-file", self.admin.token().context("a token")?)?
                .secret("--new-password-file", NEW);
        }
        with_secrets(command, account, &account.password, NEW)
    }

    /// Runs it, and does what the person does meanwhile.
    async fn with_person(&self, command: Lifeboat) -> Result<Outcome> {
        let running = command.start()?;
        if self.route == "email" {
            let address = self.account.email.as_deref().context("an address")?;
            confirm(&self.account.homeserver.mailbox(), address, 1).await?;
        }
        if self.route == "account-page" {
            wait::until("the page's address", async || Ok(sends_to_page(&running).then_some(()))).await?;
            change_on_page(&self.admin, &self.account, NEW).await?;
        }
        running.outcome().await
    }

    async fn run(self) -> Result<()> {
        let from_outside = self.route == "synapse-admin";
        let mut waivers = Vec::new();
        if self.fate == Fate::Ended && (from_outside || self.state == State::Trouble) {
            let blocked = self.command(&[])?.run().await?;
            ensure!(blocked.code()? == 10, "{blocked}");
            ensure!(from_outside || blocked.stdout.contains("coverage-at-risk"), "{blocked}");
            ensure!(
                self.account.sessions.iter().all(Session::runs),
                "a session was signed out"
            );
            waivers = super::waivers(&blocked)?;
        }
        self.proxy.clear();
        let outcome = self.with_person(self.command(&waivers)?).await?;
        ensure!(outcome.code()? == 0, "{outcome}");
        let document = outcome.json()?;
        ensure!(document["route"] == self.route, "{document:#}");
        let waived = document["waived"].as_array().context("waived")?.len();
        ensure!(waived == waivers.len() / 2, "{document:#}");
        if !from_outside {
            self.ensure_all_is_back(&document, outcome).await?;
        }
        self.ensure_fate().await?;
        let localpart = self.account.user_id.localpart();
        let later = Session::log_in(&self.account.homeserver.base_url, localpart, NEW, "Later").await?;
        later.sign_out().await
    }

    /// What was readable is readable, and every piece of evidence is there.
    async fn ensure_all_is_back(&self, document: &Value, outcome: Outcome) -> Result<()> {
        let (before, after) = before_and_after(document)?;
        match self.state {
            State::Healthy => ensure!(after == readable(&self.account), "{document:#}"),
            // A session that was kept may hand over what the backup lacked.
            State::Trouble => ensure!(before < readable(&self.account), "{document:#}"),
        }
        let sign_ins = self.proxy.log().into_iter();
        let sign_ins = sign_ins.filter(|it| it.is(&Method::POST, "/v3/login"));
        let (good, bad): (Vec<_>, Vec<_>) = sign_ins.partition(|it| it.status == Some(200));
        ensure!(good.len() == 2, "one before and one after: {good:#?}");
        // At the page a sign-in shows whether somebody has been there.
        ensure!(bad.is_empty() || self.route == "account-page", "{bad:#?}");
        let folder = std::path::PathBuf::from(document["evidence"].as_str().context("evidence")?);
        for name in ["before.json", "after.json", "history.json"] {
            let text = std::fs::read(folder.join(name)).with_context(|| name.to_owned())?;
            let content: Value = serde_json::from_slice(&text)?;
            ensure!(content["account"] == json!(self.account.user_id), "{name}: {content:#}");
        }
        // The second status file says of the same messages what the first one said.
        let covered = |name: &str| -> Result<u64> {
            let status: Value = serde_json::from_slice(&std::fs::read(folder.join(name))?)?;
            let rooms = status["forecast"]["rooms"].as_array().context("rooms")?;
            Ok(rooms.iter().filter_map(|it| it["events"]["covered"].as_u64()).sum())
        };
        let (before, after) = (covered("before.json")?, covered("after.json")?);
        ensure!(before > 0 && after >= before, "{before} before, {after} after");
        let ark = folder.join("before.ark");
        ensure!(ark.is_file() == (self.fate == Fate::Ended), "{}", ark.display());
        if self.fate == Fate::Ended {
            let key = self.account.recovery.text().context("a recovery key")?;
            let verified = outcome
                .then(["ark", "verify"])?
                .arg(&ark)
                .secret("--recovery-key-file", key)?
                .run()
                .await?;
            ensure!(verified.code()? == 0, "{verified}");
        }
        Ok(())
    }

    async fn ensure_fate(&self) -> Result<()> {
        for session in &self.account.sessions {
            match self.fate {
                Fate::Kept => ensure!(session.runs(), "a session was signed out"),
                Fate::Ended => {
                    wait::until("the session to end", async || Ok((!session.runs()).then_some(()))).await?;
                }
            }
        }
        Ok(())
    }
}
