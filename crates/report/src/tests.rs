//! The laws over the reduced space, the table of spoiled facts, the words, and the exported form.

mod chain;
mod clearance;
mod compare;
mod every;
mod everywhere;
mod fact;
mod golden;
mod laws;
mod light;
mod plan;
mod redaction;
mod reduction;
mod routes;
mod spoiled;
mod status_file;
mod table;
mod words;
