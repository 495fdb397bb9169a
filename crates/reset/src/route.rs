//! The ways in which a password is changed.

pub mod account_page;
pub mod email;
pub mod old_password;
pub mod synapse_admin;

#[cfg(test)]
mod tests;
