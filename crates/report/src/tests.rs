//! The laws over the reduced space, the table of spoiled facts, the words, and the exported form.

mod every;
mod fact;
mod golden;
mod laws;
mod redaction;
mod reduction;
mod spoiled;
mod status_file;
mod table;
mod words;
