//! The live source against a small API server: real HTTP, real clients.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

#[path = "live/cluster.rs"]
mod cluster;
#[path = "live/discovery.rs"]
mod discovery;
#[path = "live/fixture.rs"]
mod fixture;
#[path = "live/flights.rs"]
mod flights;
#[path = "live/follow.rs"]
mod follow;
#[path = "live/global_context.rs"]
mod global_context;
#[path = "live/namespaces.rs"]
mod namespaces;
#[path = "live/pages.rs"]
mod pages;
#[path = "live/server.rs"]
mod server;
#[path = "live/services.rs"]
mod services;
#[path = "live/stream.rs"]
mod stream;
#[path = "live/writer.rs"]
mod writer;
