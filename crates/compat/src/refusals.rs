//! What our server does not offer: cases of the suites that it must refuse, each by its name.

/// A case that fails on our server as it should.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// The suite.
    pub suite: &'static str,
    /// The case.
    pub case: &'static str,
    /// What the server says; the case must fail with it and with nothing else.
    pub says: &'static str,
}

/// All of them. One that works is a failure, so that it is taken off the list.
pub const REFUSALS: &[Refusal] =
    &[Refusal { suite: "go", case: "consumer/priority-groups", says: "priority_policy is not supported" }];
