//! What an audit found, counted.

use std::collections::BTreeMap;

use lifeboat_report::{Code, Light};
use serde::Serialize;

use super::row::Row;

/// As many red accounts are named in the summary; all of them are in the table.
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
    /// The first red ones, with what was seen.
    pub(crate) red: Vec<(String, Vec<Code>)>,
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
            red: Vec::new(),
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
        if row.light == Light::Red && self.red.len() < NAMED {
            self.red.push((row.user.clone(), row.codes.clone()));
        }
    }
}
