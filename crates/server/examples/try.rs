//! try
use jetkv_server::options::JetStreamOptions;
use jetkv_server::{Server, ServerOptions, SilentLog};
use std::sync::Arc;
fn main() {
    let mut args = std::env::args().skip(1);
    let port: u16 = args.next().unwrap().parse().unwrap();
    let dir = args.next().unwrap();
    let sync = args.next();
    let rt = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    rt.block_on(async {
        let mut js = JetStreamOptions::new(dir);
        if sync.as_deref() == Some("os") {
            js.sync = jetkv_engine::Sync::Os;
        }
        let mut options = ServerOptions { jetstream: Some(js), ..Default::default() };
        options.listen.port = port;
        let server =
            Server::start(options, jetkv_engine::env::Env::system(), Arc::new(SilentLog)).await.unwrap();
        eprintln!("on {}", server.local_addr());
        std::future::pending::<()>().await;
    });
}
