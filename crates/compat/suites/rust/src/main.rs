//! Everything that async-nats offers for key/value buckets, against the server given as argument.

mod buckets;
mod expiry;
mod frame;
mod lists;
mod reconnect;
mod streams;
mod values;
mod watches;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut cases = frame::Cases::default();
    buckets::add(&mut cases);
    values::add(&mut cases);
    expiry::add(&mut cases);
    lists::add(&mut cases);
    watches::add(&mut cases);
    streams::add(&mut cases);
    reconnect::add(&mut cases);
    tokio::task::LocalSet::new().run_until(cases.run()).await;
}
