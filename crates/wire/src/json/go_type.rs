//! Types of fields under the names that the reference has for them in its errors.
//!
//! Each module is for `#[serde(deserialize_with = "…")]`; other deserializers than the one of this crate do not see the
//! names and read the plain type.

use serde::de::{Deserialize, Deserializer, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

/// Declares a function that reads a type under the name of a Go type.
macro_rules! named {
    ($($function:ident $name:literal $type:ty,)*) => {
        $(
            #[doc = concat!("Reads what the reference calls `", $name, "`.")]
            pub(crate) fn $function<'de, D: serde::Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
                from.deserialize_newtype_struct($name, $crate::json::go_type::Named::<$type>::new())
            }
        )*
    };
}
pub(crate) use named;

named! {
    int "int" i64,
    nanos "time.Duration" i64,
    strings "[]string" Vec<String>,
    string_map "map[string]string" BTreeMap<String, String>,
    sequences "[]uint64" Vec<u64>,
    duration_list "[]time.Duration" Vec<Nanos>,
}

/// Reads what the reference calls `[]time.Duration`.
pub(crate) fn durations<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<i64>, D::Error> {
    duration_list(from).map(|list| list.into_iter().map(|Nanos(nanos)| nanos).collect())
}

/// A duration within a list.
#[derive(serde::Deserialize)]
#[serde(rename = "time.Duration")]
pub(crate) struct Nanos(i64);

/// Reads what is behind a name.
pub(crate) struct Named<T>(PhantomData<T>);

impl<T> Named<T> {
    /// Makes the visitor.
    pub(crate) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Named<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the field's type")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        T::deserialize(from)
    }
}
