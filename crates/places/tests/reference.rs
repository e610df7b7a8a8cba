//! The conformance suite of the library on the reference server: one, and a cluster of three.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../jetkv/tests/conformance/mod.rs"]
mod conformance;

use conformance::conformance_suite;

conformance_suite!(
    #[ignore = "needs the reference server"]
    single
);
conformance_suite!(
    #[ignore = "needs the reference server"]
    cluster
);

mod places {
    use crate::conformance::{Place, World};
    use jetkv::blocking::JetStream;
    use jetkv::{ConnectOptions, Storage};
    use places::Account;
    use std::any::Any;
    use std::thread;
    use std::time::Duration;

    /// How long an event may be on its way.
    pub(crate) const SETTLES_IN: Duration = Duration::from_millis(1000);

    pub(crate) fn single() -> World {
        let server = places::reference().unwrap();
        world(server.url(), Place::Server, server)
    }

    pub(crate) fn cluster() -> World {
        let cluster = places::cluster().unwrap();
        world(cluster.urls(), Place::Cluster, cluster)
    }

    fn world(urls: String, place: Place, keep: impl Any) -> World {
        let account = Account::next();
        let (user, password) = account.login();
        let options = || {
            ConnectOptions::new(urls.clone())
                .user_and_password(user, password)
                .timeout(Duration::from_secs(20))
        };
        // A cluster that has just been started has no leader yet.
        let connect = || {
            let mut tries = 0;
            loop {
                match JetStream::connect_with(options()) {
                    Ok(js) => return js,
                    Err(error) if tries == 20 => panic!("{error}"),
                    Err(_) => tries += 1,
                }
                thread::sleep(Duration::from_millis(500));
            }
        };
        World {
            js: connect(),
            place,
            storage: Storage::File,
            advance: Box::new(thread::sleep),
            _keep: Box::new(keep),
        }
    }
}
