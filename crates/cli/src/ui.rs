//! Everything a person sees: screens, prompts, progress.

pub(crate) mod ark;
pub(crate) mod clean;
pub(crate) mod code;
pub(crate) mod comparison;
pub(crate) mod console;
pub(crate) mod desk;
pub(crate) mod history;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod page;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod prompt;
pub(crate) mod repair;
pub(crate) mod rescue;
pub(crate) mod reset;
pub(crate) mod screen;
pub(crate) mod signs;
pub(crate) mod style;
pub(crate) mod table;
pub(crate) mod time;
pub(crate) mod trial;
