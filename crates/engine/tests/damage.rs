//! What a store makes of files that are not what it wrote: every bit, every shape of damage, check and repair, torn tails.
//!
//! The judge in `damage/judge.rs` compares a damaged store with the exact content it had before. `JETKV_ALL_BITS=1` flips
//! every bit instead of a sample, `JETKV_ALL_SHAPES=10000` tries so many shapes, `JETKV_SHOWN=1000` shows so many violations.

#[cfg(test)]
#[path = "damage/bits.rs"]
mod bits;
#[cfg(test)]
#[path = "damage/judge.rs"]
mod judge;
#[cfg(test)]
#[path = "damage/lost.rs"]
mod lost;
#[cfg(test)]
#[path = "damage/repairs.rs"]
mod repairs;
#[cfg(test)]
#[path = "damage/shapes.rs"]
mod shapes;
#[cfg(test)]
#[path = "damage/tails.rs"]
mod tails;
#[cfg(test)]
#[path = "damage/world.rs"]
mod world;
