//! The list of accounts, page after page to its end, also where a server hands out pages for ever.

use std::collections::HashSet;

use matrix_sdk::ruma::OwnedUserId;

use super::{AuditError, Auditor, Page};

/// Where the first page begins.
pub(super) const START: &str = "0";
/// As many pages in a row without a new account are passed over. A large server has thousands of pages, but each of them
/// names somebody; an account that is made or removed meanwhile moves the next page by one.
pub(super) const MAX_FRUITLESS: u32 = 100;

/// Follows the tokens of the list of accounts.
#[derive(Debug)]
pub struct Pages<'a> {
    auditor: &'a Auditor,
    turn: Turn,
    /// Every token that was followed.
    followed: HashSet<String>,
    /// Every account that was named.
    named: HashSet<OwnedUserId>,
    /// How many pages in a row named nobody new.
    fruitless: u32,
}

#[derive(Debug)]
enum Turn {
    GoOn(String),
    Complete,
    Lost,
}

impl<'a> Pages<'a> {
    pub(super) fn of(auditor: &'a Auditor) -> Self {
        Self {
            auditor,
            turn: Turn::GoOn(START.to_owned()),
            followed: HashSet::from([START.to_owned()]),
            named: HashSet::new(),
            fruitless: 0,
        }
    }

    /// Asks for the next page; `None` behind the last one. Changes nothing.
    pub async fn next(&mut self) -> Result<Option<Page>, AuditError> {
        let from = match &self.turn {
            Turn::GoOn(from) => from,
            Turn::Complete => return Ok(None),
            Turn::Lost => return Err(AuditError::Endless),
        };
        let page = self.auditor.page(Some(from)).await?;
        self.turn = self.after(&page);
        Ok(Some(page))
    }

    fn after(&mut self, page: &Page) -> Turn {
        let mut fresh = false;
        for account in &page.accounts {
            fresh |= self.named.insert(account.user.clone());
        }
        self.fruitless = if fresh { 0 } else { self.fruitless + 1 };
        match &page.next {
            None => Turn::Complete,
            Some(next) if self.fruitless <= MAX_FRUITLESS && self.followed.insert(next.clone()) => {
                Turn::GoOn(next.clone())
            }
            Some(_) => Turn::Lost,
        }
    }
}
