//! `--name value` pairs of the command line.

use crate::Outcome;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// The flags that were given and not yet taken.
#[derive(Debug)]
pub(crate) struct Flags {
    values: BTreeMap<String, String>,
}

impl Flags {
    /// Reads pairs until the arguments end.
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let mut values = BTreeMap::new();
        while let Some(argument) = arguments.next() {
            let name = argument
                .strip_prefix("--")
                .ok_or_else(|| format!("expected a --flag, found {argument:?}"))?;
            let (name, value) = match name.split_once('=') {
                Some((name, value)) => (name.to_owned(), value.to_owned()),
                None => {
                    let value = arguments.next().ok_or_else(|| format!("--{name} needs a value"))?;
                    (name.to_owned(), value)
                }
            };
            if values.insert(name.clone(), value).is_some() {
                return Err(format!("--{name} is given twice").into());
            }
        }
        Ok(Self { values })
    }

    /// Takes the value of `name`, if it was given.
    pub(crate) fn take_optional<T: FromStr<Err: Display>>(&mut self, name: &str) -> Outcome<Option<T>> {
        self.values
            .remove(name)
            .map(|text| text.parse().map_err(|error| format!("--{name} {text}: {error}").into()))
            .transpose()
    }

    /// Takes the value of `name`, or `default`.
    pub(crate) fn take<T: FromStr<Err: Display>>(&mut self, name: &str, default: T) -> Outcome<T> {
        Ok(self.take_optional(name)?.unwrap_or(default))
    }

    /// Fails if a flag was given that nobody took.
    pub(crate) fn finish(self) -> Outcome<()> {
        match self.values.keys().next() {
            Some(name) => Err(format!("there is no flag --{name} for this command").into()),
            None => Ok(()),
        }
    }
}
