//! Fetching from the web: one thread that owns every connection, and bodies that flow from it
//! through windows of bounded size.
//!
//! [`client`] starts that thread and sends it commands; [`worker`] is what it runs. It gives each request to
//! libcurl as a [`transfer`], whose head and body go to the reader through a [`channel`]. When the channel's
//! window is full the transfer pauses. Redirects are followed here ([`redirect`]), so that each hop is checked
//! against the rules of [`address`], and gets the user's headers only where the user sent them.
//!
//! HTTP/2 is spoken where the server does, but a connection carries one body at a time: two bodies
//! on one connection share its flow, and a comparison that waits for one of them while the other's
//! window is full would wait for ever.

pub(crate) mod channel;
pub(crate) mod client;
pub(crate) mod coding;
mod credentials;
mod exit;
mod failure;
pub(crate) mod head;
pub(crate) mod redirect;
pub(crate) mod request;
mod servers;
mod transfer;
mod worker;
