//! One question each, every failure a gap.

pub(crate) mod account;
pub(crate) mod administrator;
pub(crate) mod backup;
pub(crate) mod devices;
pub(crate) mod published;
pub(crate) mod server;
pub(crate) mod storage;
