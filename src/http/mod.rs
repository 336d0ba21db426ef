//! Fetching from the web: one thread that owns every connection, and bodies that flow from it
//! through windows of bounded size.
//!
//! [`client`] is that thread (its inside is [`worker`]); it gives each request to libcurl as a [`transfer`], whose head and
//! body go through a [`window`] to whoever asked. When a window is full its transfer pauses. Hops
//! are followed here ([`redirect`]), so that each is checked against the rules of [`address`] and
//! carries the user's headers only where the user sent them.
//!
//! HTTP/2 is spoken where the server does, but a connection carries one body at a time: two bodies
//! on one connection share its flow, and a comparison that waits for one of them while the other's
//! window is full would wait for ever.

pub(crate) mod address;
pub(crate) mod client;
pub(crate) mod coding;
pub(crate) mod environment;
mod failure;
pub(crate) mod head;
pub(crate) mod outlet;
pub(crate) mod proxy;
pub(crate) mod redirect;
pub(crate) mod request;
mod servers;
mod transfer;
pub(crate) mod url;
pub(crate) mod window;
mod worker;
