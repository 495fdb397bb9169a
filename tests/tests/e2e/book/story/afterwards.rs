//! An accident and its ark, and what is left on the machine at the end.

use std::fs;

use anyhow::{Context, Result};
use lifeboat_tests::{account::ServerBackup, api::segment};
use serde_json::json;

use super::Story;

impl Story {
    /// An app deletes keys of a room from the key backup, and a secret; the ark has both.
    pub(super) async fn lose_and_restore(&mut self) -> Result<()> {
        let api = self.account.api()?;
        let backup = ServerBackup::active(api).await?.context("no backup")?;
        let family = self.account.rooms.first().context("no room")?;
        backup.delete_room(&family.room_id).await?;
        let user = segment(self.account.user_id.as_str());
        let secret = format!("/_matrix/client/v3/user/{user}/account_data/m.cross_signing.self_signing");
        api.put(&secret, &json!({})).await?;
        let line = "ark restore @mira mira.ark --password-file new.txt --recovery-key-file key.txt --yes";
        self.runs("ark-restore", line, 0).await
    }

    /// Asks the tools that need no server, and forgets the account.
    pub(super) async fn tidy_up(&mut self) -> Result<()> {
        let line = "util support-bundle bundle.json --status-file after.json";
        self.runs("support-bundle", line, 0).await?;
        self.runs("forget", "util forget @mira", 0).await?;
        self.runs("completions", "util completions bash | head -n 3", 0).await?;
        fs::create_dir(self.home()?.join("man"))?;
        self.runs("man", "util man --all man", 0).await?;
        self.runs("schema", "util schema | head -n 5", 0).await
    }
}
