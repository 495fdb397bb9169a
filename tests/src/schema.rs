//! Validates JSON documents against the schema that the program itself prints.
//!
//! The validators on crates.io switch features of crates that the SDK is built from, so that it would be built anew for
//! the sake of one check. The schema uses a dozen keywords of
//! [draft 2020-12](https://json-schema.org/draft/2020-12/json-schema-validation); any other one is an error here,
//! so that nothing passes because it was not understood.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// A JSON schema.
#[derive(Clone, Debug)]
pub struct Schema {
    root: Value,
}

impl Schema {
    /// Asks a program for the schema of its status files.
    pub fn of_program(program: &Path) -> Result<Self> {
        let output = Command::new(program).args(["util", "schema"]).output()?;
        ensure!(output.status.success(), "{} prints no schema", program.display());
        Ok(Self::new(serde_json::from_slice(&output.stdout)?))
    }

    /// Takes a schema.
    pub fn new(root: Value) -> Self {
        Self { root }
    }

    /// Says at which place, and in what, a document breaks the schema.
    pub fn validate(&self, document: &Value) -> Result<()> {
        self.check(&self.root, document)
    }

    fn check(&self, schema: &Value, value: &Value) -> Result<()> {
        let keywords = match schema {
            Value::Bool(true) => return Ok(()),
            Value::Bool(false) => bail!("{value} has no place here"),
            _ => schema.as_object().context("a schema that is no object")?,
        };
        for (keyword, wanted) in keywords {
            match keyword.as_str() {
                "$schema" | "$defs" | "title" | "description" | "default" | "format" => {}
                "$ref" => self.check(self.resolve(wanted)?, value)?,
                "type" => ensure!(is_of_type(value, wanted)?, "{value} is not of type {wanted}"),
                "const" => ensure!(value == wanted, "{value} is not {wanted}"),
                "enum" => ensure!(list(wanted)?.contains(value), "{value} is none of {wanted}"),
                "minimum" => ensure!(at_least(value, wanted), "{value} is less than {wanted}"),
                "maximum" => ensure!(at_least(wanted, value), "{value} is more than {wanted}"),
                "oneOf" => ensure!(
                    self.fitting(wanted, value)? == 1,
                    "{value} does not fit one of {wanted}"
                ),
                "anyOf" => ensure!(self.fitting(wanted, value)? > 0, "{value} fits none of {wanted}"),
                "items" => {
                    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(wanted, item).with_context(|| format!("item {place}"))?;
                    }
                }
                "required" => {
                    for name in list(wanted)? {
                        let name = name.as_str().context("a name that is no text")?;
                        ensure!(
                            value.as_object().is_none_or(|it| it.contains_key(name)),
                            "{name} is missing"
                        );
                    }
                }
                "properties" | "additionalProperties" => {}
                other => bail!("the schema uses {other}, which this validator does not know"),
            }
        }
        self.check_members(schema, value)
    }

    fn check_members(&self, schema: &Value, value: &Value) -> Result<()> {
        for (name, member) in value.as_object().into_iter().flatten() {
            let named = schema["properties"].get(name);
            if let Some(wanted) = named.or(schema.get("additionalProperties")) {
                self.check(wanted, member).with_context(|| name.clone())?;
            }
        }
        Ok(())
    }

    /// Counts the schemas that the value fits.
    fn fitting(&self, schemas: &Value, value: &Value) -> Result<usize> {
        Ok(list(schemas)?.iter().filter(|it| self.check(it, value).is_ok()).count())
    }

    fn resolve(&self, reference: &Value) -> Result<&Value> {
        let pointer = reference.as_str().and_then(|it| it.strip_prefix('#'));
        pointer
            .and_then(|it| self.root.pointer(it))
            .with_context(|| format!("{reference} leads nowhere"))
    }
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("a list that is none")
}

fn is_of_type(value: &Value, wanted: &Value) -> Result<bool> {
    let one = |wanted: &Value| {
        Ok(match wanted.as_str().context("a type that is no text")? {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => bail!("the schema names the type {other}, which this validator does not know"),
        })
    };
    match wanted {
        Value::Array(types) => types.iter().try_fold(false, |any, it| Ok(any || one(it)?)),
        one_type => one(one_type),
    }
}

/// Numbers alone have an order.
fn at_least(value: &Value, wanted: &Value) -> bool {
    match (value.as_f64(), wanted.as_f64()) {
        (Some(value), Some(wanted)) => value >= wanted,
        _ => true,
    }
}
