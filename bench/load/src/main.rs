//! Load on an exchange server, driven by `bench/run.mjs` over lines of JSON.
//!
//! The first line of stdin is a [`plan::Setup`]; the answer says where the issuer's keys are published.
//! Each line after it is a [`plan::Order`], answered by one line; the end of stdin ends the process, so
//! that it never outlives who started it.
//!
//! One thread carries the whole load, as the servers need the rest of a small machine; it speaks
//! HTTP/1.1 by hand, as a client library would cost more than the servers that are measured.

mod cell;
mod connection;
mod crypto;
mod issuer;
mod jwks_server;
mod plan;
mod process;
mod request;
mod target;
mod worker;

use crate::{
    issuer::Issuer,
    jwks_server::JwksServer,
    plan::{Event, Order, Setup},
    target::Targets,
};
use std::{
    error::Error,
    io::{self, BufRead, Write},
    time::Instant,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = io::stdin().lock().lines();
    let Some(first) = lines.next() else { return Ok(()) };
    let setup: Setup = serde_json::from_str(&first?)?;

    let started = Instant::now();
    let server = JwksServer::bind()?;
    let issuer = Issuer::mint(&setup, &server.origin())?;
    let jwks_url = server.publish(issuer.key_set().to_string());
    say(&Event::Ready {
        issuer: issuer.name(),
        jwks_url: &jwks_url,
        mint_seconds: started.elapsed().as_secs_f64(),
    })?;

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut targets = Targets::default();
    for line in lines {
        let event = match serde_json::from_str(&line?)? {
            Order::Crypto { seconds } => Event::Crypto(crypto::measure(seconds)?),
            Order::Seed { target, share } => {
                Event::Seeded(target::seed(&runtime, &mut targets, target, &issuer, share)?)
            }
            Order::Cell(order) => Event::Cell(cell::measure(&runtime, &mut targets, &order, &issuer)?),
        };
        say(&event)?;
    }
    Ok(())
}

fn say(event: &Event<'_>) -> Result<(), Box<dyn Error>> {
    let mut stdout = io::stdout().lock();
    serde_json::to_writer(&mut stdout, event)?;
    stdout.write_all(b"\n")?;
    Ok(stdout.flush()?)
}
