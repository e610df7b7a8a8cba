//! A bound for the memory that one input may take.

use cap::Cap;
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// 1 MiB.
pub const MIB: usize = 1 << 20;

/// Makes `check` with twice the length of `input` and `base` bytes of memory; an allocation above that ends the process.
pub fn bounded(input: &[u8], base: usize, check: impl FnOnce(&[u8])) {
    let allowed = ALLOCATOR.allocated() + 2 * input.len() + base;
    ALLOCATOR.set_limit(allowed).expect("the limit is above what is allocated");
    check(input);
    ALLOCATOR.set_limit(usize::MAX).expect("no limit is above everything");
}

/// Takes the bound away from what reports a panic.
pub(crate) fn lift_in_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let _ = ALLOCATOR.set_limit(usize::MAX);
        report(info);
    }));
}
