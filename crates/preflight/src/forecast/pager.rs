//! Decides after each page of a room's history whether another one is asked for.

use std::collections::HashSet;

/// Follows the tokens of `/messages`
/// ([spec](https://spec.matrix.org/latest/client-server-api/#get_matrixclientv3roomsroomidmessages)) to the end of the
/// history, also where a server hands out tokens that lead nowhere.
#[derive(Debug, Default)]
pub(super) struct Pager {
    /// Where the next page begins; `None`: at the end of the timeline.
    from: Option<String>,
    /// Every token that was followed.
    followed: HashSet<String>,
    /// How many pages in a row taught nothing.
    fruitless: u32,
}

/// What is to be done after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Ask for the next page.
    GoOn,
    /// There is none: the history was read to its start.
    Complete,
    /// The server's tokens lead in circles or nowhere.
    Lost,
}

/// As many pages without anything new are passed over: servers that filter after loading return them where a long
/// stretch of the history is not encrypted.
const MAX_FRUITLESS: u32 = 1_000;

impl Pager {
    /// Begins at `from`, or at the end of the timeline.
    pub(super) fn starting(from: Option<String>) -> Self {
        Self {
            followed: from.iter().cloned().collect(),
            from,
            fruitless: 0,
        }
    }

    /// Returns the token for the next page.
    pub(super) fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// Takes the `end` of a page of `length` events, `fresh` of which had not been seen.
    pub(super) fn turn(&mut self, end: Option<String>, length: usize, fresh: usize) -> Turn {
        let Some(end) = end else { return Turn::Complete };
        if length == 0 && self.from.as_ref() == Some(&end) {
            return Turn::Complete;
        }
        self.fruitless = if fresh == 0 { self.fruitless + 1 } else { 0 };
        if self.fruitless > MAX_FRUITLESS || !self.followed.insert(end.clone()) {
            return Turn::Lost;
        }
        self.from = Some(end);
        Turn::GoOn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages as (end, length, fresh), and what follows from the last one.
    fn turns(from: Option<&str>, pages: &[(Option<&str>, usize, usize)]) -> Vec<Turn> {
        let mut pager = Pager::starting(from.map(str::to_owned));
        pages
            .iter()
            .map(|(end, length, fresh)| pager.turn(end.map(str::to_owned), *length, *fresh))
            .collect()
    }

    #[test]
    fn a_page_without_end_is_the_last_one() {
        assert_eq!(
            turns(None, &[(Some("a"), 10, 10), (None, 3, 3)]),
            [Turn::GoOn, Turn::Complete]
        );
        assert_eq!(turns(None, &[(None, 0, 0)]), [Turn::Complete]);
    }

    #[test]
    fn an_empty_page_that_ends_where_it_begins_is_the_last_one() {
        assert_eq!(
            turns(None, &[(Some("a"), 10, 10), (Some("a"), 0, 0)]),
            [Turn::GoOn, Turn::Complete]
        );
        assert_eq!(turns(Some("a"), &[(Some("a"), 0, 0)]), [Turn::Complete]);
    }

    #[test]
    fn a_repeated_token_is_a_dead_end() {
        assert_eq!(
            turns(None, &[(Some("a"), 10, 10), (Some("a"), 10, 10)]),
            [Turn::GoOn, Turn::Lost]
        );
        let circle = [(Some("a"), 10, 10), (Some("b"), 10, 10), (Some("a"), 10, 0)];
        assert_eq!(turns(None, &circle), [Turn::GoOn, Turn::GoOn, Turn::Lost]);
        assert_eq!(
            turns(Some("a"), &[(Some("b"), 0, 0), (Some("a"), 0, 0)]),
            [Turn::GoOn, Turn::Lost]
        );
    }

    #[test]
    fn empty_pages_with_new_tokens_are_passed_over_but_not_for_ever() {
        let mut pager = Pager::default();
        for number in 0..MAX_FRUITLESS {
            assert_eq!(pager.turn(Some(format!("t{number}")), 0, 0), Turn::GoOn);
        }
        assert_eq!(pager.turn(Some("new".to_owned()), 1, 1), Turn::GoOn);
        for number in 0..MAX_FRUITLESS {
            assert_eq!(pager.turn(Some(format!("u{number}")), 7, 0), Turn::GoOn);
        }
        assert_eq!(pager.turn(Some("last".to_owned()), 7, 0), Turn::Lost);
        assert_eq!(pager.from(), Some(format!("u{}", MAX_FRUITLESS - 1).as_str()));
    }
}
