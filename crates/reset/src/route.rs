//! The ways in which a password is changed.

pub mod account_page;
pub mod email;
pub mod mas_admin;
pub mod old_password;
pub mod synapse_admin;

#[cfg(test)]
mod tests;
