//! The server from outside: its router in process, and its program as a process.

mod bad_tokens;
mod cli;
mod common;
mod cors;
mod crash;
mod dpop;
mod http_errors;
mod sign_in;
mod step_up;
mod users;
