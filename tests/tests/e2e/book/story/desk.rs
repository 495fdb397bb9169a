//! Mira has forgotten her password and calls the help desk.

use std::fs;

use anyhow::{Context, Result};
use lifeboat_tests::crowd::{Standing, crowd};

use super::{Story, shown, write_secret};

/// Mira's colleagues.
const STAFF: [(Standing, usize); 5] = [
    (Standing::Whole, 2),
    (Standing::Unverified, 1),
    (Standing::NoStorage, 1),
    (Standing::Keyless, 1),
    (Standing::Bare, 2),
];

impl Story {
    pub(super) async fn call_the_desk(&mut self) -> Result<()> {
        let admin = self.account.homeserver.admin().await?;
        let whoami = admin.get("/_matrix/client/v3/account/whoami").await?;
        let administrator = whoami["user_id"].as_str().context("a user id")?;
        self.neutral.name(administrator, "@admin:example.org");
        write_secret(&self.home()?.join("token.txt"), admin.token().context("a token")?)?;
        let line = "desk check @mira --admin-token-file token.txt";
        self.runs("desk-check", line, 10).await?;
        let line = "desk reset @mira --admin-token-file token.txt --temporary-password-file mira.txt \
                    --letter letter.txt --yes --accept-cautions";
        self.runs("desk-reset", line, 0).await?;
        let letter = fs::read_to_string(self.home()?.join("letter.txt"))?;
        self.keep("desk-letter", &shown("cat letter.txt", &letter))?;
        self.audit().await
    }

    /// Looks at Mira and her colleagues alone: the server has accounts of other tests.
    async fn audit(&mut self) -> Result<()> {
        let people = crowd(&self.account.homeserver, &STAFF).await?;
        let mut staff: Vec<&str> = people.iter().map(|it| it.user_id.as_str()).collect();
        staff.push(self.account.user_id.as_str());
        fs::write(self.home()?.join("staff.txt"), staff.join("\n"))?;
        let line = "desk audit example.org --admin-token-file token.txt --users staff.txt --folder audit";
        self.runs("desk-audit", line, 0).await
    }
}
