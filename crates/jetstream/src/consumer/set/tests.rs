//! The set as a whole: what clients see, figure by figure, as the reference shows it.

mod acks;
mod create;
mod delivery;
mod flow;
mod lifetime;
mod limits;
mod persist;
mod priority;
mod property;
mod pull;
mod purge;
mod retention;
mod retention_property;
mod start;
mod world;
