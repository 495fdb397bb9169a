//! What an audit found, counted.

use std::collections::BTreeMap;

use lifeboat_report::{Code, Light, facts::Restriction};
use serde::Serialize;

use super::row::{Row, Why};

/// As many accounts of each light are named in the summary; all of them are in the table.
const NAMED: usize = 200;

/// An audit in numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    /// The server.
    pub(crate) server: String,
    /// All accounts.
    pub(crate) accounts: u64,
    /// How many have each light.
    pub(crate) lights: BTreeMap<Light, u64>,
    /// How many have each weakness.
    pub(crate) codes: BTreeMap<Code, u64>,
    /// How many are restricted by administrators.
    pub(crate) restricted: u64,
    /// The first ones of each light.
    pub(crate) first: BTreeMap<Light, Vec<Named>>,
}

/// An account that is named.
#[derive(Debug, Serialize)]
pub(crate) struct Named {
    /// The user id.
    pub(crate) user: String,
    /// What was seen to be weak or broken.
    pub(crate) codes: Vec<Code>,
    /// What administrators have done to it.
    pub(crate) restrictions: Vec<Restriction>,
    /// Why its light is unknown.
    pub(crate) why: Option<Why>,
}

impl Summary {
    /// Begins to count.
    pub(super) fn of(server: &str) -> Self {
        Self {
            server: server.to_owned(),
            accounts: 0,
            lights: Light::ALL.into_iter().map(|it| (it, 0)).collect(),
            codes: BTreeMap::new(),
            restricted: 0,
            first: BTreeMap::new(),
        }
    }

    /// Counts an account.
    pub(super) fn add(&mut self, row: &Row) {
        self.accounts += 1;
        *self.lights.entry(row.light).or_default() += 1;
        for code in &row.codes {
            *self.codes.entry(*code).or_default() += 1;
        }
        self.restricted += u64::from(!row.restrictions.is_empty());
        let first = self.first.entry(row.light).or_default();
        if first.len() < NAMED {
            first.push(Named {
                user: row.user.clone(),
                codes: row.codes.clone(),
                restrictions: row.restrictions.clone(),
                why: row.why,
            });
        }
    }
}
