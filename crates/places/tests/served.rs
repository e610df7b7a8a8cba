//! The conformance suite of the library on our server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../jetkv/tests/conformance/mod.rs"]
mod conformance;

use conformance::conformance_suite;

conformance_suite!(served);
conformance_suite!(served_memory);

mod places {
    use crate::conformance::{Place, World};
    use jetkv::Storage;
    use jetkv::blocking::JetStream;
    use places::Served;
    use std::rc::Rc;
    use std::time::Duration;

    /// How long an event may be on its way.
    pub(crate) const SETTLES_IN: Duration = Duration::from_millis(400);

    pub(crate) fn served() -> World {
        let server = Rc::new(Served::start().unwrap());
        let clock = Rc::clone(&server);
        World {
            js: JetStream::connect(&server.url()).unwrap(),
            place: Place::Server,
            storage: Storage::File,
            advance: Box::new(move |span| clock.advance(span)),
            _keep: Box::new(server),
        }
    }

    pub(crate) fn served_memory() -> World {
        World { storage: Storage::Memory, ..served() }
    }
}
