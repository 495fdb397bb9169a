//! The guide: `lifeboat` with no command, one conversation from the question who somebody is to what to do afterwards.
//!
//! [`flow`] is the conversation as a pure stage machine, [`screen`] are its words, [`drive`] does what it says over the same
//! functions that the commands use, and [`bookmark`] lets it be taken up again.

mod bookmark;
mod drive;
mod fix;
mod flow;
mod screen;
mod summary;
mod trip;

pub(crate) use drive::run;
use fix::{Fix, Saved};
use flow::{Choice, Ending, Entrance, Heard, Step};
use trip::{Outcome, Trip};
