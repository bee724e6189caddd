//! What the tests share: an app in process, tokens to bend, and the program as a child process.

mod app;
pub(crate) mod contract;
mod counting;
mod program;
pub(crate) mod proxy;
mod token;

pub(crate) use app::{Answer, ORIGIN, PUBLIC_URL, TestApp, get, post};
pub(crate) use counting::{CountingStore, Held};
pub(crate) use program::{Finished, Program, Server, client, run};
pub(crate) use token::{AUDIENCE, ISSUER, JWKS_URL, Key, NOW, Token, key_set, pem, public_jwk, stranger_jwk};
