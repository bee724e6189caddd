//! What this crate promises, through its public interface only.
#![cfg(feature = "crypto")]

mod common;
mod corpus;
mod damage;
mod dpop;
mod key_sets;
mod preview;
mod rejections;
mod rfc;
mod signing;
mod wycheproof;
