//! The server from outside: its router in process, and its program as a process.

mod admin;
mod audit;
mod bad_tokens;
mod catalogue;
mod catalogue_keys;
mod catalogue_people;
mod catalogue_requests;
mod catalogue_sessions;
mod cli;
mod common;
mod cookie_sessions;
mod cors;
mod crash;
mod dpop;
mod http_errors;
mod issuers;
mod limits;
mod moving;
mod nodes;
mod own_keys;
mod sign_in;
mod step_up;
mod users;
mod webhook_program;
mod webhooks;
