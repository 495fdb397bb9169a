//! JSON for programs.

use serde_json::json;

use crate::failure::Failure;

/// Renders anything as one indented document with a line end.
pub(crate) fn document(content: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(content)
        .map(|text| text + "\n")
        .map_err(|error| {
            Failure::failed(
                format!("The result cannot be written as JSON: {error}."),
                "Please report this.",
            )
        })
}

/// Renders a failure: what a program reads in place of the document it asked for.
pub(crate) fn failure(failure: &Failure) -> String {
    let document = json!({ "error": failure.wrong, "hint": failure.hint, "exit": failure.exit.number() });
    format!("{document:#}\n")
}
