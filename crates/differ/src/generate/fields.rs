//! JSON objects that are put together field by field, in any order and with any content.

use super::plan::Plan;

/// The fields of an object, each with its JSON text.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fields(Vec<(String, String)>);

/// A field with the values that it is given, as JSON text: those that are valid, and those that mostly are not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FieldChoice {
    pub(crate) name: &'static str,
    pub(crate) valid: &'static [&'static str],
    pub(crate) odd: &'static [&'static str],
}

/// Returns a field choice.
pub(crate) const fn field(
    name: &'static str,
    valid: &'static [&'static str],
    odd: &'static [&'static str],
) -> FieldChoice {
    FieldChoice { name, valid, odd }
}

impl Fields {
    /// Sets a field to JSON text.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        let value = value.into();
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
        self
    }

    /// Sets a field to a string without special letters.
    pub(crate) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.set(name, format!("\"{value}\""))
    }

    /// Removes a field.
    pub(crate) fn remove(&mut self, name: &str) -> &mut Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// Says whether a field is set.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Says whether a field is set to JSON text.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, set)| known == name && set == value)
    }

    /// Sets some of `choices`: each with `percent` of 100, and `odd_percent` of those to an odd value.
    pub(crate) fn draw(&mut self, plan: &mut Plan, choices: &[FieldChoice], percent: u64, odd_percent: u64) {
        for choice in choices {
            if !plan.chance(percent) {
                continue;
            }
            let takes_odd = !choice.odd.is_empty() && (choice.valid.is_empty() || plan.chance(odd_percent));
            let value = plan.pick(if takes_odd { choice.odd } else { choice.valid });
            self.set(choice.name, value);
        }
    }

    /// Returns the object; now and then with spaces, as Python writes it.
    pub(crate) fn json(&self, plan: &mut Plan) -> String {
        let (comma, colon) = if plan.chance(10) { (", ", ": ") } else { (",", ":") };
        let fields = self.0.iter().map(|(name, value)| format!("\"{name}\"{colon}{value}"));
        format!("{{{}}}", fields.collect::<Vec<_>>().join(comma))
    }
}
