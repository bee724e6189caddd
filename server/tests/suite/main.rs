//! The server from outside: its router in process, and its program as a process.

mod bad_tokens;
//cli
mod common;
mod cors;
//crash
mod http_errors;
mod sign_in;
mod users;
